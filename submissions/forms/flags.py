"""The forms of flags."""

from __future__ import annotations

from django import forms

from leaderboard.models import ResultFlag

REASONS = [choice for choice in ResultFlag.Reason.choices if choice[0] != ResultFlag.Reason.DISAGREES]
DECISIONS = [choice for choice in ResultFlag.State.choices if choice[0] != ResultFlag.State.OPEN]


class FlagForm(forms.Form):
    reason = forms.ChoiceField(label="What is wrong", choices=REASONS)
    text = forms.CharField(
        label="Why you think so",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Everybody reads it. Say what you saw and how others can see it. Plain text.",
        error_messages={"required": "Say why: nobody can look into a doubt without a reason."},
    )


class ReplyForm(forms.Form):
    text = forms.CharField(
        label="Your answer", max_length=4000, widget=forms.Textarea(attrs={"rows": 4}), help_text="Plain text."
    )


class DecisionForm(forms.Form):
    state = forms.ChoiceField(label="Decision", choices=DECISIONS)
    decision = forms.CharField(
        label="Reason", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), help_text="Everybody reads it."
    )
