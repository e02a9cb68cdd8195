"""Create job, drafts and clones; included by jobs.console.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console import quick_sample
from jobs.console.wizard import browse, fragments, listing, problem_download, real, views
from jobs.console.wizard.lists import urls as lists

urlpatterns: list[URLPattern | URLResolver] = [
    path("jobs/create/", views.job_create, name="job-create"),
    path("jobs/create/<uuid:draft_id>/leave/", views.draft_leave, name="draft-leave"),
    path(
        "jobs/create/<uuid:draft_id>/browse/<slug:field>/",
        browse.wizard_browse,
        name="wizard-browse",
    ),
    path(
        "jobs/create/<uuid:draft_id>/problems.csv",
        problem_download.draft_problems,
        name="draft-problems",
    ),
    path("jobs/create/<uuid:draft_id>/sample/", quick_sample.draft_sample, name="draft-sample"),
    path("jobs/<job:job_id>/sample/", quick_sample.job_sample, name="job-sample"),
    *lists.urlpatterns,
    path("jobs/create/<uuid:draft_id>/<slug:step>/", views.wizard_step, name="wizard-step"),
    path("jobs/<job:job_id>/clone/", views.job_clone, name="job-clone"),
    path("jobs/<job:job_id>/run-for-real/", real.job_real, name="job-real"),
    path("drafts/", listing.draft_list, name="draft-list"),
    path("drafts/<uuid:draft_id>/delete/", listing.draft_delete, name="draft-delete"),
    path(
        "_/drafts/<uuid:draft_id>/autosave/<slug:step>/",
        fragments.draft_autosave,
        name="draft-autosave",
    ),
    path("_/drafts/<uuid:draft_id>/preview/", fragments.draft_preview, name="draft-preview"),
    path("_/drafts/<uuid:draft_id>/source/", fragments.draft_source, name="draft-source"),
    path("_/drafts/<uuid:draft_id>/settings/", fragments.draft_settings, name="draft-settings"),
]
