"""Tags on jobs: their rules, and changing them after creation.

See docs/batch-operations.md, Tags of a job.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from jobs.access.actions import Action
from jobs.access.asking import tagging
from jobs.access.decisions import Decision
from jobs.errors import Problem, ValidationFailedError
from jobs.lifecycle.commands import locked_job
from jobs.models import Job, JobEvent, JobTag
from jobs.spec import paths
from jobs.spec.job import MAX_JOB_TAGS

_PUNCTUATION = frozenset("_.:/=+-@")


def check_tags(tags: Mapping[str, str]) -> list[Problem]:
    """What is wrong with a set of tags, by wire path: `Tags[0].Key` is the first of them."""
    problems = []
    if len(tags) > MAX_JOB_TAGS:
        said = f"A job has at most {MAX_JOB_TAGS} tags, not {len(tags)}."
        problems.append(Problem(paths.TAGS, said))
    for n, (key, value) in enumerate(tags.items()):
        problems += [
            Problem(f"{paths.TAGS}[{n}].{part}", said) for part, said in _wrong(key, value)
        ]
    return problems


def replace_tags(job_id: str, tags: Mapping[str, str], *, by: Decision, now: datetime) -> Job:
    """Give a job exactly these tags; to take all away is an action of its own.

    Raises NoSuchJobError, AccessDeniedError, ValidationFailedError.
    """
    problems = check_tags(tags)
    if problems:
        raise ValidationFailedError(problems)
    with transaction.atomic():
        job = locked_job(job_id)
        by.hold(action_of(tags), job, tagging(tags), after={"tags": dict(tags)})
        before = dict(job.tags.values_list("key", "value"))
        if before != dict(tags):
            job.tags.all().delete()
            JobTag.objects.bulk_create(JobTag(job=job, key=k, value=v) for k, v in tags.items())
            JobEvent.objects.create(
                job=job,
                at=now,
                kind=JobEvent.Kind.TAGS,
                actor=by.actor,
                before=before,
                after=dict(tags),
            )
    return job


def action_of(tags: Mapping[str, str]) -> Action:
    """What has to be allowed for giving a job these tags."""
    return Action.PUT_JOB_TAGGING if tags else Action.DELETE_JOB_TAGGING


def _wrong(key: str, value: str) -> list[tuple[str, str]]:
    """Key or value, and a sentence."""
    problems = []
    if not 1 <= len(key) <= 128:
        problems.append(("Key", "A tag's key has 1 to 128 characters."))
    if len(value) > 256:
        problems.append(("Value", f'The value of tag "{key}" has more than 256 characters.'))
    if key.lower().startswith("aws:"):
        problems.append(("Key", f'Tag "{key}": keys that start with "aws:" are reserved.'))
    if not all(map(_is_allowed, key + value)):
        part = "Value" if all(map(_is_allowed, key)) else "Key"
        said = "use letters, digits, spaces and the characters _ . : / = + - @ only."
        problems.append((part, f'Tag "{key}": {said}'))
    return problems


def _is_allowed(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character)[0] in "LZN"
