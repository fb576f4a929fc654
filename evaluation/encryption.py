"""Encryption of tokens at rest. The key is a setting of its own, so that the database alone opens nothing."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"podium: tokens of models"


class CannotDecrypt(Exception):
    """None of the keys opens it: they were changed without keeping the old one."""


def can_encrypt() -> bool:
    """Whether there is a key; without one this board takes no tokens."""
    return bool(settings.CREDENTIAL_KEYS)


def encrypt(secret: str) -> bytes:
    """With the first key."""
    return _keys().encrypt(secret.encode())


def decrypt(encrypted: bytes) -> str:
    """With whichever key fits. Raises CannotDecrypt."""
    try:
        return _keys().decrypt(encrypted).decode()
    except InvalidToken as error:
        raise CannotDecrypt("The token cannot be decrypted: PODIUM_CREDENTIAL_KEYS has changed.") from error


def rotated(encrypted: bytes) -> bytes:
    """The same secret under the first key. Raises CannotDecrypt."""
    try:
        return _keys().rotate(encrypted)
    except InvalidToken as error:
        raise CannotDecrypt("The token cannot be decrypted: PODIUM_CREDENTIAL_KEYS has changed.") from error


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(_derived(phrase)) for phrase in settings.CREDENTIAL_KEYS])


def _derived(phrase: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(phrase.encode())
    return base64.urlsafe_b64encode(key)
