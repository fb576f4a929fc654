"""Tokens of private models: encrypted, for one run, gone afterwards."""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from evaluation.encryption import CannotDecrypt, can_encrypt
from evaluation.models import Credential
from evaluation.services.credentials import credential_for, hand_over_credential, keep_credential
from evaluation.services.runs import cancel_run
from evaluation.worker.process import EvaluatingProcess
from tests.factories_evaluation import make_run, surroundings

TOKEN = "hf_" + "Abc123" * 6


@pytest.mark.django_db
def test_a_token_is_kept_encrypted_and_opened_for_its_run_only() -> None:
    run, other = make_run(), make_run()
    credential = keep_credential(token=TOKEN)
    assert TOKEN.encode() not in bytes(Credential.objects.get().encrypted)
    assert credential_for(run) is None
    hand_over_credential(credential=credential, run=run)
    assert credential_for(run) == TOKEN
    assert credential_for(other) is None


@pytest.mark.django_db
def test_a_token_goes_when_its_run_ends() -> None:
    run = make_run()
    hand_over_credential(credential=keep_credential(token=TOKEN), run=run)
    cancel_run(run=run)
    assert not Credential.objects.exists()


@pytest.mark.django_db
def test_a_new_key_takes_over_and_the_old_one_is_dropped(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = ["old"]
    run = make_run()
    hand_over_credential(credential=keep_credential(token=TOKEN), run=run)
    settings.CREDENTIAL_KEYS = ["new", "old"]
    assert credential_for(run) == TOKEN
    out = StringIO()
    call_command("rotate_credentials", stdout=out)
    assert "1 token is under the first key now." in out.getvalue()
    settings.CREDENTIAL_KEYS = ["new"]
    assert credential_for(run) == TOKEN
    settings.CREDENTIAL_KEYS = ["another"]
    with pytest.raises(CannotDecrypt):
        credential_for(run)
    with pytest.raises(CommandError, match="Put the old key back"):
        call_command("rotate_credentials")


def test_without_a_key_no_token_is_taken(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = []
    assert not can_encrypt()


def test_no_admin_shows_tokens() -> None:
    assert not admin.site.is_registered(Credential)


def test_the_evaluating_process_has_the_token_and_its_log_does_not(tmp_path: Path) -> None:
    script = "import os, sys; print(os.environ['HF_TOKEN'], os.environ['HF_HUB_CACHE'], file=sys.stderr)"
    around = surroundings(tmp_path, token=TOKEN)
    with EvaluatingProcess({}, around, command=(sys.executable, "-c", script)) as process:
        list(process.events(20))
        log = process.log
    assert "/hub" in log
    assert str(tmp_path / "hf") not in log
    assert TOKEN not in log
    assert "HF_TOKEN" not in os.environ or os.environ["HF_TOKEN"] != TOKEN
