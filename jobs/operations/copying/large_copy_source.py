"""The source of a copy in parts, looked at: what it is like, or why its task fails."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from jobs.operations import looks
from jobs.operations.base import Outcome, outcome_of
from jobs.operations.context import Context
from jobs.operations.looks import Facts
from jobs.operations.steps import CHANGED, Step
from jobs.s3.answers import UNCLEAR, Answer
from jobs.spec.target import Target

CUSTOMER_KEY = (
    "The object is encrypted with a customer-provided key (SSE-C), which a job does not have. Copy it"
    " with a client that has the key."
)


def look_at_source(source: Target, context: Context) -> Generator[Step, Any, Facts | Outcome]:
    """An Outcome where it cannot be copied: it is gone, may not be read, or is not as it was."""
    asked = looks.ask(source, context, "HeadObject", is_look=False)
    answer = yield asked
    facts = looks.facts_in(answer)
    if answer.code.isdecimal():  # HEAD has no words
        ranged = {**asked.params, "Range": "bytes=0-0"}
        answer = yield replace(asked, action="GetObject", params=ranged)
    if answer.code:
        return refused(answer)
    if facts is None:
        message = (
            "The storage does not say of the object what a copy in parts needs: size and ETag."
        )
        return Outcome(False, answer.http_status, UNCLEAR, message)
    guard = source.guard
    if guard is not None and guard.etag and guard.etag.strip('"') != facts.etag.strip('"'):
        message = "The object has changed since it was looked at, so it was not copied."
        return Outcome(False, 412, CHANGED, message)
    return facts


def refused(answer: Answer) -> Outcome:
    """How a task ends whose copy was refused, with a sentence where the storage's does not help."""
    if answer.http_status == 400 and "server side encryption" in answer.message.lower():
        return Outcome(False, answer.http_status, answer.code, CUSTOMER_KEY)
    return outcome_of(answer)
