"""Private and gated models of the Hub: opened with a token of the person who asks, which is nowhere to be seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from evaluation.models import Credential
from evaluation.services.credentials import credential_for
from evaluation.services.runs import cancel_run
from leaderboard.models import ModelMeta
from submissions import hub as hub_reader
from submissions.checks import Outcome, Subject
from submissions.models import Submission
from submissions.services import submissions as services
from submissions.services.assessment import assess
from submissions.services.errors import SubmissionRefused
from tests.factories import make_task
from tests.factories_submissions import make_moderator, make_submission, make_user, model_files
from tests.submissions.conftest import StartHub
from tests.submissions.test_pages import signed_in, text_of
from tests.token_gate import TOKEN, token_gate

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed_hub(hub: str, settings: Settings) -> Iterator[None]:
    with token_gate(hub) as address:
        settings.HF_ENDPOINT = address
        yield


@pytest.fixture
def hub_of_two(start_hub: StartHub, settings: Settings) -> Iterator[None]:
    with token_gate(start_hub({"example/model": model_files(), "example/other": model_files()})) as address:
        settings.HF_ENDPOINT = address
        yield


def submitted(**wish: Any) -> Submission:
    wish = {"model_name": "example/model", "tasks": [make_task()], "token": TOKEN} | wish
    return services.submit(submitter=make_user(), **wish)


def test_without_the_token_there_is_no_such_model(closed_hub: None) -> None:
    with pytest.raises(hub_reader.ModelNotFound, match="needs a token"):
        hub_reader.read_model("example/model")
    with pytest.raises(hub_reader.HubError, match="token"):
        hub_reader.read_model("example/model", token="hf_wrong")


def test_the_token_opens_it_and_the_check_says_so(closed_hub: None) -> None:
    found = assess(model_name="example/model", tasks=[make_task()], token=TOKEN)
    assert not found.is_refused
    check = next(check for check in found.checks if check.name is Subject.MODEL)
    assert (check.outcome, "is private on the Hub" in check.sentence) == (Outcome.WARNING, True)


def test_the_token_goes_from_the_submission_to_its_run_and_ends_with_it(closed_hub: None) -> None:
    submission = submitted()
    assert TOKEN.encode() not in bytes(Credential.objects.get().encrypted)
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    assert credential_for(run) == TOKEN
    cancel_run(run=run)
    assert not Credential.objects.exists()
    model_meta = ModelMeta.objects.get()
    assert (model_meta.open_weights, model_meta.reference) == (None, None)


@pytest.mark.parametrize("end", ["rejected", "withdrawn"])
def test_the_token_goes_with_a_submission_that_is_over(closed_hub: None, end: str) -> None:
    submission = submitted()
    if end == "rejected":
        services.reject(submission=submission, decided_by=make_moderator(), reason="No.")
    else:
        services.withdraw(submission=submission)
    assert not Credential.objects.exists()
    submission.refresh_from_db()
    assert submission.credential is None


def test_a_change_goes_on_with_the_token_or_replaces_it(closed_hub: None) -> None:
    task = make_task()
    submission = submitted(tasks=[task])
    user = submission.submitter
    services.edit(submission=submission, edited_by=user, model_name="example/model", tasks=[task], note="More.")
    kept = Credential.objects.get()
    submission.refresh_from_db()
    services.edit(submission=submission, edited_by=user, model_name="example/model", tasks=[task], token=TOKEN)
    assert Credential.objects.get().pk != kept.pk
    assert "oken" not in str(submission.history.values_list("changes", flat=True))


def test_the_form_says_that_a_token_must_be_typed_again(closed_hub: None) -> None:
    client, said = signed_in(make_user()), "Type the token again"
    form = {"model_name": "example/model", "tasks": make_task().name, "check": "1"}
    page = text_of(client.post("/submit/", form | {"token": TOKEN}))
    assert said in page
    assert TOKEN not in page
    assert said not in text_of(client.post("/submit/", form))


def test_a_token_opens_no_other_model_than_it_was_given_for(hub_of_two: None) -> None:
    task = make_task()
    submission = submitted(tasks=[task])
    change: dict[str, Any] = {"submission": submission, "edited_by": submission.submitter, "tasks": [task]}
    with pytest.raises(SubmissionRefused, match="needs a token"):
        services.edit(model_name="example/other", **change)
    assert assess(edited=submission, model_name="example/model", tasks=[task], note="More.").snapshot
    services.edit(model_name="example/other", token=TOKEN, **change)
    submission.refresh_from_db()
    assert submission.model_name == "example/other"


def test_no_page_and_no_log_has_the_token(closed_hub: None, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    task, maintainer = make_task(), make_moderator()
    client.force_login(maintainer)
    form = {"model_name": "example/model", "tasks": task.name, "token": TOKEN}
    pages = [
        client.post("/submit/", form | {"check": "1"}),
        client.post("/submit/", form | {"check": "1", "tasks": "Nothing"}),
        client.post("/submit/model/", form),
        client.post("/submit/", form | {"submit": "1"}, follow=True),
    ]
    submission = Submission.objects.get()
    pages += [
        client.get(f"/submissions/{submission.pk}/edit/"),
        client.get(f"/submit/?from={submission.pk}"),
        client.get(f"/admin/submissions/submission/{submission.pk}/change/"),
    ]
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert not [page for page in pages if TOKEN in page.content.decode()]
    assert TOKEN not in caplog.text
    assert "A token is kept already" in pages[4].content.decode()


def test_a_public_model_stays_open(hub: str) -> None:
    submission = services.submit(submitter=make_user(), model_name="example/model", tasks=[make_task()])
    assert (submission.is_closed, submission.credential) == (False, None)
    assert not make_submission().is_closed
