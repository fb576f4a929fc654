"""What is to happen when a run ends, in the transaction that ends it: named in the settings, by those upstairs."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from evaluation.models import EvaluationRun


def tell_of_end(run: EvaluationRun) -> None:
    """Call what EVALUATION_RUN_ENDED names with the run in its end state."""
    for name in settings.EVALUATION_RUN_ENDED:
        import_string(name)(run)
