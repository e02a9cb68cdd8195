"""All models, re-exported: importers say `from jobs.models import Job`."""

from jobs.models.access_key import AccessKey
from jobs.models.access_policy import AccessPolicy, PrincipalTag
from jobs.models.activity import JobEvent, StatusChange
from jobs.models.audit_entry import AppendOnlyError, AuditEntry
from jobs.models.bucket_count import BucketCount
from jobs.models.bulk_action import BulkAction, BulkItem
from jobs.models.capability import FoundCapability, ProbedBucket
from jobs.models.chunk import Chunk
from jobs.models.connection import FunctionEndpoint, Webhook
from jobs.models.delivery import Delivery
from jobs.models.draft import Draft
from jobs.models.failed_sign_in import FailedSignIn
from jobs.models.failure import FailureCause, FailureSample
from jobs.models.foreseen import ForeseenCount
from jobs.models.job import Job, JobQuerySet, JobTag, new_job_id
from jobs.models.list_part import ListPart
from jobs.models.list_upload import ListUpload
from jobs.models.person import Person
from jobs.models.prepared import Prepared
from jobs.models.rate_sample import RateSample
from jobs.models.region import Bucket, Region
from jobs.models.report import Report
from jobs.models.role import Role, RoleCredentials
from jobs.models.search_text import SearchText
from jobs.models.service_account import ServiceAccount
from jobs.models.set_aside import SetAside
from jobs.models.sign_in import (
    BrowserSession,
    PasswordLink,
    ProviderIdentity,
    RecoveryCode,
    SecondFactor,
)
from jobs.models.subscription import Subscription

__all__ = [
    "AccessKey",
    "AccessPolicy",
    "AppendOnlyError",
    "AuditEntry",
    "BrowserSession",
    "Bucket",
    "BucketCount",
    "BulkAction",
    "BulkItem",
    "Chunk",
    "Delivery",
    "Draft",
    "FailedSignIn",
    "FailureCause",
    "FailureSample",
    "ForeseenCount",
    "FoundCapability",
    "FunctionEndpoint",
    "Job",
    "JobEvent",
    "JobQuerySet",
    "JobTag",
    "ListPart",
    "ListUpload",
    "PasswordLink",
    "Person",
    "Prepared",
    "PrincipalTag",
    "ProbedBucket",
    "ProviderIdentity",
    "RateSample",
    "RecoveryCode",
    "Region",
    "Report",
    "Role",
    "RoleCredentials",
    "SearchText",
    "SecondFactor",
    "ServiceAccount",
    "SetAside",
    "StatusChange",
    "Subscription",
    "Webhook",
    "new_job_id",
]
