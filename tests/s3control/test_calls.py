"""The eight calls, by boto3's own client: what they do, give back and refuse."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from django.db import connection
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.models import AccessPolicy, Job
from tests.make import make_job, make_region, make_user
from tests.s3control.client import ACCOUNT, key_of, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]


def code_of(caught):
    return caught.value.response["Error"]["Code"]


def said(caught):
    return caught.value.response["Error"]["Message"]


# --- CreateJob and DescribeJob


def test_job_is_made_and_described_as_it_was_asked_for(api, facts):
    job_id = api.create_job(**facts, ConfirmationRequired=False)["JobId"]
    told = api.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
    for name in ("Operation", "Manifest", "Report", "Priority", "RoleArn", "Description"):
        assert told[name] == facts[name]
    assert told["ConfirmationRequired"] is False
    assert told["JobArn"] == f"arn:aws:s3:us-west-2:{ACCOUNT}:job/{job_id}"
    assert told["Status"] == "New"
    assert told["FailureReasons"] == []
    assert told["ProgressSummary"]["TotalNumberOfTasks"] == 0
    assert "TerminationDate" not in told


def test_absent_confirmation_makes_the_job_wait(api, facts, settings):
    assert Job.objects.get(pk=api.create_job(**facts)["JobId"]).confirmation_required
    settings.BATCHCONSOLE_CONFIRMATION_REQUIRED = False
    facts["ClientRequestToken"] = "twice"
    assert not Job.objects.get(pk=api.create_job(**facts)["JobId"]).confirmation_required


def test_same_token_and_request_is_the_same_job_and_another_request_is_refused(api, facts):
    first = api.create_job(**facts)["JobId"]
    assert api.create_job(**facts)["JobId"] == first
    with pytest.raises(api.exceptions.IdempotencyException):
        api.create_job(**facts | {"Priority": 43})
    assert Job.objects.count() == 1


def test_both_or_neither_list_is_a_bad_request(api, facts):
    generator = {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::photos",
            "EnableManifestOutput": False,
        }
    }
    with pytest.raises(api.exceptions.BadRequestException, match="this one has both"):
        api.create_job(**facts, ManifestGenerator=generator)
    manifest = facts.pop("Manifest")
    with pytest.raises(api.exceptions.BadRequestException, match="this one has neither"):
        api.create_job(**facts)
    facts["ManifestGenerator"] = generator
    job_id = api.create_job(**facts)["JobId"]
    told = api.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
    assert told["ManifestGenerator"] == generator
    assert "Manifest" not in told and manifest


def test_etag_in_quotes_is_the_etag(api, facts):
    facts["Manifest"]["Location"]["ETag"] = '"60e460c9d1046e73f7dde5043ac3ae85"'
    job = Job.objects.get(pk=api.create_job(**facts)["JobId"])
    assert job.manifest.etag == "60e460c9d1046e73f7dde5043ac3ae85"


def changed(facts, path, value):
    *way, last = path.split(".")
    inner = facts
    for name in way:
        inner = inner[name]
    inner[last] = value
    return facts


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("RoleArn", "arn:aws:iam::999999999999:role/batch", "Cross-account pass role"),
        ("RoleArn", f"arn:aws:iam::{ACCOUNT}:role/nobody", "There is no IAM role"),
        ("Tags", [{"Key": "a", "Value": ""}, {"Key": "a", "Value": "b"}], r"Tags\[1\].Key"),
        ("Tags", [{"Key": f"k{n}", "Value": ""} for n in range(51)], "at most 50 tags"),
        ("Tags", [{"Key": "x", "Value": "a;b"}], r"Tags\[0\].Value"),
        ("Operation.S3PutObjectTagging.TagSet", [], "Operation.S3PutObjectTagging.TagSet"),
        ("Operation", {"S3DeleteObjectTagging": {}, "S3ReplicateObject": {}}, "exactly one"),
        ("Manifest.Location.ObjectArn", "arn:aws:s3:::lists", "Manifest.Location.ObjectArn"),
        ("Manifest.Spec.Fields", ["Bucket"], "Required fields are missing in the schema: Key"),
        ("Report.ExpectedBucketOwner", "999999999999", "Report.ExpectedBucketOwner"),
    ],
)
def test_what_is_wrong_is_a_bad_request_with_its_path(api, facts, path, value, told):
    with pytest.raises(api.exceptions.BadRequestException, match=told):
        api.create_job(**changed(facts, path, value))
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("Priority", -1), ("Priority", 2**31), ("Priority", "high")),
        *(("Description", "x" * 257), ("ClientRequestToken", "x" * 65), ("RoleArn", "")),
    ],
)
def test_what_no_client_would_send_is_a_bad_request_with_its_path(facts, name, value):
    lax = signed_in(key_of(make_user("operator"), timezone.now()), "us-west-2", checks=False)
    with pytest.raises(lax.exceptions.BadRequestException, match=name):
        lax.create_job(**changed(facts, name, value))
    assert not Job.objects.exists()


def test_report_that_is_asked_for_without_its_place_is_a_bad_request(api, facts):
    facts["Report"] = {"Enabled": True}
    with pytest.raises(api.exceptions.BadRequestException, match="Report.Bucket is missing"):
        api.create_job(**facts)
    facts["Report"] = {"Enabled": False}
    job_id = api.create_job(**facts)["JobId"]
    told = api.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
    assert told["Report"] == {"Enabled": False}


# --- Account and Region


def test_another_account_is_told_the_right_one(api, facts):
    with pytest.raises(api.exceptions.BadRequestException, match=f"account ID is {ACCOUNT}"):
        api.create_job(**facts | {"AccountId": "999999999999"})
    with pytest.raises(api.exceptions.NotFoundException, match=f"account ID is {ACCOUNT}"):
        api.describe_job(AccountId="999999999999", JobId="00e123a4")
    with pytest.raises(api.exceptions.InvalidRequestException, match=f"account ID is {ACCOUNT}"):
        api.list_jobs(AccountId="999999999999")


def test_job_of_another_region_is_not_found(as_role, api, facts):
    job_id = api.create_job(**facts)["JobId"]
    make_region("attic", code="attic-1")
    elsewhere = as_role("operator", "attic")
    with pytest.raises(elsewhere.exceptions.NotFoundException):
        elsewhere.describe_job(AccountId=ACCOUNT, JobId=job_id)
    assert elsewhere.list_jobs(AccountId=ACCOUNT)["Jobs"] == []


def test_region_is_named_by_its_code_where_only_one_has_it(as_role):
    make_region("attic", code="eu-attic-1")
    assert as_role("viewer", "eu-attic-1").list_jobs(AccountId=ACCOUNT)["Jobs"] == []
    make_region("cellar", code="eu-attic-1")
    client = as_role("viewer", "eu-attic-1")
    with pytest.raises(client.exceptions.InvalidRequestException, match="attic, cellar"):
        client.list_jobs(AccountId=ACCOUNT)


def test_slug_that_is_the_code_of_another_is_refused_with_the_slugs(as_role):
    make_region("attic", code="eu-1")
    make_region("cellar", code="attic")
    client = as_role("viewer", "attic")
    with pytest.raises(client.exceptions.InvalidRequestException, match="attic, cellar"):
        client.list_jobs(AccountId=ACCOUNT)


def test_unknown_region_is_told_which_there_are(as_role):
    client = as_role("viewer", "nowhere-1")
    with pytest.raises(client.exceptions.InvalidRequestException, match="us-west-2"):
        client.list_jobs(AccountId=ACCOUNT)


# --- ListJobs


def test_jobs_are_listed_the_newest_first_page_by_page(api, region):
    now = timezone.now()
    made = [make_job(region=region, created_at=now - timedelta(minutes=n)).pk for n in range(5)]
    seen, token = [], None
    while True:
        more = {"NextToken": token} if token else {}
        page = api.list_jobs(AccountId=ACCOUNT, MaxResults=2, **more)
        seen += [job["JobId"] for job in page["Jobs"]]
        token = page.get("NextToken")
        if not token:
            break
    assert seen == made


def test_jobs_are_listed_by_status(api, region):
    for status in (JobStatus.ACTIVE, JobStatus.COMPLETE, JobStatus.FAILED):
        make_job(region=region, status=status)
    page = api.list_jobs(AccountId=ACCOUNT, JobStatuses=["Active", "Failed"])
    assert {job["Status"] for job in page["Jobs"]} == {"Active", "Failed"}
    assert all(job["Operation"] == "S3PutObjectTagging" for job in page["Jobs"])


def test_token_of_another_list_is_invalid(api, region):
    for _ in range(3):
        make_job(region=region)
    token = api.list_jobs(AccountId=ACCOUNT, MaxResults=1)["NextToken"]
    for wrong in ({"NextToken": token, "JobStatuses": ["New"]}, {"NextToken": "made-up"}):
        with pytest.raises(api.exceptions.InvalidNextTokenException):
            api.list_jobs(AccountId=ACCOUNT, **wrong)


def test_unknown_status_is_an_invalid_request(api):
    with pytest.raises(api.exceptions.InvalidRequestException, match="Sleeping"):
        api.list_jobs(AccountId=ACCOUNT, JobStatuses=["Sleeping"])


def test_pages_are_of_one_number_of_queries(api, region, django_assert_max_num_queries):
    for _ in range(30):
        make_job(region=region)
    with django_assert_max_num_queries(12):
        assert len(api.list_jobs(AccountId=ACCOUNT)["Jobs"]) == 30


def test_jobs_of_one_team_are_listed_by_one_number_of_queries(region):
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    statements = [
        {"Effect": "Allow", "Action": "s3:ListJobs", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:DescribeJob", "Resource": "*", "Condition": blue},
    ]
    user = make_user(None, name="ana")
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    AccessPolicy.objects.create(name="Blue", document=document).users.add(user)
    client = signed_in(key_of(user, timezone.now()), "us-west-2")

    def listed():
        """How many jobs, and by how many queries."""
        asked = []
        with connection.execute_wrapper(lambda run, *rest: asked.append(rest[0]) or run(*rest)):
            jobs = client.list_jobs(AccountId=ACCOUNT)["Jobs"]
        return len(jobs), len(asked)

    for n in range(4):
        make_job(region=region, tags={"team": ("blue", "red")[n % 2]})
    few, queries = listed()
    for n in range(60):
        make_job(region=region, tags={"team": ("blue", "red")[n % 2]})
    assert (few, *listed()) == (2, 32, queries)
    assert 0 < queries < 10


# --- UpdateJobStatus and UpdateJobPriority


def test_suspended_job_is_run_by_ready(api, region):
    job = make_job(region=region, status=JobStatus.SUSPENDED)
    told = api.update_job_status(
        AccountId=ACCOUNT, JobId=job.pk, RequestedJobStatus="Ready", StatusUpdateReason="go"
    )
    assert (told["Status"], told["StatusUpdateReason"]) == ("Ready", "go")
    described = api.describe_job(AccountId=ACCOUNT, JobId=job.pk)["Job"]
    assert described["StatusUpdateReason"] == "go"


def test_job_is_cancelled_and_not_twice(api, region):
    job = make_job(region=region, status=JobStatus.SUSPENDED)
    asked = {"AccountId": ACCOUNT, "JobId": job.pk, "RequestedJobStatus": "Cancelled"}
    assert api.update_job_status(**asked)["Status"] == "Cancelled"
    with pytest.raises(api.exceptions.JobStatusException):
        api.update_job_status(**asked)


def test_running_job_passes_through_cancelling(api, region):
    job = make_job(region=region, status=JobStatus.ACTIVE)
    asked = {"AccountId": ACCOUNT, "JobId": job.pk, "RequestedJobStatus": "Cancelled"}
    told = api.update_job_status(**asked)
    assert told["Status"] == "Cancelling" and "StatusUpdateReason" not in told


def test_priority_changes_until_the_job_has_ended(api, region):
    job = make_job(region=region, status=JobStatus.ACTIVE)
    told = api.update_job_priority(AccountId=ACCOUNT, JobId=job.pk, Priority=98)
    assert (told["JobId"], told["Priority"]) == (job.pk, 98)
    over = make_job(region=region, status=JobStatus.COMPLETE)
    with pytest.raises(api.exceptions.BadRequestException, match="has ended"):
        api.update_job_priority(AccountId=ACCOUNT, JobId=over.pk, Priority=98)


# --- Tags


def test_tags_are_put_given_and_deleted(api, region):
    job = make_job(region=region)
    about = {"AccountId": ACCOUNT, "JobId": job.pk}
    tags = [{"Key": "department", "Value": "Finance"}, {"Key": "empty", "Value": ""}]
    api.put_job_tagging(**about, Tags=tags)
    assert api.get_job_tagging(**about)["Tags"] == tags
    api.delete_job_tagging(**about)
    assert api.get_job_tagging(**about)["Tags"] == []


def test_too_many_tags_are_the_error_of_that_name(api, region):
    tags = [{"Key": f"k{n}", "Value": ""} for n in range(51)]
    with pytest.raises(api.exceptions.TooManyTagsException):
        api.put_job_tagging(AccountId=ACCOUNT, JobId=make_job(region=region).pk, Tags=tags)


# --- Who may


ALL = {
    "create_job": None,
    "describe_job": {},
    "list_jobs": None,
    "update_job_priority": {"Priority": 7},
    "update_job_status": {"RequestedJobStatus": "Cancelled"},
    "get_job_tagging": {},
    "put_job_tagging": {"Tags": [{"Key": "a", "Value": "b"}]},
    "delete_job_tagging": {},
}
READING = {"describe_job", "list_jobs", "get_job_tagging"}


@pytest.mark.parametrize("role_name", [None, "viewer", "operator", "admin"])
@pytest.mark.parametrize("name", ALL)
def test_each_call_is_for_those_who_may(as_role, region, facts, name, role_name):
    client = as_role(role_name)
    job = make_job(region=region, status=JobStatus.SUSPENDED)
    asked = {"create_job": facts, "list_jobs": {"AccountId": ACCOUNT}}.get(
        name, {"AccountId": ACCOUNT, "JobId": job.pk} | (ALL[name] or {})
    )
    may = role_name in ("operator", "admin") or (role_name == "viewer" and name in READING)
    before = (Job.objects.count(), job.status, dict(job.tags.values_list("key", "value")))
    if may:
        getattr(client, name)(**asked)
        return
    with pytest.raises(ClientError) as caught:
        getattr(client, name)(**asked)
    assert code_of(caught) == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    job.refresh_from_db()
    assert (Job.objects.count(), job.status, dict(job.tags.values_list("key", "value"))) == before


def test_nothing_works_unsigned(client, region):
    for method, path in (
        ("get", "/v20180820/jobs"),
        ("post", "/v20180820/jobs"),
        ("get", "/v20180820/jobs/x/tagging"),
    ):
        answer = getattr(client, method)(path, headers={"x-amz-account-id": ACCOUNT})
        assert answer.status_code == 403
        assert b"<Code>AccessDenied</Code>" in answer.content


def test_person_who_may_only_update_a_priority_does_so_without_seeing_jobs_as_on_aws(api, facts):
    job_id = api.create_job(**facts)["JobId"]
    person = make_user(None)
    policy = AccessPolicy.objects.create(
        name="priorities",
        document=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "s3:UpdateJobPriority",
                        "Resource": "*",
                        "Condition": {"NumericLessThanEquals": {"s3:RequestJobPriority": "100"}},
                    }
                ],
            }
        ),
    )
    policy.users.add(person)
    client = signed_in(key_of(person, timezone.now()), "us-west-2")
    told = client.update_job_priority(AccountId=ACCOUNT, JobId=job_id, Priority=100)
    assert told["Priority"] == 100
    with pytest.raises(ClientError, match="AccessDenied"):
        client.update_job_priority(AccountId=ACCOUNT, JobId=job_id, Priority=101)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.describe_job(AccountId=ACCOUNT, JobId=job_id)
