"""The process that serves pages stays small: it loads nothing of the machine room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

FORBIDDEN = ["mteb", "torch", "transformers", "sentence_transformers", "datasets", "polars"]
LARGEST_RSS = 160 * 1024**2

# What a worker of gunicorn does until it has answered once, in a fresh interpreter.
SERVE_ONE_PAGE = """
import json, sys
from wsgiref.util import setup_testing_defaults
import psutil
from config.wsgi import application
from django.contrib import admin
from django.urls import get_resolver
from django.utils.module_loading import autodiscover_modules

autodiscover_modules("admin", "selectors", "services", "tables", "forms", "api", register_to=admin.site)


def load(resolver):
    resolver._populate()
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            load(pattern)


load(get_resolver())
environ = {"HTTP_HOST": "localhost", "PATH_INFO": "/"}
setup_testing_defaults(environ)
seen = {}
answer = application(environ, lambda status, headers, exc_info=None: seen.update(status=status))
seen["size"] = len(b"".join(answer))
seen["modules"] = sorted(sys.modules)
seen["rss"] = psutil.Process().memory_info().rss
print(json.dumps(seen))
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_with_all_pages_loaded_is_small_and_knows_nothing_of_mteb() -> None:
    surroundings = {**os.environ, "DATABASE_URL": address_of_database(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SERVE_ONE_PAGE],
        cwd=settings.BASE_DIR,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["status"] == "200 OK"
    assert seen["size"] > 0
    assert [name for name in FORBIDDEN if name in seen["modules"]] == []
    assert seen["rss"] < LARGEST_RSS


def address_of_database() -> str:
    """The address of the database that this test has, for a process that does not know it."""
    values = connection.settings_dict
    password = f":{quote(values['PASSWORD'], safe='')}" if values["PASSWORD"] else ""
    address = f"{quote(str(values['HOST']), safe='')}{':' + str(values['PORT']) if values['PORT'] else ''}"
    return f"postgresql://{values['USER']}{password}@{address}/{values['NAME']}"
