"""How each act is tried through each door. An attempt answers whether it came through."""

from collections.abc import Callable
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError
from django.urls import reverse
from django.utils import timezone

from jobs.choices import JobStatus, ManifestField, ManifestFormat
from jobs.console.views import actions
from jobs.console.wizard import submit
from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS
from jobs.models import Draft
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.doors.world import TAG, World
from tests.s3control.client import ACCOUNT

Attempt = Callable[[World], bool]

STATUS = {
    "batchconsole:PauseJob": JobStatus.ACTIVE,
    "batchconsole:ResumeJob": JobStatus.PAUSED,
    "batchconsole:RetryJob": JobStatus.COMPLETE,
    "batchconsole:GetJobReport": JobStatus.COMPLETE,
    "batchconsole:UpdateJobLimits": JobStatus.ACTIVE,
}
"""That the job is in; else Suspended."""

CHANGES = {
    "s3:CreateJob, iam:PassRole",
    "s3:UpdateJobPriority",
    "s3:UpdateJobStatus to Ready",
    "s3:UpdateJobStatus to Cancelled",
    "s3:PutJobTagging",
    "s3:DeleteJobTagging",
    "batchconsole:PauseJob",
    "batchconsole:ResumeJob",
    "batchconsole:UpdateJobLimits",
}
"""Acts after which something is not as before."""

SIGN_IN = "/sign-in/"


def _opens(*names: str, **query: str) -> Attempt:
    def attempt(world: World) -> bool:
        name, *of = names
        answer = world.browser.get(reverse(name, args=[world.job.pk] if of else []), query)
        assert answer.status_code in (200, 302, 403, 404), answer
        return answer.status_code == 200

    return attempt


def _sends(name: str, **typed: str) -> Attempt:
    def attempt(world: World) -> bool:
        answer = world.browser.post(reverse(name, args=[world.job.pk]), typed)
        assert answer.status_code in (302, 303, 403, 404, 409), answer
        signs_in = answer.headers.get("Location", "").startswith(SIGN_IN)
        return answer.status_code in (303, 409) and not signs_in

    return attempt


def _runs(world: World) -> bool:
    (bucket,) = world.job.buckets
    return _sends("job-run", expected="Suspended", understood="on", typed=bucket)(world)


def _tags(key: str, value: str) -> Attempt:
    def attempt(world: World) -> bool:
        seen = actions._mark(dict(world.job.tags.values_list("key", "value")))
        return _sends("job-tags", key=key, value=value, save="", seen=seen)(world)

    return attempt


def _sees_tags(world: World) -> bool:
    answer = world.browser.get(reverse("job-configuration", args=[world.job.pk]))
    return TAG in answer.text


def _begins(world: World) -> bool:
    answer = world.browser.post(reverse("job-create"))
    return answer.status_code == 303 and Draft.objects.filter(owner=world.user).exists()


def _spec_of(world: World) -> JobSpec:
    fields = (ManifestField.BUCKET, ManifestField.KEY)
    return JobSpec(
        region=world.region.pk,
        operation="S3DeleteObjectTagging",
        parameters={},
        manifest=ManifestSpec("lists", "all.csv", "0" * 32, fields),
        report=ReportSpec(enabled=False),
        priority=10,
        role_arn=world.job.role.arn,
        client_request_token="once",
    )


def _creates(world: World) -> bool:
    """Of a draft that is ready: what its storage says of the list is no matter of access."""
    now = timezone.now()
    touched = [MANIFEST.slug, OPERATION.slug, OPTIONS.slug]
    draft = Draft.objects.create(owner=world.user, created_at=now, updated_at=now, touched=touched)
    ready = mock.patch.object(submit.Reading, "spec", lambda *_, **__: _spec_of(world))
    with ready, mock.patch.object(submit.review_pages, "refused", return_value=None):
        answer = world.browser.post(
            reverse("wizard-step", args=[draft.pk, "review"]), {"go": "next"}
        )
    assert answer.status_code in (302, 303, 403), answer
    return answer.status_code == 303


BROWSER: dict[str, Attempt] = {
    "s3:ListJobs": _opens("job-list"),
    "s3:DescribeJob": _opens("job-detail", "job"),
    "s3:GetJobTagging": _sees_tags,
    "s3:CreateJob": _begins,
    "s3:CreateJob, iam:PassRole": _creates,
    "s3:UpdateJobPriority": _sends("job-priority", priority="7"),
    "s3:UpdateJobStatus to Ready": _runs,
    "s3:UpdateJobStatus to Cancelled": _sends("job-cancel", reason="wrong"),
    "s3:PutJobTagging": _tags("more", "1"),
    "s3:DeleteJobTagging": _tags("", ""),
    "batchconsole:PauseJob": _sends("job-pause"),
    "batchconsole:ResumeJob": _sends("job-resume"),
    "batchconsole:RetryJob": _sends("job-retry"),
    "batchconsole:UpdateJobLimits": _sends("job-limits", requests_per_s="", in_flight="8"),
    "batchconsole:GetJobReport": _opens("job-report", "job"),
    "batchconsole:ManageRegions": _opens("region-list"),
    "batchconsole:ManageAccess": _opens("service-account-list"),
    "batchconsole:ViewAudit": _opens("audit-list"),
}


# The REST API

REFUSALS = {"AccessDenied", "NotFoundException", "InvalidAccessKeyId"}


def _calls(name: str, *, passes: str = "", **arguments: Any) -> Attempt:
    """`passes` is the error of a request that came by the decision, and is wrong after it."""

    def attempt(world: World) -> bool:
        of = {} if name in ("list_jobs", "create_job") else {"JobId": world.job.pk}
        try:
            getattr(world.api(), name)(AccountId=ACCOUNT, **of, **arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if passes and code == passes:
                return True
            assert code in REFUSALS, error
            return False
        return True

    return attempt


def _calls_to_create(world: World) -> bool:
    return _calls(
        "create_job",
        Operation={"S3DeleteObjectTagging": {}},
        Manifest={
            "Spec": {"Format": ManifestFormat.CSV.value, "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": "arn:aws:s3:::lists/all.csv", "ETag": "0" * 32},
        },
        Report={"Enabled": False},
        Priority=10,
        RoleArn=world.job.role.arn,
    )(world)


API: dict[str, Attempt] = {
    "s3:ListJobs": _calls("list_jobs"),
    "s3:DescribeJob": _calls("describe_job"),
    "s3:GetJobTagging": _calls("get_job_tagging"),
    "s3:CreateJob": _calls(
        "create_job",
        passes="BadRequestException",
        Operation={},
        Report={"Enabled": False},
        Priority=1,
        RoleArn="no ARN",
    ),
    "s3:CreateJob, iam:PassRole": _calls_to_create,
    "s3:UpdateJobPriority": _calls("update_job_priority", Priority=7),
    "s3:UpdateJobStatus to Ready": _calls("update_job_status", RequestedJobStatus="Ready"),
    "s3:UpdateJobStatus to Cancelled": _calls("update_job_status", RequestedJobStatus="Cancelled"),
    "s3:PutJobTagging": _calls("put_job_tagging", Tags=[{"Key": "more", "Value": "1"}]),
    "s3:DeleteJobTagging": _calls("delete_job_tagging"),
}


def has_no_such_call(world: World, act: str) -> None:
    """No path of the API does `act`, whoever signs."""
    word = act.rpartition(":")[2].removesuffix("Job").lower()

    def send(request: Any, **_: Any) -> Any:
        request.url = request.url.replace("/status?", f"/{word}?")

    client = world.api()
    client.meta.events.register_first("before-sign.s3-control", send)
    try:
        client.update_job_status(
            AccountId=ACCOUNT, JobId=world.job.pk, RequestedJobStatus="Cancelled"
        )
    except ClientError as error:
        assert error.response["Error"]["Code"] == "UnknownOperationException", error
    else:
        raise AssertionError(f"The API has a call {word}.")


# The admin site


def _admin_opens(name: str, *of: str, shows: str = "") -> Attempt:
    def attempt(world: World) -> bool:
        pk = {"job": world.job.pk, "report": getattr(world.job, "report", None)}
        arguments = [getattr(pk[one], "pk", pk[one]) for one in of]
        answer = world.browser.get(reverse(f"admin:{name}", args=arguments))
        assert answer.status_code in (200, 302, 403, 404), answer
        return answer.status_code == 200 and shows in answer.text

    return attempt


def _admin_renames_region(world: World) -> bool:
    region = world.region
    names = ("slug", "code", "endpoint_url", "addressing_style")
    typed = {name: getattr(region, name) for name in names} | {"name": "Renamed"}
    world.browser.post(reverse("admin:jobs_region_change", args=[region.pk]), typed)
    region.refresh_from_db()
    return region.name == "Renamed"


ADMIN: dict[str, Attempt] = {
    "s3:ListJobs": _admin_opens("jobs_job_changelist"),
    "s3:DescribeJob": _admin_opens("jobs_job_change", "job"),
    "s3:GetJobTagging": _admin_opens("jobs_job_change", "job", shows=TAG),
    "batchconsole:GetJobReport": _admin_opens("jobs_report_change", "report"),
    "batchconsole:ManageRegions": _admin_renames_region,
    "batchconsole:ManageAccess": _admin_opens("auth_user_changelist"),
}


def admin_refuses(world: World, act: str) -> None:
    """Whatever is sent to the admin site's pages of jobs, whoever sends it."""
    typed = {"priority": "7", "status": "Ready", "in_flight": "8", "tags-TOTAL_FORMS": "0"}
    for url in (
        reverse("admin:jobs_job_change", args=[world.job.pk]),
        reverse("admin:jobs_job_delete", args=[world.job.pk]),
        reverse("admin:jobs_job_add"),
        reverse("admin:jobs_draft_add"),
    ):
        answer = world.browser.post(url, typed | {"post": "yes", "act": act})
        led_away = answer.headers.get("Location", "").startswith(
            ("/admin/login/", "/admin/?", "/admin/")
        )
        assert answer.status_code == 403 or led_away, (url, answer)
