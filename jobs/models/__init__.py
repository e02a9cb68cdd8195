"""All models, re-exported: importers say `from jobs.models import Job`."""

from jobs.models.activity import JobEvent, StatusChange
from jobs.models.capability import FoundCapability, ProbedBucket
from jobs.models.chunk import Chunk
from jobs.models.connection import FunctionEndpoint, Webhook
from jobs.models.draft import Draft
from jobs.models.failed_sign_in import FailedSignIn
from jobs.models.failure import FailureCause, FailureSample
from jobs.models.foreseen import ForeseenCount
from jobs.models.job import Job, JobQuerySet, JobTag, new_job_id
from jobs.models.list_part import ListPart
from jobs.models.list_upload import ListUpload
from jobs.models.prepared import Prepared
from jobs.models.rate_sample import RateSample
from jobs.models.region import Bucket, Region
from jobs.models.report import Report
from jobs.models.role import Role, RoleCredentials

__all__ = [
    "Bucket",
    "Chunk",
    "Draft",
    "FailedSignIn",
    "FailureCause",
    "FailureSample",
    "ForeseenCount",
    "FunctionEndpoint",
    "FoundCapability",
    "Job",
    "JobEvent",
    "JobQuerySet",
    "JobTag",
    "ListPart",
    "ListUpload",
    "Prepared",
    "ProbedBucket",
    "RateSample",
    "Region",
    "Report",
    "Role",
    "RoleCredentials",
    "StatusChange",
    "Webhook",
    "new_job_id",
]
