"""A piece of background work that a draft waits for: who is at it, how far it came, whose turn it is.

A member of the draft's data holds "state" (MAKING, READY or FAILED), "error" (a sentence: why it failed,
or what it waits for), "called_s" and "seen_s" (when somebody was called to do it, and was last seen at it, in
seconds since the epoch), "held_s" (when a control worker took its turn, 0 when that is over), and what the work
itself notes.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from jobs import conf
from jobs.errors import StoppedError
from jobs.models import Draft

MAKING, READY, FAILED = "making", "ready", "failed"
STALE_S = 30.0
"""Whoever is at a piece of work is taken for dead when nothing was seen of it for so long."""

NOTE_EVERY_S = 1.0
FRESH: dict[str, Any] = {
    "state": MAKING, "error": "", "called_s": 0.0, "seen_s": 0.0, "held_s": 0.0,
}  # fmt: skip
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class DraftWork:
    """`member` is the draft's data that the work is told in."""

    member: str

    def is_waiting(self, draft: Draft) -> bool:
        """Whether the draft waits for the work."""
        return bool(draft.data.get(self.member, {}).get("state", READY) != READY)

    def is_idle(self, draft: Draft, now: datetime) -> bool:
        """Whether nobody has been seen at work that is to be done."""
        told = draft.data[self.member]
        last_s = max(told["called_s"], told["seen_s"])
        return bool(told["state"] == MAKING and now.timestamp() - last_s > STALE_S)

    def change(self, draft_id: str, **changes: Any) -> bool:
        """Change what the draft knows of its work; False when it waits for none any more."""
        with transaction.atomic():
            draft = self._locked(draft_id)
            if draft is None:
                return False
            self._write(draft, changes)
        return True

    def claim(self, draft_id: str, now: datetime, **begun: Any) -> dict[str, Any] | None:
        """What there is to do; None where nothing is, or somebody is at it."""
        with transaction.atomic():
            draft = self._locked(draft_id)
            told: dict[str, Any] = draft.data[self.member] if draft else {}
            if draft is None or now.timestamp() - told["seen_s"] <= STALE_S:
                return None
            self._write(draft, {"seen_s": now.timestamp(), **begun})
            return told

    def is_its_turn(self, draft_id: str, now: datetime) -> bool:
        """Half of the control workers are left to jobs. Two that ask at the same moment may both be told
        so: then there is one more.
        """
        drafts = {str(draft.pk): draft.data[self.member] for draft in self.to_do()}
        if drafts.pop(draft_id, None) is None:
            return False
        held = sum(is_held(told, now) for told in drafts.values())
        return held < max(1, conf.control_workers() // 2)

    def to_do(self) -> QuerySet[Draft]:
        return Draft.objects.filter(job=None, **{f"data__{self.member}__state": MAKING})

    def _locked(self, draft_id: str) -> Draft | None:
        draft = Draft.objects.select_for_update().filter(pk=draft_id, job=None).first()
        state = draft.data.get(self.member, {}).get("state") if draft else None
        return draft if state == MAKING else None

    def _write(self, draft: Draft, changes: dict[str, Any]) -> None:
        draft.data = draft.data | {self.member: draft.data[self.member] | changes}
        draft.save(update_fields=["data"])


def is_held(told: dict[str, Any], now: datetime) -> bool:
    """Whether a control worker is at it."""
    held_s = told.get("held_s", 0.0)
    return bool(held_s and now.timestamp() - max(held_s, told["seen_s"]) <= STALE_S)


class AtWork:
    """Notes now and then that somebody is at it, and how far."""

    def __init__(self, work: DraftWork, draft_id: str, clock: Clock, stop: threading.Event) -> None:
        self._work = work
        self._draft_id = draft_id
        self._clock = clock
        self._stop = stop
        self._noted_s = time.monotonic()

    def alive(self, so_far: Callable[[], dict[str, Any]]) -> None:
        """Raises StoppedError, also when the draft was deleted meanwhile or wants something else."""
        if self._stop.is_set():
            raise StoppedError
        if time.monotonic() - self._noted_s > NOTE_EVERY_S:
            self._noted_s = time.monotonic()
            seen_s = self._clock().timestamp()
            if not self._work.change(self._draft_id, seen_s=seen_s, error="", **so_far()):
                raise StoppedError
