"""No address of a visitor is written down, whatever they do."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test import Client

from tests.factories_evaluation import make_run
from tests.factories_submissions import make_submission

ADDRESS = "203.0.113.77"
PASSWORD = "correct horse battery staple"


def test_no_table_has_a_column_for_addresses() -> None:
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    assert [field for field in fields if isinstance(field, models.GenericIPAddressField)] == []


@pytest.mark.django_db
def test_a_visit_leaves_no_address_in_any_table() -> None:
    user = User.objects.create_superuser("ada", "ada@example.org", PASSWORD)
    run = make_run(requested_by=user)
    submission = make_submission(user)
    visitor = Client(REMOTE_ADDR=ADDRESS, HTTP_X_FORWARDED_FOR=ADDRESS)
    visitor.post("/accounts/login/", {"username": "ada", "login": "ada", "password": "wrong"})
    visitor.post("/accounts/login/", {"username": "ada", "login": "ada", "password": PASSWORD})
    assert "sessionid" in visitor.cookies
    for path in ("/", "/queue/", run.get_absolute_url(), submission.get_absolute_url(), "/search/?q=model"):
        assert visitor.get(path).status_code == 200
    visitor.post("/queue/pause/", {"reason": "New disks."})
    visitor.post("/accounts/notifications/webhook/", {"url": "https://example.org/hook"})
    visitor.post(f"/runs/{run.pk}/cancel/")
    visitor.post(f"/submissions/{submission.pk}/withdraw/")
    assert tables_that_hold(ADDRESS) == []
    assert Session.objects.exists()
    assert all(ADDRESS not in str(session.get_decoded()) for session in Session.objects.all())


def tables_that_hold(text: str) -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}" AS t WHERE t::text LIKE %s)', [f"%{text}%"])  # noqa: S608
            if cursor.fetchone()[0]:
                found.append(table)
    return found
