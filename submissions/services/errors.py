"""What stops a write of a submission, an upload or a flag."""

from __future__ import annotations

from collections.abc import Sequence

from submissions.checks import Check, Outcome, Standing
from submissions.metadata import Metadata


class SubmissionError(Exception):
    """The message is a sentence for the person who tried."""


class SubmissionRefused(SubmissionError):
    """Checks stopped it; all of them are in `checks`. `metadata` is empty where the model was not read."""

    def __init__(
        self, checks: Sequence[Check], standing: Standing | None = None, metadata: Metadata | None = None
    ) -> None:
        self.checks = list(checks)
        self.standing = standing or Standing()
        self.metadata = metadata or {}
        super().__init__(" ".join(check.sentence for check in checks if check.outcome is Outcome.ERROR))


class NotPossible(SubmissionError):
    """The submission is in a state that does not allow it."""


class ReasonMissing(SubmissionError):
    pass
