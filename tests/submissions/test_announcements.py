"""Announcements on every page, also on those that are kept in memory."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.urls import reverse

from config.page_cache import PageCache
from leaderboard.models import AuditEntry
from leaderboard.selectors.versions import data_version
from submissions.models import Announcement
from submissions.services.announcements import delete_announcement, save_announcement
from tests.config.test_page_cache import ask
from tests.factories_submissions import make_moderator, make_user


class Told:
    """The data version as the database has it."""

    @property
    def current(self) -> int:
        return data_version()


def home(cache: PageCache) -> str:
    environ: dict[str, Any] = {"HTTP_HOST": "testserver", "SERVER_NAME": "testserver", "SERVER_PORT": "80"}
    return ask(cache, **environ, **{"wsgi.input": io.BytesIO()})[2].decode()


@pytest.mark.django_db(transaction=True)
def test_pages_in_memory_change_with_an_announcement_at_once() -> None:
    cache, by = PageCache(get_wsgi_application(), Told()), make_user()
    save_announcement(announcement=Announcement(text="Closed on Sunday."), by=by)
    assert "Closed on Sunday." in home(cache)
    announcement = Announcement.objects.get()
    announcement.text = "Closed on Monday."
    save_announcement(announcement=announcement, by=by)
    text = home(cache)
    assert "Closed on Monday." in text
    assert "Sunday" not in text
    announcement.is_shown = False
    save_announcement(announcement=announcement, by=by)
    assert "Closed" not in home(cache)
    announcement.is_shown = True
    save_announcement(announcement=announcement, by=by)
    assert "Closed" in home(cache)
    delete_announcement(announcement=announcement, by=by)
    assert "Closed" not in home(cache)


@pytest.mark.django_db
def test_moderators_announce_at_their_desk_and_nobody_else() -> None:
    client = Client()
    client.force_login(make_moderator())
    address = reverse("admin:submissions_announcement_add")
    form = {"text": "<b>New</b> disks.", "link": "https://example.org/why", "kind": "maintenance", "is_shown": "on"}
    version = data_version()
    assert client.post(address, form).status_code == 302
    assert data_version() > version
    for path in ("/", "/queue/", "/nowhere/"):
        text = Client().get(path).content.decode()
        assert "<strong>Maintenance:</strong>" in text
        assert "&lt;b&gt;New&lt;/b&gt; disks." in text
        assert 'href="https://example.org/why"' in text
    change_list = reverse("admin:submissions_announcement_changelist")
    action = {"action": "delete_selected", "_selected_action": [Announcement.objects.get().pk], "post": "yes"}
    client.post(change_list, action)
    assert not Announcement.objects.exists()
    content = {"text": form["text"], "link": form["link"], "kind": "maintenance", "is_shown": True}
    assert [(entry.action, entry.before, entry.after) for entry in AuditEntry.objects.order_by("pk")] == [
        ("announced", {}, content),
        ("deleted", content, {}),
    ]
    client.force_login(make_user(is_staff=True))
    assert client.get(address).status_code == 403
    client.force_login(User.objects.create_superuser("operator"))
    assert client.get(address).status_code == 200
