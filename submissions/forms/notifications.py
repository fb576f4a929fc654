"""What somebody wants to be told, and where."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from submissions.outbound import AddressRefused, check_url


class WebhookField(forms.CharField):
    """An address to tell; what can be refused without resolving its name is refused here."""

    widget = forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=500, label="Webhook", **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        try:
            check_url(value, allow_private=settings.WEBHOOK_PRIVATE, allow_http=settings.WEBHOOK_HTTP)
        except AddressRefused as refused:
            raise forms.ValidationError(str(refused)) from None


class NoticesForm(forms.Form):
    by_email = forms.BooleanField(required=False, label="E-mail")


class WebhookForm(forms.Form):
    url = WebhookField(
        help_text="An address that is told by POST, signed with a secret that is shown once. Empty: none.",
    )


class NoticesFields(forms.Form):
    """How somebody wants to be told of one submission, as a part of a larger form."""

    by_email = forms.ChoiceField(
        label="E-mail",
        required=False,
        choices=[("", "as I chose for everything"), ("yes", "tell me by e-mail"), ("no", "do not tell me by e-mail")],
        help_text="When it is decided, has ended, or moderators ask something.",
    )
    webhook = WebhookField(
        help_text="An address that is told the same by POST, signed with a secret that the next page shows once.",
    )

    NOTICES_FIELDS = ("by_email", "webhook")

    def notices(self) -> dict[str, Any]:
        """The arguments of `choose_notices`; valid forms only."""
        return {
            "by_email": {"yes": True, "no": False}.get(self.cleaned_data["by_email"]),
            "webhook": self.cleaned_data["webhook"],
        }

    def notices_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.NOTICES_FIELDS]

    def notices_are_given(self) -> bool:
        return any(field.value() or field.errors for field in self.notices_fields())
