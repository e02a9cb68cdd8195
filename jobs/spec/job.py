"""What every door hands to `create_job`: a whole job, checked for shape, naming its parts."""

from dataclasses import dataclass, field
from typing import Any

from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec

MAX_PRIORITY = 2_147_483_647
MAX_DESCRIPTION = 256
MAX_JOB_TAGS = 50


@dataclass(frozen=True, slots=True)
class JobSpec:
    """`operation` is a registry name ("S3PutObjectTagging"), `parameters` its wire form as JSON.

    `region` is the primary key of the Region, `role_arn` an ARN that maps to credentials there.
    """

    region: int
    operation: str
    parameters: dict[str, Any]
    manifest: ManifestSpec
    report: ReportSpec
    priority: int
    role_arn: str
    client_request_token: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    confirmation_required: bool = True
    cloned_from: str | None = None
