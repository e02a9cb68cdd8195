"""A secret that was tested before it was saved, kept for the person who typed it until they connect.

No form shows a secret again, so without this a test would clear it. It lies in the session, encrypted
as those that are saved.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase

from jobs.models.encrypted import decrypted, encrypted

KEPT_S = 600
_NAME = "tested_secret"


@dataclass(frozen=True, slots=True)
class Tested:
    access_key_id: str
    secret_access_key: str
    session_token: str

    def is_of(self, data: Mapping[str, str]) -> bool:
        """Whether a form is about the same key."""
        return data.get("access_key_id", "").strip() == self.access_key_id


def keep(session: SessionBase, tested: Tested, *, now_s: float) -> None:
    facts = [tested.access_key_id, tested.secret_access_key, tested.session_token]
    session[_NAME] = {"at_s": now_s, "secret": encrypted(json.dumps(facts))}


def kept(session: SessionBase, *, now_s: float) -> Tested | None:
    """None where there is none, or no longer."""
    found = session.get(_NAME)
    if not found or not 0 <= now_s - found["at_s"] < KEPT_S:
        forget(session)
        return None
    return Tested(*json.loads(decrypted(found["secret"])))


def forget(session: SessionBase) -> None:
    session.pop(_NAME, None)
