"""Whether a restored database finds what lies beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from evaluation.models import KeptPredictions
from evaluation.services.credentials import keep_credential
from submissions.models import DatasetSource, DatasetUpload
from tests.factories import make_model, make_result, make_task
from tests.factories_evaluation import make_custom_task, make_run
from tests.factories_submissions import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """A custom task, a dataset that waits, predictions and a token, with all that belongs to them."""
    settings.DATA_DIR, settings.CREDENTIAL_KEYS = tmp_path, ["some long phrase"]
    make_custom_task(tmp_path / "tasks" / "tiny")
    DatasetUpload.objects.create(
        submitter=make_user(), source_kind=DatasetSource.ARCHIVE, content="abc", benchmark_name="Brought"
    )
    result = make_result(make_model(), make_task())
    KeptPredictions.objects.create(result=result, run=make_run(1), path="1/some.json.zst", size=1, digest="0")
    for file in ("datasets/abc/task.toml", "predictions/1/some.json.zst"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    keep_credential(token="hf_secret")
    return tmp_path


def test_nothing_is_missing_where_all_came_along(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_files")
    assert "Everything that the database relies on is there." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("tasks", "1 of 1 folders of custom tasks are missing"),
        ("datasets", "1 of 1 folders of datasets that people brought are missing"),
        ("predictions", "1 of 1 files of predictions are missing"),
    ],
)
def test_a_folder_that_did_not_come_along_is_named(data: Path, folder: str, words: str) -> None:
    shutil.rmtree(data / folder)
    with pytest.raises(CommandError, match=words):
        call_command("check_files")


def test_a_token_that_no_key_opens_is_noticed(data: Path, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = ["another phrase"]
    with pytest.raises(CommandError, match="1 of 1 tokens cannot be read with PODIUM_CREDENTIAL_KEYS"):
        call_command("check_files")
