"""What can be done to many jobs: which command of the lifecycle, and when a job's state allows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobs.access.actions import Action
from jobs.access.asking import Keys, requesting_status
from jobs.access.decisions import Decision
from jobs.choices import JobStatus
from jobs.console.pausing import why_not_pause
from jobs.console.why_not import (
    why_not_cancel,
    why_not_priority,
    why_not_resume,
    why_not_run,
)
from jobs.errors import JobStatusError
from jobs.lifecycle import commands, pauses, priorities
from jobs.lifecycle.tagging import action_of, replace_tags
from jobs.models import Job

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """Of one job: `settings` are what was typed for all of them, `decide` asks for this job."""

    job_id: str
    settings: Settings
    decide: Callable[[Action], Decision]
    now: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """`label` and `safe` are buttons, `heading` stands before "12 jobs" and `done` behind "12 jobs were",
    `doing` begins a refusal. `keys` are what of the request is known already; `why_not` is asked of a job that comes with its Region.
    """

    name: str
    label: str
    heading: str
    done: str
    doing: str
    action: Action
    command: Callable[[Turn], object]
    why_not: Callable[[Job], str]
    keys: Keys = field(default_factory=dict)
    safe: str = "Not now"
    is_danger: bool = False


def _run(turn: Turn) -> None:
    commands.confirm(turn.job_id, by=turn.decide(Action.UPDATE_JOB_STATUS), now=turn.now)


def _cancel(turn: Turn) -> None:
    by = turn.decide(Action.UPDATE_JOB_STATUS)
    commands.cancel(turn.job_id, by=by, now=turn.now, reason=turn.settings["reason"])


def _pause(turn: Turn) -> None:
    pauses.pause(turn.job_id, by=turn.decide(Action.PAUSE_JOB), now=turn.now)


def _resume(turn: Turn) -> None:
    pauses.resume(turn.job_id, by=turn.decide(Action.RESUME_JOB), now=turn.now)


def _set_priority(turn: Turn) -> None:
    by = turn.decide(Action.UPDATE_JOB_PRIORITY)
    priorities.reprioritise(turn.job_id, turn.settings["priority"], by=by, now=turn.now)


def _add_tag(turn: Turn) -> None:
    tags = _tags_of(turn.job_id)
    _replace_tags(turn, tags | {turn.settings["key"]: turn.settings["value"]})


def _delete_tag(turn: Turn) -> None:
    tags, key = _tags_of(turn.job_id), turn.settings["key"]
    if key not in tags:
        raise JobStatusError(f"The job has no tag with the key {key}.")
    _replace_tags(turn, {name: value for name, value in tags.items() if name != key})


def _tags_of(job_id: str) -> dict[str, str]:
    """Locked until the end of the transaction: all tags are written, so none may be added meanwhile."""
    return dict(commands.locked_job(job_id).tags.values_list("key", "value"))


def _replace_tags(turn: Turn, tags: dict[str, str]) -> None:
    replace_tags(turn.job_id, tags, by=turn.decide(action_of(tags)), now=turn.now)


def _always(_job: Job) -> str:
    return ""


ACTS = (
    Act("run", "Run jobs", "Run", "confirmed to run", "Running jobs",
        Action.UPDATE_JOB_STATUS, _run, why_not_run, requesting_status(JobStatus.READY)),
    Act("pause", "Pause", "Pause", "paused", "Pausing jobs",
        Action.PAUSE_JOB, _pause, why_not_pause, safe="Keep running"),
    Act("resume", "Resume", "Resume", "resumed", "Resuming jobs",
        Action.RESUME_JOB, _resume, why_not_resume),
    Act("priority", "Update priority", "Update priority of", "changed: the priority is updated",
        "Changing the priority", Action.UPDATE_JOB_PRIORITY, _set_priority, why_not_priority),
    Act("add-tag", "Add tag", "Add a tag to", "changed: the tag is added", "Changing tags",
        Action.PUT_JOB_TAGGING, _add_tag, _always),
    Act("delete-tag", "Delete tag", "Delete a tag from", "changed: the tag is deleted", "Changing tags",
        Action.PUT_JOB_TAGGING, _delete_tag, _always),
    Act("cancel", "Cancel jobs", "Cancel", "cancelled", "Cancelling jobs",
        Action.UPDATE_JOB_STATUS, _cancel, why_not_cancel,
        requesting_status(JobStatus.CANCELLED), safe="Keep jobs", is_danger=True),
)  # fmt: skip
BY_NAME = {act.name: act for act in ACTS}
