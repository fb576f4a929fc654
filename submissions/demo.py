"""What the demo does as its two people: a submitter offers the bundled models, a moderator lets them in."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from evaluation.demo_models import DemoModel
from evaluation.models import EvaluationRun
from evaluation.services.runs import retry_failed_units
from leaderboard.models import Benchmark
from submissions.models import Submission
from submissions.permissions import ADMINISTRATOR
from submissions.services.accounts import create_account, give_role
from submissions.services.submissions import approve, submit

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SUBMITTER = "submitter"
MODERATOR = "moderator"


@dataclass
class DemoNotes:
    """What the demo remembers between runs. `registry` names what the registry was read from, and into where."""

    path: Path
    passwords: dict[str, str] = field(default_factory=dict)
    registry: str = ""

    @classmethod
    def read(cls, path: Path) -> DemoNotes:
        """Empty where there is no such file, or half of one."""
        try:
            known = json.loads(path.read_text())
            return cls(path, dict(known["passwords"]), str(known["registry"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path)

    def save(self) -> None:
        """The passwords are for the owner's eyes only, from the first byte on."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.path.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        values = {name: value for name, value in asdict(self).items() if name != "path"}
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(values, file, indent=2)
        scratch.replace(self.path)


def ensure_account(*, name: str, is_moderator: bool, notes: DemoNotes) -> User:
    """The account, with the password in the notes where this call makes it. One that is there stays as it is."""
    users = get_user_model().objects
    known = users.filter(username=name).first()
    if known is not None:
        return known
    if name not in notes.passwords:
        notes.passwords[name] = secrets.token_urlsafe(9)
        notes.save()
    user = create_account(username=name, password=notes.passwords[name], email=f"{name}@podium.example")
    if is_moderator:
        give_role(user=user, role=ADMINISTRATOR)
    return user


def shown_password(user: User, notes: DemoNotes) -> str:
    """The password, where the notes still know it."""
    noted = notes.passwords.get(user.username, "")
    return noted if noted and user.check_password(noted) else "(the password you gave it)"


def ensure_evaluated(
    *, model: DemoModel, benchmark: Benchmark, submitter: User, moderator: User
) -> EvaluationRun | None:
    """The run that the model's submission led to; made where it is missing, tried again where it failed.

    None where the moderator said no: that is for people to decide, not for a demo.
    """
    submission = (
        Submission.objects.filter(model_name=model.name, model_revision=model.revision, benchmarks=benchmark)
        .select_related("run")
        .first()
    )
    if submission is None:
        submission = submit(
            submitter=submitter,
            model_name=model.name,
            revision=model.revision,
            local_path=str(model.path),
            benchmarks=[benchmark],
            note="Comes with Podium.",
        )
    if submission.state == Submission.State.PENDING:
        submission = approve(submission=submission, decided_by=moderator)
    run = submission.run
    if run is not None and run.state == EvaluationRun.State.FAILED:
        retry_failed_units(run=run)
    return run
