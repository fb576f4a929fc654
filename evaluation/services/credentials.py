"""Tokens for private and gated models: kept encrypted for one run, and deleted when that ends."""

from __future__ import annotations

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from evaluation.encryption import decrypt, encrypt, rotated
from evaluation.models import Credential, EvaluationRun


@sensitive_variables("token")
def keep_credential(*, token: str) -> Credential:
    return Credential.objects.create(encrypted=encrypt(token))


def hand_over_credential(*, credential: Credential, run: EvaluationRun) -> None:
    """From now on the token is the run's, and goes when the run ends."""
    Credential.objects.filter(pk=credential.pk).update(run=run)


def credential_for(run: EvaluationRun) -> str | None:
    """The token that opens the run's model, for the evaluating process alone. Raises CannotDecrypt."""
    credential = Credential.objects.filter(run=run).first()
    return None if credential is None else decrypt(bytes(credential.encrypted))


@transaction.atomic
def rotate_credentials() -> int:
    """Encrypt every token with the first of the keys; then the others may be dropped. Raises CannotDecrypt."""
    credentials = list(Credential.objects.select_for_update())
    for credential in credentials:
        credential.encrypted = rotated(bytes(credential.encrypted))
    Credential.objects.bulk_update(credentials, ["encrypted"])
    return len(credentials)
