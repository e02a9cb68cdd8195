"""The one form in which emails are stored and compared."""

import unicodedata
from typing import Any


def normal_form(text: str) -> str:
    """NFKC, without case: what a database takes for the same letter counts as one attempt, too."""
    text = unicodedata.normalize("NFKC", text.strip()).casefold()
    return unicodedata.normalize("NFKC", text).strip()


def normalise(sender: Any, instance: Any, **_: Any) -> None:
    """Receiver of pre_save of accounts: whichever door they come by, a command line included."""
    instance.username = normal_form(instance.username)
    instance.email = normal_form(instance.email)
