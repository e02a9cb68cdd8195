"""What every door hands to `create_job`: a whole job, checked for shape, naming its parts."""

from dataclasses import dataclass, field
from typing import Any

from jobs.spec.object_list import ListSpec
from jobs.spec.report import ReportSpec

MAX_PRIORITY = 2_147_483_647
MAX_DESCRIPTION = 256
MAX_JOB_TAGS = 50
MAX_SAMPLE = 5_000
MAX_TOKEN = 64
MAX_REPORT_PREFIX = 512


@dataclass(frozen=True, slots=True)
class LimitsSpec:
    """How fast a job may go, and how much failure it bears.

    None means no ceiling. From `failure_floor` tasks on, more than `failure_percent` per cent
    failed stop the job (docs/batch-operations.md, Failure threshold; the numbers are AWS's).
    `canary_tasks` of 0 is no canary.
    """

    requests_per_s: int | None = None
    in_flight: int | None = None
    failure_floor: int = 1_000
    failure_percent: int = 50
    canary_tasks: int = 0
    canary_percent: int = 10


@dataclass(frozen=True, slots=True)
class JobSpec:
    """`operation` is a registry name ("S3PutObjectTagging"), `parameters` its wire form as JSON.

    `region` is the primary key of the Region, `role_arn` an ARN that maps to credentials there.
    Of a retry, `retry_of` is the ID of the old job and the manifest a list of its failed objects,
    named as in retry_list.py. A `dry_run` only reads, and says what the job would do, to all
    listed objects or to a sample of `sample_rows`. `guarded_by` is the ID of a dry run whose list
    the job runs: what has changed since is not touched.
    """

    region: int
    operation: str
    parameters: dict[str, Any]
    manifest: ListSpec
    report: ReportSpec
    priority: int
    role_arn: str
    client_request_token: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    confirmation_required: bool = True
    cloned_from: str | None = None
    retry_of: str | None = None
    limits: LimitsSpec = LimitsSpec()
    dry_run: bool = False
    sample_rows: int | None = None
    guarded_by: str | None = None
