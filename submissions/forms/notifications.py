"""What somebody wants to be told, and where."""

from __future__ import annotations

from django import forms


class NoticesForm(forms.Form):
    by_email = forms.BooleanField(required=False, label="E-mail")


class WebhookForm(forms.Form):
    url = forms.CharField(
        required=False,
        max_length=500,
        strip=True,
        label="Webhook",
        help_text="An address that is told by POST, signed with a secret that is shown once. Empty: none.",
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "spellcheck": "false"}),
    )
