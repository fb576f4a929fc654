"""Forms of the pages of an account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils import timezone

from submissions.models import Organisation
from submissions.scopes import SCOPE_PERMISSIONS, SCOPE_WORDS, Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAYS = (30, 90, 365)


class OrganisationForm(forms.ModelForm):
    class Meta:
        model = Organisation
        fields = ("name",)
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})
        }


class InvitationForm(forms.Form):
    whom = forms.CharField(
        label="Account or e-mail address",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class TokenForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="What it is for, for example “nightly upload”.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that the token is for."},
    )
    days = forms.TypedChoiceField(label="It ends after", coerce=int, initial=90)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        """Offers only what the account itself may do."""
        super().__init__(*args, **kwargs)
        scopes = [scope for scope in Scope if scope not in SCOPE_PERMISSIONS or user.has_perm(SCOPE_PERMISSIONS[scope])]
        cast(forms.MultipleChoiceField, self.fields["scopes"]).choices = [
            (scope.value, SCOPE_WORDS[scope]) for scope in scopes
        ]
        today = timezone.now()
        cast(forms.TypedChoiceField, self.fields["days"]).choices = [
            (days, f"{days} days, on {today + timedelta(days=days):%Y-%m-%d}") for days in DAYS
        ]

    def scopes_chosen(self) -> list[Scope]:
        return [Scope(value) for value in self.cleaned_data["scopes"]]
