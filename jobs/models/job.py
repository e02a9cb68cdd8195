"""A job: one operation over one list of objects (docs/batch-operations.md, Creating a job)."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models

from jobs.choices import (
    ASKING,
    REPORT_FORMAT,
    TERMINAL,
    JobStatus,
    PauseCause,
    ReportScope,
)
from jobs.models.prepared import Prepared
from jobs.models.region import Region
from jobs.models.role import Role
from jobs.spec.object_list import ListSpec, list_from_wire
from jobs.spec.report import ReportSpec

SORTED = ("status", "description", "operation", "priority", "tasks_failed", "total_tasks")
"""By these, and by its creation, the list of jobs may be sorted."""


def new_job_id() -> str:
    return str(uuid.uuid4())


class JobQuerySet(models.QuerySet["Job"]):
    def going(self) -> Self:
        """Those that have not ended: few, however many jobs there are. Their status says the same,
        but of a status a database only knows how many jobs it has on the average.
        """
        return self.filter(terminated_at__isnull=True)


class Job(Prepared):
    """`parameters` is the operation's wire form. Counters are exact at every commit.

    Moments are UTC; fields ending in `_s` are seconds, `lease_expires_s` on the database's
    clock since the epoch.
    """

    id = models.CharField(primary_key=True, max_length=36, default=new_job_id, editable=False)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="jobs", db_index=False
    )
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="jobs")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="jobs",
        db_index=False,
    )
    description = models.CharField(max_length=256, blank=True)
    priority = models.PositiveIntegerField(default=10)
    status = models.CharField(max_length=12, choices=JobStatus.choices, default=JobStatus.NEW)
    operation = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    client_request_token = models.CharField(max_length=64, unique=True)
    request_fingerprint = models.CharField(max_length=64, editable=False)
    confirmation_required = models.BooleanField(default=True)
    dry_run = models.BooleanField(default=False)
    """It looks at every object and says what would happen to it; nothing is changed."""
    sample_rows = models.PositiveIntegerField(null=True, blank=True)
    """Of a dry run that looks at so many of the listed objects only; None for all."""
    listed_rows = models.PositiveBigIntegerField(null=True, blank=True)
    """Of a sample: how many the manifest lists."""
    list_kept_until = models.DateTimeField(null=True, blank=True)
    """Of a dry run that came to its end: its list lies in work storage, with what was seen."""
    guarded_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="real_jobs"
    )
    """The dry run whose list this job runs: what has changed since is not touched."""
    cloned_from = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="clones"
    )

    retry_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="retries"
    )

    listed_by = models.JSONField()
    """The manifest in its wire form: {"Manifest": {"Spec": ..., "Location": ...}}."""

    generated_manifest = models.JSONField(default=dict, editable=False)
    """Where a generated list was saved: GeneratedManifestDescriptor in its wire form."""
    saved_files = models.JSONField(default=list, editable=False)
    """While it is saved: data files that are whole, see `engine.saved_list`."""

    report_enabled = models.BooleanField(default=True)
    report_bucket = models.CharField(max_length=63, blank=True)
    report_prefix = models.CharField(max_length=512, blank=True)
    report_scope = models.CharField(
        max_length=16, choices=ReportScope.choices, default=ReportScope.FAILED_TASKS_ONLY
    )
    report_bucket_owner = models.CharField(max_length=12, blank=True)
    """The account that the report's bucket is said to be of."""
    report_format = models.CharField(max_length=32, default=REPORT_FORMAT, editable=False)

    total_tasks = models.PositiveBigIntegerField(null=True, blank=True)
    tasks_succeeded = models.PositiveBigIntegerField(default=0)
    tasks_failed = models.PositiveBigIntegerField(default=0)
    buckets_checked = models.JSONField(default=list, editable=False)
    """While a job is prepared: those that were looked at."""
    found = models.JSONField(default=dict, editable=False)
    """What the operation's preconditions found that its tasks go by, by bucket."""

    created_at = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_cause = models.CharField(max_length=64, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    active_since = models.DateTimeField(null=True, blank=True)
    active_elapsed_s = models.FloatField(default=0)
    terminated_at = models.DateTimeField(null=True, blank=True)
    """None until the job comes to one of TERMINAL."""
    status_update_reason = models.CharField(max_length=256, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_reason = models.CharField(max_length=1024, blank=True)
    failure_line = models.PositiveBigIntegerField(null=True, blank=True)
    failure_file = models.CharField(max_length=1024, blank=True)
    """The file of the manifest that the line stands in; empty for the manifest itself."""

    requests_per_s = models.PositiveIntegerField(null=True, blank=True)
    """A person's ceiling on the job's requests; None for none."""
    in_flight = models.PositiveIntegerField(null=True, blank=True)
    """A person's ceiling on the requests that one worker keeps in flight for the job."""
    failure_floor = models.PositiveIntegerField(default=1000)
    failure_percent = models.PositiveSmallIntegerField(default=50)
    canary_tasks = models.PositiveIntegerField(default=0)
    """So many tasks run first; if too many of them fail, the job pauses and asks. 0 for none."""
    canary_percent = models.PositiveSmallIntegerField(default=10)
    canary_settled = models.BooleanField(default=False)
    """The canary has passed, or a person let the job go on in spite of it."""
    checks_waived = models.BooleanField(default=False)
    """A person let the job go on although the storage did not keep what it had accepted."""
    paused_cause = models.CharField(max_length=16, choices=PauseCause.choices, blank=True)
    paused_reason = models.CharField(max_length=2048, blank=True)
    """What the job was paused with, as a sentence; empty where the cause says it all."""

    waiting_for = models.CharField(max_length=512, blank=True)
    """Why nothing moves at the moment, as a sentence; empty when work goes on."""
    waiting_since = models.DateTimeField(null=True, blank=True)
    waiting_until_s = models.FloatField(default=0)

    served_s = models.FloatField(default=0)
    """When a chunk was claimed last while another job had one, too; on the database's clock."""

    lost_rows = models.PositiveBigIntegerField(default=0)
    """Rows that the report cannot have, or that cannot be run, since work storage lost them."""
    lost_rows_accepted = models.PositiveBigIntegerField(default=0)
    """A person let the job end without so many of them."""

    work_stored = models.PositiveBigIntegerField(default=0, editable=False)
    """How often something was put into work storage that is to be cleared away; 0 once it is."""
    report_files = models.JSONField(default=list)
    """Result files that are whole, while the report is written; see `reports.assemble`."""
    control_owner = models.CharField(max_length=64, blank=True)
    control_fence = models.PositiveIntegerField(default=0)
    control_lease_expires_s = models.FloatField(default=0)
    """While nobody holds it: when somebody did last."""
    control_tries = models.PositiveSmallIntegerField(default=0)
    """How often in a row it was tried to prepare or finish the job, and came to nothing: something
    unexpected, or a worker that died at it.
    """

    objects = JobQuerySet.as_manager()

    class Meta:
        # No ordering: who looks for the few that go on would sort by it, or walk through all of them
        # in its order. Whatever the list may be sorted by has an index, read in both directions.
        indexes = [
            *(
                models.Index(fields=[name, "created_at", "id"], name=f"job_by_{name}")
                for name in SORTED
            ),
            # With the number of failures: "with failures" is read from the index alone.
            models.Index(fields=["created_at", "id", "tasks_failed"], name="job_by_creation"),
            models.Index(fields=["region", "created_at", "id"], name="job_by_region"),
            models.Index(fields=["owner", "created_at", "id"], name="job_by_owner"),
            models.Index(fields=["region", "terminated_at"], name="job_by_region_and_end"),
            models.Index(fields=["status", "terminated_at"], name="job_by_status_and_end"),
            models.Index(fields=["terminated_at"], name="job_by_end"),
            models.Index(fields=["work_stored"], name="job_by_what_is_stored"),
            models.Index(
                fields=["list_kept_until"],
                name="job_by_kept_list",
                condition=models.Q(list_kept_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.description or f"Job {self.short_id}"

    @property
    def short_id(self) -> str:
        return self.id[:8]

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def asks(self) -> bool:
        """Whether a person has to decide, and perhaps does not know of it."""
        return self.status in (JobStatus.PAUSING, JobStatus.PAUSED) and self.paused_cause in ASKING

    @property
    def tasks_done(self) -> int:
        return self.tasks_succeeded + self.tasks_failed

    @property
    def manifest(self) -> ListSpec:
        return list_from_wire(self.listed_by)

    @property
    def names_versions(self) -> bool:
        """Whether the rows of its list name versions; before the first was read, what its columns say."""
        if self.lists_versions is None:
            return self.manifest.names_versions
        return self.lists_versions

    @property
    def report_spec(self) -> ReportSpec:
        return ReportSpec(
            enabled=self.report_enabled,
            bucket=self.report_bucket,
            prefix=self.report_prefix,
            scope=ReportScope(self.report_scope),
            expected_owner=self.report_bucket_owner,
        )


class JobTag(models.Model):
    """A label on a job (docs/batch-operations.md, Tags of a job)."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tags")
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="one_value_per_key")]
        indexes = [models.Index(fields=["key", "value"], name="tag_by_value")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
