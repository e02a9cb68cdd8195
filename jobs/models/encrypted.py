"""A text field that is encrypted at rest."""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.db import models

from jobs import conf
from jobs.errors import BatchConsoleError


class UndecryptableError(BatchConsoleError):
    """A stored secret was encrypted with a key that is not configured any more."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in conf.encryption_keys()])


def encrypted(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def decrypted(stored: str) -> str:
    """Raises UndecryptableError."""
    try:
        return _fernet().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UndecryptableError from error


class EncryptedTextField(models.TextField[str, str]):
    """Written with the newest key, read with any; the plain text never reaches the database.

    An empty text stays empty, so that "no secret" can be queried.
    """

    def get_prep_value(self, value: Any) -> Any:
        return encrypted(str(value)) if value else ""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        return decrypted(value) if value else ""
