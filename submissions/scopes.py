"""What an API token may be used for."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    READ = "read"
    SUBMIT = "submit"
    MODERATE = "moderate"


SCOPE_WORDS = {
    Scope.READ: "read what you may see",
    Scope.SUBMIT: "submit models and withdraw your submissions",
    Scope.MODERATE: "decide about submissions of others",
}

# What its owner must be allowed at the moment the token is used, besides holding the scope.
SCOPE_PERMISSIONS = {
    Scope.SUBMIT: "submissions.add_submission",
    Scope.MODERATE: "submissions.change_submission",
}
