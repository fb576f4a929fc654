"""Who may ask for more, or for less, than is usual."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from leaderboard.admin import AuditedByServices, actor
from submissions.models import Quota
from submissions.services.quotas import remove_quota, set_quota

NUMBERS = ("submissions_per_month", "unfinished_at_once", "reason")


class NewQuotaForm(forms.ModelForm):
    """The person is typed: moderators may not look through the accounts."""

    username = forms.CharField(label="User name", help_text="As it stands beside their submissions.")

    class Meta:
        model = Quota
        fields = NUMBERS

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].strip()
        user = User.objects.filter(username=username).first()
        if user is None:
            raise forms.ValidationError(f"There is no account “{username}”. Mind capital letters.")
        if Quota.objects.filter(user=user).exists():
            raise forms.ValidationError(f"{username} has a quota already. Change that one.")
        self.instance.user = user
        return username


@admin.register(Quota)
class QuotaAdmin(AuditedByServices):
    list_display = ("user", *NUMBERS)
    list_select_related = ("user",)
    search_fields = ("user__username", "reason")
    show_full_result_count = False

    def get_form(self, request: HttpRequest, obj: Quota | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewQuotaForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Quota | None = None) -> tuple[str, ...]:
        return ("username" if obj is None else "user", *NUMBERS)

    def get_readonly_fields(self, request: HttpRequest, obj: Quota | None = None) -> tuple[str, ...]:
        return () if obj is None else ("user",)

    def save_model(self, request: HttpRequest, obj: Quota, form: Any, change: bool) -> None:
        numbers = {name: getattr(obj, name) for name in NUMBERS}
        obj.pk = set_quota(user=obj.user, decided_by=actor(request), **numbers).pk

    def delete_model(self, request: HttpRequest, obj: Quota) -> None:
        remove_quota(quota=obj, decided_by=actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Quota]) -> None:
        for quota in queryset.select_related("user"):
            self.delete_model(request, quota)
