"""Too many attempts to sign in: counted in Django's cache, which all web processes share."""

import hashlib

from django.core.cache import cache

LOCKED_S = 5 * 60
SENTENCE = "Too many attempts. Try again in 5 minutes."
PER_PLACE = 5
"""Attempts per address and email in five minutes."""

PER_EMAIL = 30
"""Attempts per email from anywhere: more would let strangers lock a person out."""


class Attempt:
    """One attempt at one email from one network address.

    It takes a slot, each of which is free again five minutes later. Taking one is atomic
    (`cache.add`), where counting would let attempts at the same time count as one.
    """

    def __init__(self, email: str, address: str) -> None:
        email = email.strip().lower()
        self._slots = [
            [_key(email, address, number) for number in range(PER_PLACE)],
            [_key(email, "", number) for number in range(PER_EMAIL)],
        ]

    def allowed(self) -> bool:
        return all(any(cache.add(key, True, LOCKED_S) for key in keys) for keys in self._slots)

    def forget(self) -> None:
        """It was the right password."""
        cache.delete_many([key for keys in self._slots for key in keys])


def _key(email: str, address: str, number: int) -> str:
    # Hashed: a key of the cache bears neither spaces nor any length.
    return "sign-in-" + hashlib.sha256(f"{email}\0{address}\0{number}".encode()).hexdigest()
