from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.demo_models import DemoModel
from evaluation.models import EvaluationRun, EvaluationUnit
from submissions.demo import MODERATOR, SUBMITTER, DemoNotes, ensure_account, ensure_evaluated, shown_password
from submissions.models import Submission
from submissions.services.submissions import reject
from tests.factories import make_benchmark, make_task
from tests.factories_submissions import make_moderator, make_user, model_files, write_files


def test_notes_come_back_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "new" / "demo.json"
    DemoNotes(path, {"somebody": "secret"}, "mteb 2").save()
    assert path.stat().st_mode & 0o777 == 0o600
    assert DemoNotes.read(path) == DemoNotes(path, {"somebody": "secret"}, "mteb 2")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"passwords": {}}'])
def test_half_a_file_of_notes_counts_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "demo.json"
    path.write_text(content)
    assert DemoNotes.read(path) == DemoNotes(path)


@pytest.mark.django_db
def test_accounts_keep_their_passwords(tmp_path: Path) -> None:
    notes = DemoNotes(tmp_path / "demo.json")
    first = ensure_account(name=MODERATOR, is_moderator=True, notes=notes)
    again = ensure_account(name=MODERATOR, is_moderator=True, notes=DemoNotes.read(notes.path))
    assert first == again
    assert first.is_staff
    assert not ensure_account(name=SUBMITTER, is_moderator=False, notes=notes).is_staff
    assert first.check_password(shown_password(first, notes))
    first.set_password("chosen by a person")
    assert shown_password(first, notes) == "(the password you gave it)"


@pytest.fixture
def model(tmp_path: Path) -> DemoModel:
    return DemoModel("demo/model", "1" * 40, write_files(tmp_path / "model", model_files()))


@pytest.mark.django_db
def test_a_model_is_submitted_once_and_tried_again_where_it_failed(model: DemoModel) -> None:
    benchmark = make_benchmark(tasks=[make_task()])
    submitter, moderator = make_user(), make_moderator()

    def ensure() -> EvaluationRun | None:
        return ensure_evaluated(model=model, benchmark=benchmark, submitter=submitter, moderator=moderator)

    run = ensure()
    assert run is not None
    assert run.units.get().state == EvaluationUnit.State.QUEUED
    run.units.update(state="failed", error="It was dark.", failure_class="task")
    EvaluationRun.objects.update(state="failed", finished_at=run.created_at)
    assert ensure() == run
    assert run.units.get().state == EvaluationUnit.State.QUEUED
    assert Submission.objects.get().decided_by == moderator


@pytest.mark.django_db
def test_a_rejected_model_stays_rejected(model: DemoModel) -> None:
    benchmark = make_benchmark(tasks=[make_task()])
    submitter, moderator = make_user(), make_moderator()
    submission = Submission.objects.create(submitter=submitter, model_name=model.name, model_revision=model.revision)
    submission.benchmarks.add(benchmark)
    reject(submission=submission, decided_by=moderator, reason="Not here.")
    assert ensure_evaluated(model=model, benchmark=benchmark, submitter=submitter, moderator=moderator) is None
