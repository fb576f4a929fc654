"""`manage.py rotate_credentials`: after a new key was put first in PODIUM_CREDENTIAL_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.encryption import CannotDecrypt
from evaluation.services.credentials import rotate_credentials


class Command(BaseCommand):
    help = "Encrypts the tokens of waiting runs with the first key of PODIUM_CREDENTIAL_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            n = rotate_credentials()
        except CannotDecrypt as error:
            raise CommandError(f"{error} Put the old key back, behind the new one.") from error
        self.stdout.write(f"{n} {'token is' if n == 1 else 'tokens are'} under the first key now.")
