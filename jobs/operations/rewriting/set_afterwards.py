"""What some storages do not take with a copy onto itself, and is set by calls of their own after it.

It is kept in work storage before the copy: after a kill the object may have lost its tags, and nobody
else would know them.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from jobs.operations import looks
from jobs.operations.base import DONE, Outcome, Steps, outcome_of
from jobs.operations.context import Context
from jobs.operations.steps import Step
from jobs.operations.tags import Tags, to_tag_set
from jobs.s3.answers import Answer
from jobs.services.call import Call
from jobs.spec.target import Target

_MARK = "onto-itself"


@dataclass(frozen=True, slots=True)
class Afterwards:
    """`tags` None sets none; `mode` and `until` (an ISO moment) are a retention, `hold` is ON or
    empty.
    """

    tags: Tags | None = None
    mode: str = ""
    until: str = ""
    hold: str = ""

    @classmethod
    def of(
        cls,
        context: Context,
        target: Target,
        params: Mapping[str, Any],
        wanted: Tags | None,
        *,
        only: bool,
    ) -> Self | None:
        """None where this storage takes all of it with the copy, or there is nothing. An earlier try
        of the task may have copied: then the object lacks what that try kept, which counts unless
        these are the `only` tags that are wanted.
        """
        habits = context.habits_of(context.bucket(target.bucket))
        later, earlier = cls(), cls.from_state(context.kept) or cls()
        if habits.tags_after_copy or habits.tags_after_every_copy:
            later = replace(later, tags=wanted if only else wanted or earlier.tags or None)
        if habits.lock_after_copy:
            told = params.get("ObjectLockLegalHoldStatus", earlier.hold)
            later = replace(later, hold="ON" if told == "ON" else "")
            later = replace(later, mode=earlier.mode, until=earlier.until)
            until = params.get("ObjectLockRetainUntilDate")
            if isinstance(until, datetime):
                mode = str(params.get("ObjectLockMode", ""))
                later = replace(later, mode=mode, until=until.isoformat())
        return None if later == cls() else later

    def to_state(self) -> bytes:
        pairs = None if self.tags is None else [list(tag) for tag in self.tags]
        return json.dumps([_MARK, pairs, self.mode, self.until, self.hold]).encode()

    @classmethod
    def from_state(cls, state: bytes) -> Self | None:
        """None for none, and for what another kind of task kept."""
        try:
            mark, pairs, mode, until, hold = json.loads(state)
        except ValueError:
            return None
        if mark != _MARK:
            return None
        found = None if pairs is None else tuple((key, value) for key, value in pairs)
        return cls(found, mode, until, hold)

    def put(self, target: Target, context: Context, version_id: str) -> Steps:
        """Of the version that the copy made, of the newest one where its answer names none."""
        made: dict[str, Any] = {"Key": target.key}
        if version_id:
            made["VersionId"] = version_id
        there = context.bucket(target.bucket)
        for lacking, action, params in self._calls():
            answer = yield Call(there, action, made | params)
            if answer.code:
                outcome = outcome_of(answer)
                message = f"The object was copied onto itself, but {lacking}: {outcome.message}"
                return replace(outcome, message=message)
        return DONE

    def _calls(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What is lacking where a call fails, its action and parameters."""
        calls: list[tuple[str, str, dict[str, Any]]] = []
        if self.tags is not None:
            tagging = {"Tagging": {"TagSet": to_tag_set(self.tags)}}
            calls.append(("its tags were not set", "PutObjectTagging", tagging))
        if self.mode:
            until = datetime.fromisoformat(self.until)
            retention = {"Retention": {"Mode": self.mode, "RetainUntilDate": until}}
            calls.append(("it was not locked", "PutObjectRetention", retention))
        if self.hold:
            hold = {"LegalHold": {"Status": self.hold}}
            calls.append(("its legal hold was not set", "PutObjectLegalHold", hold))
        return calls

    def put_where_lacking(self, target: Target, context: Context) -> Generator[Step, Any, Outcome]:
        """Nothing where the object has tags, which are its own, or is gone."""
        newest = Target(target.bucket, target.key)
        if self.tags is not None:
            answer: Answer = yield looks.ask(newest, context, "GetObjectTagging", is_look=False)
            if answer.http_status == 404:
                return DONE
            if answer.code:
                return outcome_of(answer)
            if answer.data.get("TagSet"):
                return (yield from replace(self, tags=None).put(newest, context, ""))
        return (yield from self.put(newest, context, ""))
