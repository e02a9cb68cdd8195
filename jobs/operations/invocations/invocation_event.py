"""What a function or a webhook is sent about a task, as S3 Batch Operations writes it.

Schema 1.0 names the bucket by its ARN, 2.0 by its name, and has the user's arguments. The key is
URL-encoded as forms are: a space is a plus sign, and a slash stays.
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

from jobs.operations.checking import Checker
from jobs.s3.arns import bucket_arn
from jobs.spec.target import Target

SCHEMA, ARGUMENTS = "InvocationSchemaVersion", "UserArguments"
TASKS = "TasksPerInvocation"
"""Ours: AWS sends one task in each."""

V1, V2 = SCHEMAS = ("1.0", "2.0")
MOST_TASKS = 100
MOST_ARGUMENTS, MOST_NAME, MOST_VALUE = 10, 64, 1024
_ID_BYTES = 24


@dataclass(frozen=True, slots=True)
class Event:
    """`schema` is empty where nobody said which: then it is 1.0. So many `tasks` go in one invocation
    at most; 0 where nobody said how many: then it is one.
    """

    schema: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    tasks: int = 0

    @property
    def version(self) -> str:
        return self.schema or V1

    def about(self, tasks: Sequence[tuple[str, Target]], *, job_id: str) -> bytes:
        """Tasks by their IDs, in an invocation with an ID of its own."""
        job: dict[str, Any] = {"id": job_id}
        if self.arguments and self.version != V1:
            job["userArguments"] = dict(self.arguments)
        event = {
            "invocationSchemaVersion": self.version,
            "invocationId": secrets.token_urlsafe(_ID_BYTES),
            "job": job,
            "tasks": [self._task(task_id, target) for task_id, target in tasks],
        }
        return json.dumps(event, separators=(",", ":")).encode()

    def _task(self, task_id: str, target: Target) -> dict[str, Any]:
        task = {
            "taskId": task_id,
            "s3Key": encoded(target.key),
            "s3VersionId": target.version_id,
        }
        if self.version == V1:
            return task | {"s3BucketArn": bucket_arn(target.bucket)}
        return task | {"s3Bucket": target.bucket}

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {SCHEMA: self.schema} if self.schema else {}
        wire |= {ARGUMENTS: dict(self.arguments)} if self.arguments else {}
        return wire | ({TASKS: self.tasks} if self.tasks else {})

    def summary(self) -> list[tuple[str, str]]:
        given = ", ".join(f"{name}={value}" for name, value in self.arguments)
        said = [("Invocation schema", self.version), ("User arguments", given or "None")]
        several = [("Objects per invocation", f"Up to {self.tasks:,}")] if self.tasks > 1 else []
        return said + several

    @property
    def how_often(self) -> str:
        return f"with up to {self.tasks:,} at once" if self.tasks > 1 else "once for each"


def encoded(key: str) -> str:
    """ "a%2Bb+c/%C3%BC.txt" for "a+b c/ü.txt"."""
    return quote_plus(key, safe="/", errors="surrogatepass")


def task_id_of(job_id: str, row: int) -> str:
    """The same however often the task is run."""
    digest = sha256(f"{job_id}/{row}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_ID_BYTES]).decode()


def id_of_many(task_ids: Sequence[str]) -> str:
    """Of a message about these tasks: the same however often it is sent."""
    if len(task_ids) == 1:
        return task_ids[0]
    digest = sha256(" ".join(task_ids).encode()).digest()
    return base64.urlsafe_b64encode(digest[:_ID_BYTES]).decode()


def parse_event(parameters: Mapping[str, Any], check: Checker) -> Event:
    schema = check.choice(parameters.get(SCHEMA), SCHEMA, SCHEMAS) or ""
    arguments = _parse_arguments(parameters.get(ARGUMENTS), check)
    if arguments and schema != V2:
        check.say(ARGUMENTS, f"{ARGUMENTS} need 2.0 as {SCHEMA}: 1.0 has no place for them.")
    return Event(schema, arguments, _parse_tasks(parameters.get(TASKS), check))


def _parse_tasks(value: Any, check: Checker) -> int:
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_TASKS:
        return value
    check.say(TASKS, f"{TASKS} must be a whole number from 1 to {MOST_TASKS}.")
    return 0


def _parse_arguments(value: Any, check: Checker) -> tuple[tuple[str, str], ...]:
    given = check.structure(value, ARGUMENTS)
    if value is not None and not given:
        check.say(ARGUMENTS, f"{ARGUMENTS} must have an entry, or be left out.")
    if len(given) > MOST_ARGUMENTS:
        said = f"{ARGUMENTS} must have {MOST_ARGUMENTS} entries or fewer, not {len(given)}."
        check.say(ARGUMENTS, said)
    found = []
    for name, text in given.items():
        path = f"{ARGUMENTS}[{name}]"
        check.text(name, path, high=MOST_NAME)
        if text is None:
            check.say(path, f"{path} must be a text.")
        read = check.text(text, path, low=0, high=MOST_VALUE)
        found.append((str(name), read or ""))
    return tuple(found)
