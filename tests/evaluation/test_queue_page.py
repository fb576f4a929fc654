"""The page of the queue: its depth, its workers, its pause."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from evaluation.selectors.pauses import queue_is_paused
from evaluation.services import claims
from evaluation.services.pauses import pause_queue
from tests.factories_evaluation import claimed_unit, make_run, make_worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(client: Client) -> User:
    """Somebody who may pause the queue, signed in."""
    user = User.objects.create_user("moderator")
    user.user_permissions.add(Permission.objects.get(codename="change_queuepause"))
    client.force_login(user)
    return user


def queue_page(client: Client) -> str:
    return client.get("/queue/").content.decode()


def test_workers_are_shown_with_what_they_do(client: Client) -> None:
    run = make_run(3)
    able = make_worker(
        host="gpu-1",
        labels=["large"],
        device="cuda",
        device_name="NVIDIA A100",
        memory_mb=40960,
        cores=16,
        sandbox="bubblewrap",
    )
    unit = claimed_unit(run, worker=able)
    claims.heartbeat(unit=unit, progress="encoding")
    make_worker(host="gpu-2", pid=2)
    text = queue_page(client)
    assert f"{unit.task}, run {run.pk}</a> (encoding)" in text
    told = ["NVIDIA A100 (cuda)", "40.0 GiB for a task", "16 cores", "labels large", "code of models: bubblewrap"]
    assert "<br>".join(told) in text
    assert "cpu<br>code of models: no" in text[text.index("gpu-2") :]
    assert "nothing" in text[text.index("gpu-2") :]
    assert "<td>2</td>" in text
    assert 'action="/queue/pause/"' not in text


def test_the_desk_says_what_workers_can_do(admin_client: Client) -> None:
    make_worker(
        labels=["large"], device="cuda", device_name="NVIDIA A100", memory_mb=512, cores=16, sandbox="bubblewrap"
    )
    text = admin_client.get("/admin/evaluation/worker/?q=a100").content.decode()
    for words in ("NVIDIA A100 (cuda)", "512 MiB", ">16<", ">large<", ">bubblewrap<"):
        assert words in text


def test_a_moderator_pauses_the_queue_and_everybody_reads_why(client: Client, moderator: User) -> None:
    assert 'action="/queue/pause/"' in queue_page(client)
    assert "Say why" in client.post("/queue/pause/", {"reason": " "}, follow=True).content.decode()
    client.post("/queue/pause/", {"reason": "New disks."})
    assert queue_is_paused()
    text = queue_page(client)
    assert 'action="/queue/resume/"' in text
    assert "New disks." in queue_page(Client())
    assert "New disks." in Client().get(make_run().get_absolute_url()).content.decode()
    client.post("/queue/resume/")
    assert not queue_is_paused()
    assert "not paused" in client.post("/queue/resume/", follow=True).content.decode()


def test_nobody_else_pauses_or_opens_it(client: Client) -> None:
    assert client.post("/queue/pause/", {"reason": "Why not."})["Location"].startswith("/accounts/login/")
    user = User.objects.create_user("somebody")
    client.force_login(user)
    assert client.post("/queue/pause/", {"reason": "Why not."}).status_code == 403
    assert not queue_is_paused()
    pause_queue(started_by=user, reason="New disks.")
    assert client.post("/queue/resume/").status_code == 403
    assert queue_is_paused()
