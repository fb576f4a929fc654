"""Where allauth asks what is ours to say: what a new account may do, and what happens where mail cannot be sent."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest

from submissions.services.accounts import welcome

logger = logging.getLogger(__name__)


class VerificationStage(EmailVerificationStage):
    """Asks nobody to confirm an address who has none.

    Where addresses are verified nobody signs up without one, so such an account was made by the operator, who would
    otherwise be locked out after `createsuperuser`.
    """

    def handle(self) -> Any:
        user = self.login.user
        if user is not None and not user.email and not EmailAddress.objects.filter(user=user).exists():
            return None, True
        return super().handle()


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP_IS_OPEN)

    def get_login_stages(self) -> list[str]:
        theirs, ours = (
            f"{stage.__module__}.{stage.__qualname__}" for stage in (EmailVerificationStage, VerificationStage)
        )
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user = super().save_user(request, user, form, commit)
        if commit:
            welcome(user=user)
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down must not cost the person what they just did."""
        if not settings.SENDS_MAIL:
            return
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            logger.exception("Mail could not be sent.")
            _say_that_mail_failed()

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Signing in and out needs no message: the next page shows it."""
        if message_template not in {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}:
            super().add_message(request, level, message_template, *args, **kwargs)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.SIGN_UP_IS_OPEN)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        user: User = super().save_user(request, sociallogin, form)
        welcome(user=user)
        return user


def _say_that_mail_failed() -> None:
    if context.request is not None:
        messages.error(context.request, "A mail could not be sent. Try it again later, or tell an administrator.")
