"""allauth's forms in our words: labels say what placeholders said, and only what is optional is marked."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.socialaccount import forms as social_forms

LABELS = {
    "login": "Username or e-mail address",
    "email": "E-mail address",
    "remember": "Remember me for two weeks",
    "oldpassword": "Current password",
    "password1": "Password",
    "password2": "Password again",
}


class Plain:
    """Labels instead of placeholders."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(Plain, account_forms.LoginForm):
    pass


class SignupForm(Plain, account_forms.SignupForm):
    pass


class AddEmailForm(Plain, account_forms.AddEmailForm):
    pass


class ChangePasswordForm(Plain, account_forms.ChangePasswordForm):
    pass


class SetPasswordForm(Plain, account_forms.SetPasswordForm):
    pass


class ResetPasswordForm(Plain, account_forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(Plain, account_forms.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(Plain, account_forms.ReauthenticateForm):
    pass


class ProviderSignupForm(Plain, social_forms.SignupForm):
    pass
