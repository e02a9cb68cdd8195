"""What a function or a webhook is sent about a task, as S3 Batch Operations writes it.

Schema 1.0 names the bucket by its ARN, 2.0 by its name, and has the user's arguments. The key is
URL-encoded as forms are: a space is a plus sign, and a slash stays.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

from jobs.operations.checking import Checker
from jobs.s3.arns import bucket_arn
from jobs.spec.target import Target

SCHEMA, ARGUMENTS = "InvocationSchemaVersion", "UserArguments"
V1, V2 = SCHEMAS = ("1.0", "2.0")
MOST_ARGUMENTS, MOST_NAME, MOST_VALUE = 10, 64, 1024
_ID_BYTES = 24


@dataclass(frozen=True, slots=True)
class Event:
    """`schema` is empty where nobody said which: then it is 1.0."""

    schema: str = ""
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def version(self) -> str:
        return self.schema or V1

    def about(self, target: Target, *, job_id: str, task_id: str) -> bytes:
        """One task, in an invocation with an ID of its own."""
        task: dict[str, Any] = {
            "taskId": task_id,
            "s3Key": encoded(target.key),
            "s3VersionId": target.version_id,
        }
        job: dict[str, Any] = {"id": job_id}
        if self.version == V1:
            task["s3BucketArn"] = bucket_arn(target.bucket)
        else:
            task["s3Bucket"] = target.bucket
            if self.arguments:
                job["userArguments"] = dict(self.arguments)
        event = {
            "invocationSchemaVersion": self.version,
            "invocationId": secrets.token_urlsafe(_ID_BYTES),
            "job": job,
            "tasks": [task],
        }
        return json.dumps(event, separators=(",", ":")).encode()

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {SCHEMA: self.schema} if self.schema else {}
        return wire | ({ARGUMENTS: dict(self.arguments)} if self.arguments else {})

    def summary(self) -> list[tuple[str, str]]:
        given = ", ".join(f"{name}={value}" for name, value in self.arguments)
        return [("Invocation schema", self.version), ("User arguments", given or "None")]


def encoded(key: str) -> str:
    """ "a%2Bb+c/%C3%BC.txt" for "a+b c/ü.txt"."""
    return quote_plus(key, safe="/", errors="surrogatepass")


def task_id_of(job_id: str, row: int) -> str:
    """The same however often the task is run."""
    digest = sha256(f"{job_id}/{row}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:_ID_BYTES]).decode()


def parse_event(parameters: Mapping[str, Any], check: Checker) -> Event:
    schema = check.choice(parameters.get(SCHEMA), SCHEMA, SCHEMAS) or ""
    arguments = _parse_arguments(parameters.get(ARGUMENTS), check)
    if arguments and schema != V2:
        check.say(ARGUMENTS, f"{ARGUMENTS} need 2.0 as {SCHEMA}: 1.0 has no place for them.")
    return Event(schema, arguments)


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
