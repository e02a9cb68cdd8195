"""What is ours goes there and back beside AWS's members, and AWS's clients pass over it."""

import json

import pytest

from jobs.models import Job
from jobs.operations.registry import OPERATIONS
from tests.connected import connect_all
from tests.make import make_region
from tests.s3control.client import ACCOUNT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis")]


@pytest.fixture(autouse=True)
def allowing(region):
    region.allowed_operations = ["S3DeleteObject", "S3MoveObject"]
    region.save()
    make_region("attic")
    connect_all()


@pytest.fixture
def create(api, facts):
    """CreateJob with an extension, put into the body as docs/api.md has it."""

    def send(ours, **changes):
        def extended(params, **_):
            text = json.dumps(ours).replace("&", "&amp;").replace("<", "&lt;")
            end = b"</CreateJobRequest>"
            extension = f"<BatchConsole>{text}</BatchConsole>".encode()
            params["body"] = params["body"].replace(end, extension + end)

        sent = facts | changes
        if "ManifestGenerator" in sent:
            del sent["Manifest"]
        api.meta.events.register("before-call.s3-control.CreateJob", extended, unique_id="ours")
        try:
            return api.create_job(**sent)["JobId"]
        finally:
            api.meta.events.unregister("before-call.s3-control.CreateJob", unique_id="ours")

    return send


@pytest.fixture
def told(api):
    """AWS's members of a job, and ours."""

    def describe(job_id):
        raw = []

        def keep(response_dict, **_):
            raw.append(response_dict["body"])

        api.meta.events.register("before-parse.s3-control.DescribeJob", keep)
        job = api.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
        text = raw[0].decode().partition("<BatchConsole>")[2].partition("</BatchConsole>")[0]
        plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        return job, json.loads(plain) if plain else {}

    return describe


OURS_ALONE = {
    "S3DeleteObject",
    "S3MergeObjectMetadata",
    "S3MergeObjectTagging",
    "S3MoveObject",
    "S3PutObjectStorageClass",
    "WebhookInvoke",
}


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name in OURS_ALONE])
def test_operation_of_ours_goes_there_and_back(create, told, facts, operation):
    for n, example in enumerate(operation.examples):
        example = {name: value for name, value in example.items() if name != "TargetRegion"}
        columns = ["Bucket", "Key", "VersionId"]
        if operation.parse(example).unfit_columns(columns):
            columns.pop()
        facts["Manifest"]["Spec"]["Fields"] = columns
        ours = {"Operation": {operation.name: example}}
        job_id = create(ours, Operation={}, ClientRequestToken=f"t{n}")
        job, beyond = told(job_id)
        assert job["Operation"] == {}
        assert beyond == {"Operation": {operation.name: Job.objects.get(pk=job_id).parameters}}
        assert Job.objects.get(pk=job_id).parameters == operation.parse(example).to_wire()


def test_parameters_that_the_model_lacks_are_merged_into_those_it_has(create, told, region, role):
    role.credentials.create(region=make_region("cellar"), access_key_id="a", secret_access_key="b")
    copy = {"TargetResource": "arn:aws:s3:::archive"}
    ours = {"Operation": {"S3PutObjectCopy": {"TargetRegion": "cellar"}}}
    job_id = create(ours, Operation={"S3PutObjectCopy": copy})
    assert Job.objects.get(pk=job_id).parameters == {**copy, "TargetRegion": "cellar"}
    job, beyond = told(job_id)
    assert job["Operation"] == {"S3PutObjectCopy": copy}
    assert beyond == ours


def test_dry_run_of_a_sample_with_limits_waits_for_nobody(create, told):
    ours = {
        "DryRun": True,
        "SampleRows": 500,
        "Limits": {"RequestsPerSecond": 20, "FailurePercent": 100, "CanaryTasks": 5},
    }
    job_id = create(ours)
    job, beyond = told(job_id)
    assert beyond == ours
    assert job["ConfirmationRequired"] is False
    row = Job.objects.get(pk=job_id)
    assert (row.dry_run, row.sample_rows, row.requests_per_s) == (True, 500, 20)


def test_lists_of_ours_go_there_and_back(create, told):
    switch = {"PlusIsSpace": True, "Filter": {"SQL": "SELECT *\nFROM list WHERE Key < 'b'"}}
    assert told(create(switch))[1] == switch
    generator = {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::photos",
            "EnableManifestOutput": False,
        }
    }
    ours = {"Globs": ["*.log"], "Versions": "All", "Tags": [{"Key": "team", "Glob": "bl*"}]}
    job_id = create(ours, ManifestGenerator=generator, ClientRequestToken="another")
    job, beyond = told(job_id)
    assert job["ManifestGenerator"] == generator and beyond == ours


@pytest.mark.parametrize(
    ("ours", "path"),
    [
        ({"More": 1}, "BatchConsole.More"),
        ({"Globs": ["*"]}, "BatchConsole.Globs"),
        ({"RetryOf": "x"}, "BatchConsole.RetryOf"),
        ({"SampleRows": 5}, "BatchConsole.SampleRows"),
        ({"DryRun": "yes"}, "BatchConsole.DryRun"),
        ({"DryRun": True, "SampleRows": 0}, "BatchConsole.SampleRows"),
        ({"Limits": {"Speed": 1}}, "BatchConsole.Limits.Speed"),
        ({"Limits": {"FailurePercent": 101}}, "BatchConsole.Limits.FailurePercent"),
        ({"Filter": {"SQL": 5}}, "BatchConsole.Filter.SQL"),
        ({"Operation": {"S3PutObjectTagging": 5}}, "BatchConsole.Operation.S3PutObjectTagging"),
        ({"Operation": {"S3DeleteObject": {}}}, "exactly one operation"),
        ({"Operation": {"WebhookInvoke": {"a": "\x00"}}}, "without NUL"),
        ([1], "BatchConsole must hold a JSON object"),
    ],
)
def test_what_is_not_known_or_wrong_is_refused_by_name(api, create, ours, path):
    with pytest.raises(api.exceptions.BadRequestException, match=path):
        create(ours)


def test_what_is_ignored_elsewhere_is_noted_in_the_activity(api, facts):
    def with_more(params, **_):
        params["body"] = params["body"].replace(b"<Enabled>", b"<Colour>red</Colour><Enabled>")

    api.meta.events.register("before-call.s3-control.CreateJob", with_more)
    (event,) = Job.objects.get(pk=api.create_job(**facts)["JobId"]).events.all()
    assert event.after == "These parts of the request are not known here: Report.Colour."


def test_what_a_generator_does_not_know_is_refused_by_name(api, create):
    generator = {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::photos",
            "EnableManifestOutput": False,
        }
    }
    for name in ("More", "PlusIsSpace", "GuardedBy"):
        with pytest.raises(api.exceptions.BadRequestException, match=f"BatchConsole.{name}"):
            create({name: True}, ManifestGenerator=generator, ClientRequestToken=name)
