"""The pages of the console; fragments that htmx fetches lie below /_/."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from jobs.console import retry_failed
from jobs.console.help import views as help_views
from jobs.console.notifications import views as notifications
from jobs.console.views import (
    actions,
    audit,
    detail,
    limits,
    listing,
    losing,
    overview,
    pausing,
    report,
    report_list,
    search,
    workers,
)


class JobIdConverter:
    """Anything else is no job, and never reaches the database."""

    regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ExportConverter(JobIdConverter):
    regex = "csv|jsonl"


register_converter(JobIdConverter, "job")
register_converter(ExportConverter, "export")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("jobs/", listing.job_list, name="job-list"),
    path("jobs/export.csv", listing.job_export, name="job-export"),
    path("jobs/<job:job_id>/", detail.job_detail, name="job-detail"),
    path("jobs/<job:job_id>/failures/", detail.job_failures, name="job-failures"),
    path("jobs/<job:job_id>/report/", report.job_report, name="job-report"),
    path(
        "jobs/<job:job_id>/report/download/",
        report.job_report_download,
        name="job-report-download",
    ),
    path(
        "jobs/<job:job_id>/report/files/<int:number>/",
        report.job_report_file,
        name="job-report-file",
    ),
    path("search/", search.search_page, name="search"),
    path("help/", help_views.help_page, name="help"),
    path("reports/", report_list.report_list, name="report-list"),
    path("jobs/<job:job_id>/configuration/", detail.job_configuration, name="job-configuration"),
    path("jobs/<job:job_id>/activity/", detail.job_activity, name="job-activity"),
    path("jobs/<job:job_id>/run/", actions.job_run, name="job-run"),
    path("jobs/<job:job_id>/cancel/", actions.job_cancel, name="job-cancel"),
    path("jobs/<job:job_id>/pause/", pausing.job_pause, name="job-pause"),
    path("jobs/<job:job_id>/resume/", pausing.job_resume, name="job-resume"),
    path("jobs/<job:job_id>/lost-rows/", losing.job_lost, name="job-lost"),
    path("jobs/<job:job_id>/priority/", actions.job_priority, name="job-priority"),
    path("jobs/<job:job_id>/limits/", limits.job_limits, name="job-limits"),
    path("jobs/<job:job_id>/tags/", actions.job_tags, name="job-tags"),
    path("jobs/<job:job_id>/tell-me/", notifications.tell_me, name="job-tell-me"),
    path("jobs/<job:job_id>/retry/", retry_failed.job_retry, name="job-retry"),
    path("jobs/create/<uuid:draft_id>/retry-list/", retry_failed.retry_list, name="retry-list"),
    path(
        "_/drafts/<uuid:draft_id>/retry-list/", retry_failed.retry_list_live, name="retry-list-live"
    ),
    path("_/jobs/<job:job_id>/retries/", retry_failed.job_retries, name="job-retries"),
    path("_/jobs/<job:job_id>/live/", detail.job_live, name="job-live"),
    path("_/jobs/", listing.list_live, name="list-live"),
    path("audit/", audit.audit_list, name="audit-list"),
    path("audit/<int:pk>/", audit.audit_entry, name="audit-entry"),
    path("audit/export.<export:kind>", audit.audit_export, name="audit-export"),
    path("workers/", workers.worker_list, name="worker-list"),
    path("_/workers/", workers.workers_live, name="workers-live"),
    path("set-aside/", overview.set_aside, name="set-aside"),
    path("set-aside/bring-back/", overview.bring_back, name="bring-back"),
    path("_/overview/", overview.overview_live, name="overview-live"),
    path("", include("jobs.console.bulk.urls")),
    path("", include("jobs.console.sign_in.urls")),
    path("", include("jobs.console.account.urls")),
    path("", include("jobs.console.people.urls")),
    path("", include("jobs.console.wizard.urls")),
    path("", include("jobs.console.regions.urls")),
    path("", include("jobs.console.connections.urls")),
    path("", include("jobs.console.policies.urls")),
    path("", include("jobs.console.notifications.urls")),
    path("", include("jobs.console.access_keys.urls")),
    path("", include("jobs.console.service_accounts.urls")),
]
