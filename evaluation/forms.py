"""What moderators fill in to say how a run is done."""

from __future__ import annotations

from typing import Any

from django import forms

from evaluation.models import Lane
from evaluation.selectors.workers import worker_classes


def reason_for_the_log() -> forms.CharField:
    return forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 80}),
        help_text="It stands in the audit log.",
    )


class LaneForm(forms.Form):
    lane = forms.TypedChoiceField(choices=Lane, coerce=lambda value: Lane(int(value)), initial=Lane.NORMAL)
    reason = reason_for_the_log()


class WorkerClassForm(forms.Form):
    worker_class = forms.ChoiceField()
    reason = reason_for_the_log()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["worker_class"] = forms.ChoiceField(
            required=False,
            label="Workers",
            choices=[("", "any worker"), *((label, label) for label in worker_classes())],
            help_text="Labels that workers have, as evalworker --label gives them.",
        )
