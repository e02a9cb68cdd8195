"""How fast a job may go, and when it stops or asks: fields of the wizard and of a running job."""

from collections.abc import Mapping
from typing import Any

from jobs.console.forms.typed import StepForm, WholeField
from jobs.lifecycle.canary import default_tasks
from jobs.lifecycle.limits import MAX_IN_FLIGHT, MAX_REQUESTS_PER_S, MAX_TASKS
from jobs.models import Job
from jobs.operations.base import Operation
from jobs.spec.job import LimitsSpec

USUAL = LimitsSpec()


class CeilingFields(StepForm):
    """Of a job that is made, and of one that runs."""

    requests_per_s = WholeField(
        label="Requests per second",
        low=1,
        most=MAX_REQUESTS_PER_S,
        help_text="At most so many, over all workers together. Empty means as many as the storage"
        " bears: when it throttles, the workers slow down by themselves.",
    )
    in_flight = WholeField(
        label="Requests in flight",
        low=1,
        most=MAX_IN_FLIGHT,
        help_text="At most so many at the same time, for each worker. Empty means as many as a"
        " worker keeps.",
    )


class LimitFields(CeilingFields):
    """Empty means what AWS does, as the hints say."""

    failure_percent = WholeField(
        label="Failed tasks in percent",
        low=0,
        most=100,
        help_text=f"With more than that the job stops. Empty means {USUAL.failure_percent}, as on"
        " AWS. 100 never stops it.",
    )
    failure_floor = WholeField(
        label="Tasks that must have run",
        low=1,
        most=MAX_TASKS,
        help_text="Before that many, no failure stops the job. Empty means"
        f" {USUAL.failure_floor:,}, as on AWS.",
    )
    canary_tasks = WholeField(
        label="Tasks that run first",
        low=0,
        most=MAX_TASKS,
        help_text="Only when they went well, the others follow. Empty or 0 means that none run"
        " first.",
    )
    canary_percent = WholeField(
        label="Failed canary tasks in percent",
        low=0,
        most=100,
        help_text="With more than that the job pauses and asks. Empty means"
        f" {USUAL.canary_percent}.",
    )


def limits_of(cleaned: Mapping[str, Any]) -> LimitsSpec:
    """Of what the fields of LimitFields gave."""

    def given(name: str) -> int:
        value = cleaned[name]
        return int(getattr(USUAL, name) if value is None else value)

    return LimitsSpec(
        requests_per_s=cleaned["requests_per_s"],
        in_flight=cleaned["in_flight"],
        failure_floor=given("failure_floor"),
        failure_percent=given("failure_percent"),
        canary_tasks=given("canary_tasks"),
        canary_percent=given("canary_percent"),
    )


def typed_limits(limits: LimitsSpec | Job) -> dict[str, str]:
    """As somebody would have typed them."""
    typed = {name: getattr(limits, name) for name in LimitFields.base_fields}
    return {name: "" if value is None else str(value) for name, value in typed.items()}


def usual_limits(operation: type[Operation] | None) -> LimitsSpec:
    """What stands in the fields at first."""
    tasks = default_tasks(operation.risk) if operation else 0
    return LimitsSpec(canary_tasks=tasks)
