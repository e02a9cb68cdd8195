"""What a function or a webhook answers about a task. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    SUCCEEDED = "Succeeded"
    TEMPORARY = "TemporaryFailure"
    PERMANENT = "PermanentFailure"


_CODES = {code.lower(): code for code in Code}


@dataclass(frozen=True, slots=True)
class Result:
    """`text` is what it says of the task, for the report; often empty."""

    code: Code
    text: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """`missing` is what becomes of a task that is not named."""

    named: Mapping[str, Result]
    missing: Code

    def of(self, task_id: str) -> Result:
        return self.named.get(task_id, Result(self.missing))


def result_of(payload: bytes, task_id: str) -> Result | None:
    """Of an answer about one task, as `results_of`."""
    results = results_of(payload)
    return results.of(task_id) if results else None


def results_of(payload: bytes) -> Results | None:
    """None for what is no answer of this form. A task that is not named is what the answer says of
    missing ones: a temporary failure where it says nothing.
    """
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, Mapping) or not isinstance(said.get("results"), list):
        return None
    missing = _code_of(said.get("treatMissingKeysAs", Code.TEMPORARY))
    results = [_read(result) for result in said["results"]]
    if missing is None or None in results:
        return None
    return Results(dict(filter(None, reversed(results))), missing)


def _read(result: Any) -> tuple[str, Result] | None:
    if not isinstance(result, Mapping):
        return None
    code, text = _code_of(result.get("resultCode")), result.get("resultString")
    task_id = result.get("taskId")
    if code is None or not isinstance(task_id, str) or not isinstance(text, str | None):
        return None
    return task_id, Result(code, (text or "").encode("utf-8", "replace").decode())


def _code_of(word: Any) -> Code | None:
    """Capital and small letters make no difference, as on AWS."""
    return _CODES.get(word.lower()) if isinstance(word, str) else None
