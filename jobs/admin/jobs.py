"""Jobs and what belongs to them, of those that somebody sees. Read-only: what may happen to a job goes
through its lifecycle.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.access.actions import Action
from jobs.admin.deciding import DecidedAdmin, DecidedInline, visible
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
from jobs.operations import registry
from jobs.queries.paging import KeysFirst


class OfJobInline(DecidedInline):
    sees = Action.DESCRIBE_JOB


class OfJobAdmin(DecidedAdmin):
    """Rows of the jobs that who asks sees; `job` is where a row names its job."""

    sees = Action.DESCRIBE_JOB
    job = "job"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows, seen = super().get_queryset(request), visible(request)
        # Who sees all jobs asks for no list of them.
        return rows.filter(**{f"{self.job}__in": seen}) if seen.query.has_filters() else rows


class StatusChangeInline(OfJobInline):
    model = StatusChange
    fields = ["at", "from_status", "to_status", "actor", "reason"]


class JobEventInline(OfJobInline):
    model = JobEvent
    fields = ["at", "kind", "actor", "before", "after"]


class JobTagInline(OfJobInline):
    sees = Action.GET_JOB_TAGGING
    model = JobTag


class FailureCauseInline(OfJobInline):
    model = FailureCause


class OperationFilter(admin.SimpleListFilter):
    """By the operations that there are, and not by those of all jobs."""

    title = "operation"
    parameter_name = "operation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(one.name, one.label) for one in registry.OPERATIONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        return queryset.filter(operation=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(OfJobAdmin):
    job = "pk"
    list_display = [
        "id", "status", "description", "operation", "region", "priority", "created_at",
        "total_tasks", "tasks_succeeded", "tasks_failed", "retry_of_id",
    ]  # fmt: skip
    list_filter = ["status", OperationFilter, "region"]
    search_fields = ["id", "description"]
    ordering = ["-created_at", "-id"]
    list_select_related = ["region"]
    list_per_page = 50
    paginator = KeysFirst
    show_full_result_count = False
    readonly_fields = ["retried_by"]
    inlines = [JobTagInline, StatusChangeInline, JobEventInline, FailureCauseInline]

    @admin.display(description="retried by")
    def retried_by(self, job: Job) -> str:
        return ", ".join(job.retries.order_by("created_at").values_list("pk", flat=True)) or "-"


@admin.register(Chunk)
class ChunkAdmin(OfJobAdmin):
    list_display = ["job_id", "position", "rows", "state", "owner", "fence", "succeeded", "failed"]
    list_filter = ["state"]
    search_fields = ["job__id"]


@admin.register(StatusChange)
class StatusChangeAdmin(OfJobAdmin):
    list_display = ["at", "job_id", "from_status", "to_status", "actor", "reason"]
    list_filter = ["to_status"]
    search_fields = ["job__id", "reason"]


@admin.register(FailureSample)
class FailureSampleAdmin(OfJobAdmin):
    list_display = ["job_id", "line", "bucket", "raw_key", "code", "http_status", "message"]
    list_filter = ["code"]
    search_fields = ["job__id", "raw_key"]


@admin.register(Report)
class ReportAdmin(OfJobAdmin):
    sees = Action.GET_JOB_REPORT
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
class DraftAdmin(DecidedAdmin):
    sees = Action.MANAGE_ACCESS
    list_display = ["id", "owner", "source", "version", "job", "updated_at"]
    list_filter = ["owner"]
