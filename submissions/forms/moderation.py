"""What moderators fill in with a decision, and what submitters answer."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import User

from evaluation.forms import reason_for_the_log
from submissions.models.messages import MAX_LENGTH

MOST_OF_A_QUOTA = 100_000


def _text(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "cols": 80, "autofocus": True})


class RejectForm(forms.Form):
    reason = forms.CharField(
        widget=_text(),
        max_length=2000,
        help_text="The submitter reads it on the page of what is rejected.",
        error_messages={"required": "Say why: the submitter reads the reason."},
    )


class AskForm(forms.Form):
    question = forms.CharField(
        widget=_text(),
        max_length=MAX_LENGTH,
        help_text="The submitter reads it on the submission's page and answers there.",
        error_messages={"required": "Write the question."},
    )


class RemoteCodeForm(forms.Form):
    allowed = forms.TypedChoiceField(
        label="Code of the model",
        choices=[("yes", "may run, isolated from the rest"), ("no", "must not run")],
        coerce=lambda value: value == "yes",
    )
    reason = forms.CharField(
        widget=_text(2),
        max_length=2000,
        help_text="What you read of the code, and at which commit. It stands in the audit log.",
        error_messages={"required": "Say what you read of the code: the audit log keeps it."},
    )


class HandOverForm(forms.Form):
    to = forms.CharField(label="To the account", max_length=150, help_text="The exact name of the new submitter.")
    reason = forms.CharField(
        widget=_text(2),
        max_length=2000,
        help_text="It stands in the audit log.",
        error_messages={"required": "Say why: the audit log keeps it."},
    )

    def clean_to(self) -> User:
        found = User.objects.filter(username=self.cleaned_data["to"], is_active=True).first()
        if found is None:
            raise forms.ValidationError("There is no active account of that name.")
        return found


class QuotaForm(forms.Form):
    submissions_per_month = forms.IntegerField(min_value=0, max_value=MOST_OF_A_QUOTA, help_text="Within thirty days.")
    unfinished_at_once = forms.IntegerField(
        min_value=0, max_value=MOST_OF_A_QUOTA, help_text="That wait for a decision or whose run has not ended."
    )
    reason = reason_for_the_log()


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="Your answer",
        max_length=MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write your answer."},
    )
