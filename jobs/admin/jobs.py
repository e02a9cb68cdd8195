"""Jobs and what belongs to them. Read-only: what may happen to a job goes through its lifecycle."""

from django.contrib import admin

from jobs.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from jobs.models import (
    Chunk,
    Draft,
    FailureCause,
    FailureSample,
    Job,
    JobEvent,
    JobTag,
    Report,
    StatusChange,
)


class StatusChangeInline(ReadOnlyInline):
    model = StatusChange
    fields = ["at", "from_status", "to_status", "actor", "reason"]


class JobEventInline(ReadOnlyInline):
    model = JobEvent
    fields = ["at", "kind", "actor", "before", "after"]


class JobTagInline(ReadOnlyInline):
    model = JobTag


class FailureCauseInline(ReadOnlyInline):
    model = FailureCause


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = [
        "id", "status", "description", "operation", "region", "priority", "created_at",
        "total_tasks", "tasks_succeeded", "tasks_failed", "retry_of_id",
    ]  # fmt: skip
    list_filter = ["status", "operation", "region"]
    search_fields = ["id", "description"]
    date_hierarchy = "created_at"
    list_select_related = ["region"]
    readonly_fields = ["retried_by"]
    inlines = [JobTagInline, StatusChangeInline, JobEventInline, FailureCauseInline]

    @admin.display(description="retried by")
    def retried_by(self, job: Job) -> str:
        return ", ".join(job.retries.order_by("created_at").values_list("pk", flat=True)) or "-"


@admin.register(Chunk)
class ChunkAdmin(ReadOnlyAdmin):
    list_display = ["job_id", "position", "rows", "state", "owner", "fence", "succeeded", "failed"]
    list_filter = ["state"]
    search_fields = ["job__id"]


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    list_display = ["at", "job_id", "from_status", "to_status", "actor", "reason"]
    list_filter = ["to_status"]
    search_fields = ["job__id", "reason"]


@admin.register(FailureSample)
class FailureSampleAdmin(ReadOnlyAdmin):
    list_display = ["job_id", "line", "bucket", "raw_key", "code", "http_status", "message"]
    list_filter = ["code"]
    search_fields = ["job__id", "raw_key"]


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = [
        "job_id",
        "bucket",
        "manifest_key",
        "rows_succeeded",
        "rows_failed",
        "written_at",
    ]
    search_fields = ["job__id"]


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ["id", "owner", "source", "version", "job", "updated_at"]
    list_filter = ["owner"]
