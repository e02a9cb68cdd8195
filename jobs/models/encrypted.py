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


class EncryptedTextField(models.TextField[str, str]):
    """Written with the newest key, read with any; the plain text never reaches the database.

    An empty text stays empty, so that "no secret" can be queried.
    """

    def get_prep_value(self, value: Any) -> Any:
        return _fernet().encrypt(str(value).encode()).decode() if value else ""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        if not value:
            return ""
        try:
            return _fernet().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise UndecryptableError from error
