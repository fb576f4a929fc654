"""What machines ask."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from evaluation.models import Lane
from evaluation.services.pauses import pause_queue
from evaluation.services.runs import cancel_run
from tests.factories_evaluation import claimed_unit, let_lease_run_out, make_run, make_worker
from tests.factories_submissions import make_user


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_process_without_a_database_is_alive(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_a_process_is_ready_when_the_database_has_its_schema(client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'evaluation' AND name = '0002_run_local_path'")
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"The database needs migrations: manage.py migrate.\n")


@pytest.mark.django_db(transaction=True)
def test_a_process_without_its_database_is_not_ready(client: Client) -> None:
    connection.close()
    parameters = connection.settings_dict
    name, parameters["NAME"] = parameters["NAME"], "nowhere"
    try:
        response = client.get("/readyz")
        alive = client.get("/healthz")
    finally:
        parameters["NAME"] = name
        connection.close()
    assert (response.status_code, response.content) == (503, b"The database does not answer.\n")
    assert alive.status_code == 200


@pytest.mark.django_db
def test_metrics_tell_how_the_evaluations_are(client: Client) -> None:
    worker = make_worker()
    cancel_run(run=make_run(1))
    let_lease_run_out(claimed_unit(make_run(2, lane=Lane.EXPRESS), worker=worker))
    make_run(3)
    pause_queue(started_by=make_user(), reason="New disks.")
    response = client.get("/metrics")
    assert response["Content-Type"].startswith("text/plain; version=")
    found = samples(response.content.decode())
    assert found["podium_queue_tasks", "express", "queued"] == 1
    assert found["podium_queue_tasks", "express", "running"] == 1
    assert found["podium_queue_tasks", "normal", "queued"] == 3
    assert found["podium_queue_tasks", "background", "queued"] == 0
    assert found["podium_runs", "cancelled"] == 1
    assert found["podium_runs", "failed"] == 0
    assert found["podium_workers", "gpu"] == 1
    assert found["podium_workers", "default"] == 0
    assert found["podium_leases_past_due",] == 1
    assert found["podium_queue_paused",] == 1
    assert 0 <= found["podium_queue_oldest_seconds",] < 60


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked_with", "status"),
    [
        ({"REMOTE_ADDR": "10.1.2.3"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "203.0.113.9"}, 403),
        ({"REMOTE_ADDR": ""}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 403),
        ({"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer a-token"}, 200),
        ({"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer another"}, 403),
        ({"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Basic a-token"}, 403),
    ],
)
def test_metrics_are_for_the_token_and_for_those_inside(
    client: Client, settings: Settings, asked_with: dict[str, str], status: int
) -> None:
    settings.METRICS_TOKEN = "a-token"
    assert client.get("/metrics", **asked_with).status_code == status  # type: ignore[arg-type]


@pytest.mark.django_db
def test_no_token_is_not_an_empty_token(client: Client) -> None:
    asked_with = {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer "}
    assert client.get("/metrics", **asked_with).status_code == 403  # type: ignore[arg-type]
