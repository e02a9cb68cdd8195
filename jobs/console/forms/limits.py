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
        help_text="The highest rate, over all workers together. Leave empty for no limit: workers slow down"
        " by themselves when the storage throttles.",
    )
    in_flight = WholeField(
        label="Requests in flight",
        low=1,
        most=MAX_IN_FLIGHT,
        help_text="The most requests that each worker has open at the same time. Leave empty for the"
        " worker's own limit.",
    )


class LimitFields(CeilingFields):
    """Empty means what AWS does, as the hints say."""

    failure_percent = WholeField(
        label="Failed tasks in percent",
        low=0,
        most=100,
        help_text=f"The job stops if more than this fail. Leave empty for {USUAL.failure_percent}, as on"
        " AWS. Enter 100 to never stop.",
    )
    failure_floor = WholeField(
        label="Minimum number of tasks",
        low=1,
        most=MAX_TASKS,
        help_text="Failures do not stop the job before this many tasks have run. Leave empty for"
        f" {USUAL.failure_floor:,}, as on AWS.",
    )
    canary_tasks = WholeField(
        label="Tasks that run first",
        low=0,
        most=MAX_TASKS,
        help_text="The job runs these first and continues only if they go well. Leave empty, or enter 0, for"
        " no canary.",
    )
    canary_percent = WholeField(
        label="Failed canary tasks in percent",
        low=0,
        most=100,
        help_text="The job pauses and asks you if more than this fail. Leave empty for"
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
