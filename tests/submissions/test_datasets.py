"""Bringing a dataset: an upload or a name on the Hub, checked at once, decided by a moderator."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from evaluation.models import CustomMetric
from leaderboard.models import AuditEntry, Benchmark, Task, TaskVersion
from submissions.models import DatasetUpload, Notification
from submissions.notices import Event
from submissions.services.datasets import MOST_WAITING
from tests.factories import make_task
from tests.factories_custom_tasks import ROWS, make_benchmark_folder, make_task_folder, zipped
from tests.factories_submissions import COMMIT, write_files
from tests.submissions.conftest import StartHub

pytestmark = pytest.mark.django_db

ADD = "/datasets/add/"
DESK = "/admin/submissions/datasetupload/"


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, settings: Settings) -> None:
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def ann(client: Client) -> User:
    user = User.objects.create_user("ann", password="pw")
    client.force_login(user)
    return user


def offer(client: Client, folder: Path, **fields: str) -> Any:
    return client.post(ADD, {"archive": SimpleUploadedFile("data.zip", zipped(folder)), **fields}, follow=True)


def decide(client: Client, upload: DatasetUpload, action: str, reason: str = "") -> str:
    client.force_login(User.objects.filter(username="boss").first() or User.objects.create_superuser("boss"))
    form = {"action": action, "_selected_action": upload.pk, "reason": reason}
    return client.post(DESK, form, follow=True).content.decode()


def test_an_upload_comes_onto_the_board_when_a_moderator_says_so(tmp_path: Path, client: Client, ann: User) -> None:
    page = offer(client, make_benchmark_folder(tmp_path / "mine"), note="For the helpdesk.").content.decode()
    assert "it waits for a moderator" in page
    upload = DatasetUpload.objects.get()
    assert (upload.submitter, upload.benchmark_name, len(upload.tasks)) == (ann, "Tiny(v1)", 2)
    assert not Task.objects.exists()
    assert "Added benchmark Tiny(v1)." in decide(client, upload, "approve")
    upload.refresh_from_db()
    assert upload.state == DatasetUpload.State.APPROVED
    assert AuditEntry.objects.get().after == {"state": "approved", "content": upload.content}
    assert upload.benchmark == Benchmark.objects.get(name="Tiny(v1)")
    definition = Task.objects.get(name="TinySTS").definition
    assert definition is not None
    assert Path(definition["folder"]).parent == tmp_path / "data" / "datasets" / upload.content
    assert TaskVersion.objects.filter(source="an upload by ann", added_by=ann).count() == 2
    client.force_login(ann)
    assert "On the board since" in client.get(upload.get_absolute_url()).content.decode()
    assert Notification.objects.get(recipient=ann).event == Event.DATASET_APPROVED


def test_every_mistake_is_shown_with_its_line_and_nothing_is_kept(tmp_path: Path, client: Client, ann: User) -> None:
    rows = [{**ROWS["STS"]["test.jsonl"][0], "score": 9}, {"sentence1": "a"}]
    page = offer(client, make_task_folder(tmp_path / "mine", files={"test.jsonl": rows})).content.decode()
    assert "dataset/test.jsonl, line 1: the score 9 lies outside 0 to 5." in page
    assert "dataset/test.jsonl, line 2: the field &quot;sentence2&quot; is missing." in page
    assert not DatasetUpload.objects.exists()
    assert not list((tmp_path / "data" / "datasets").iterdir())


def test_a_name_that_mteb_has_is_refused_at_once(tmp_path: Path, client: Client, ann: User) -> None:
    make_task("TinySTS")
    assert "mteb has a task" in offer(client, make_task_folder(tmp_path / "mine")).content.decode()


def test_the_same_files_wait_only_once_and_a_person_has_few_waiting(tmp_path: Path, client: Client, ann: User) -> None:
    folder = make_task_folder(tmp_path / "mine")
    offer(client, folder)
    assert "Exactly these files wait for a decision already." in offer(client, folder).content.decode()
    for number in range(MOST_WAITING - 1):
        offer(client, make_task_folder(tmp_path / "mine", name=f"Task{number}"))
    page = offer(client, make_task_folder(tmp_path / "mine", name="OneMore")).content.decode()
    assert f"{MOST_WAITING} datasets of yours wait for a decision already." in page


def test_a_rejection_needs_a_reason_that_reaches_the_submitter(tmp_path: Path, client: Client, ann: User) -> None:
    offer(client, make_task_folder(tmp_path / "mine"))
    upload = DatasetUpload.objects.get()
    assert "Say why" in decide(client, upload, "reject")
    decide(client, upload, "reject", "The labels are wrong.")
    assert "was decided already" in decide(client, upload, "approve")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_name, entry.reason) == ("rejected", "boss", "The labels are wrong.")
    client.force_login(ann)
    assert "The labels are wrong." in client.get(upload.get_absolute_url()).content.decode()
    notification = Notification.objects.get(recipient=ann)
    assert (notification.event, notification.facts["message"]) == (Event.DATASET_REJECTED, "The labels are wrong.")
    told = client.get("/accounts/notifications/").content.decode()
    assert f'<a href="{upload.get_absolute_url()}">{upload.benchmark_name}</a>' in told


def test_approving_a_dataset_does_not_approve_its_code(tmp_path: Path, client: Client, ann: User) -> None:
    folder = make_task_folder(tmp_path / "mine", main_score="agreement")
    (folder / "metric.py").write_text("def score(predictions, truth):\n    return 1\n")
    assert "1 metric of its own waits" in offer(client, folder).content.decode()
    decide(client, DatasetUpload.objects.get(), "approve")
    assert CustomMetric.objects.get().approved_at is None
    definition = Task.objects.get().definition
    assert definition is not None
    assert definition["metric"]["code"] is None


def test_a_changed_dataset_is_a_new_version_and_the_old_files_stay(tmp_path: Path, client: Client, ann: User) -> None:
    for rows in (ROWS["STS"]["test.jsonl"], ROWS["STS"]["test.jsonl"][:2]):
        client.force_login(ann)
        offer(client, make_task_folder(tmp_path / "mine", files={"test.jsonl": rows}))
        decide(client, DatasetUpload.objects.filter(state="pending").get(), "approve")
    assert Task.objects.get().versions.count() == 2
    assert len(list((tmp_path / "data" / "datasets").iterdir())) == 2


@pytest.mark.parametrize("address", ["/datasets/", ADD])
def test_strangers_are_asked_to_sign_in(client: Client, address: str) -> None:
    assert client.get(address).status_code == 302


def test_nobody_sees_the_dataset_of_somebody_else_but_moderators(tmp_path: Path, client: Client, ann: User) -> None:
    offer(client, make_task_folder(tmp_path / "mine"))
    upload = DatasetUpload.objects.get()
    assert "TinySTS" in client.get("/datasets/").content.decode()
    bob = User.objects.create_user("bob")
    client.force_login(bob)
    assert client.get(upload.get_absolute_url()).status_code == 404
    assert "There are none yet." in client.get("/datasets/").content.decode()
    bob.user_permissions.add(Permission.objects.get(codename="view_datasetupload"))
    assert client.get(upload.get_absolute_url()).status_code == 200


def test_the_group_that_moderates_may_decide_about_datasets_and_metrics() -> None:
    allowed = set(Group.objects.filter(permissions__codename="change_datasetupload").values_list("name", flat=True))
    assert {"Moderator", "Administrator"} <= allowed
    assert allowed == set(
        Group.objects.filter(permissions__codename="change_custommetric").values_list("name", flat=True)
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Give a zip or the name of a dataset on the Hub, one of the two."),
        ({"hub_name": "not a name"}, "is not the name of a dataset"),
        ({"hub_name": "a/b", "hub_revision": "x y"}, "is not a revision"),
    ],
)
def test_a_form_without_a_dataset_says_so(client: Client, ann: User, fields: dict[str, str], sentence: str) -> None:
    assert sentence in client.post(ADD, fields).content.decode()


def jsonl(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture
def serve_dataset(start_hub: StartHub, tmp_path: Path) -> Any:
    def serve(files: dict[str, bytes], faults: tuple[str, ...] = ()) -> None:
        write_files(tmp_path / "hub" / "datasets" / "org" / "pairs" / COMMIT, files)
        start_hub(faults=faults)

    return serve


DESCRIPTION = {"task_name": "HubPairs", "task_type": "STS", "description": "Pairs.", "languages": "eng-Latn"}


def test_a_dataset_of_the_hub_is_kept_at_its_commit_with_a_description_from_the_form(
    client: Client, ann: User, serve_dataset: Any
) -> None:
    packed = gzip.compress(jsonl(ROWS["STS"]["test.jsonl"]))
    serve_dataset({"data/test-00000-of-00001.jsonl.gz": packed, "README.md": b"# Pairs"})
    page = client.post(ADD, {"hub_name": "org/pairs"}).content.decode()
    assert "org/pairs has no task.toml. Describe the task below." in page
    client.post(ADD, {"hub_name": "org/pairs", "hub_revision": "main", **DESCRIPTION})
    upload = DatasetUpload.objects.get()
    assert (upload.hub_name, upload.hub_commit, upload.tasks[0]["n_samples"]) == ("org/pairs", COMMIT, 3)
    decide(client, upload, "approve")
    assert TaskVersion.objects.get().source == f"org/pairs at {COMMIT[:8]} of the Hub"


@pytest.mark.parametrize(
    ("files", "faults", "sentence"),
    [
        ({"a.bin": b""}, (), "org/pairs has no data file."),
        ({"data/test-00000-of-00002.parquet": b""}, (), "in several parts"),
        ({"test.jsonl": b""}, ("api/datasets=401",), "There is no public dataset org/pairs"),
        ({"test.jsonl": b""}, ("api/datasets=500",), "does not answer as it should"),
        ({"test.jsonl": jsonl([{"x": 1}])}, ("resolve=drop",), "does not answer as it should"),
        ({"test.jsonl": jsonl([{"x": 1}])}, (), "the field &quot;sentence1&quot; is missing"),
    ],
)
def test_what_the_hub_does_not_give_is_said_in_words(
    client: Client, ann: User, serve_dataset: Any, files: dict[str, bytes], faults: tuple[str, ...], sentence: str
) -> None:
    serve_dataset(files, faults)
    page = client.post(ADD, {"hub_name": "org/pairs", **DESCRIPTION}).content.decode()
    assert sentence in page
    assert not DatasetUpload.objects.exists()


def test_an_operator_adds_a_dataset_of_the_hub_by_command(serve_dataset: Any) -> None:
    toml = b'name = "HubPairs"\ntype = "STS"\ndescription = "Pairs."\nlanguages = ["eng-Latn"]\n'
    serve_dataset({"test.jsonl": jsonl(ROWS["STS"]["test.jsonl"]), "task.toml": toml})
    out = StringIO()
    call_command("add_tasks", "hub:org/pairs@main", stdout=out)
    assert "Added task HubPairs." in out.getvalue()
    definition = Task.objects.get().definition
    assert definition is not None
    assert (Path(definition["folder"]) / "test.jsonl").is_file()
    with pytest.raises(CommandError, match="has no revision"):
        call_command("add_tasks", "hub:org/pairs@gone")
