"""The AWS CLI and boto3, unchanged, against a console of real processes: the command of the user
guide's page on creating jobs, to a job that has done what it says.
"""

import contextlib
import csv
import io
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest
from awscli.clidriver import create_clidriver
from botocore.config import Config
from botocore.exceptions import ClientError
from django.utils import timezone

from jobs.access import access_keys
from jobs.management.programs import _gunicorn
from tests import servers
from tests.make import ROLE_ARN, make_region, make_role, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ACCOUNT = "123456789012"
LISTS, REPORTS = "my_manifests", "bucket-where-completion-report-goes"
OBJECTS = 12
GUIDE = r"""
aws s3control create-job \
    --region us-west-2 \
    --account-id acct-id \
    --operation '{"S3PutObjectTagging": { "TagSet": [{"Key":"keyOne", "Value":"ValueOne"}] }}' \
    --manifest '{"Spec":{"Format":"S3BatchOperations_CSV_20180820","Fields":["Bucket","Key"]},"Location":{"ObjectArn":"arn:aws:s3:::my_manifests/manifest.csv","ETag":"60e460c9d1046e73f7dde5043ac3ae85"}}' \
    --report '{"Bucket":"arn:aws:s3:::bucket-where-completion-report-goes","Prefix":"final-reports", "Format":"Report_CSV_20180820","Enabled":true,"ReportScope":"AllTasks"}' \
    --priority 42 \
    --role-arn IAM-role \
    --client-request-token $(uuidgen) \
    --description "job Description" \
    --no-confirmation-required
"""


@pytest.fixture
def listed(s3, bucket):
    """Objects, the list of them, and where the report goes; gives the list's ETag."""
    for n in range(OBJECTS):
        s3.put_object(Bucket=bucket, Key=f"object {n}", Body=b"x")
    for name in (LISTS, REPORTS):
        s3.create_bucket(Bucket=name)
    rows = "".join(f"{bucket},object%20{n}\n" for n in range(OBJECTS))
    answer = s3.put_object(Bucket=LISTS, Key="manifest.csv", Body=rows.encode())
    yield answer["ETag"].strip('"')
    for name in (LISTS, REPORTS):
        for one in s3.list_objects_v2(Bucket=name).get("Contents", []):
            s3.delete_object(Bucket=name, Key=one["Key"])
        s3.delete_bucket(Bucket=name)


@pytest.fixture
def console(redis, s3_server, process_environment, tmp_path):
    """The web server's address; a Region us-west-2 with a role."""
    make_role(make_region("us-west-2", code="us-east-1", endpoint_url=s3_server))
    port = servers.free_port()
    variables = [f"{name}={value}" for name, value in process_environment.items()]
    command = ["env", *variables, *_gunicorn("batchconsole.wsgi", f"127.0.0.1:{port}", 1)]
    child = servers.program("web", command, tmp_path)
    with servers.running(child, lambda: servers.listens(child, port)):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def workers(console, start_worker):
    start_worker("run", BATCHCONSOLE_TIME_BOX_S="2")
    start_worker("control")


@pytest.fixture
def key(console):
    return access_keys.create(make_user("operator"), by=None, now=timezone.now())


@pytest.fixture
def settings_of_cli(console, key, tmp_path):
    """The console is reached as a proxy, so no name has to be known."""
    return {
        "HOME": str(tmp_path),
        "HTTP_PROXY": console,
        "AWS_ENDPOINT_URL_S3_CONTROL": "http://console.test",
        "AWS_ACCESS_KEY_ID": key.pk,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


@pytest.fixture
def shell(settings_of_cli):
    """Runs a line as people do, in a shell."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def run(line):
        ours = {"PATH": path, **settings_of_cli}
        done = subprocess.run(["bash", "-c", line], env=ours, capture_output=True, timeout=120)
        assert not done.returncode, done.stderr.decode()
        return json.loads(done.stdout)

    return run


@pytest.fixture
def aws(settings_of_cli):
    """Runs a line of the AWS CLI in this process: its start takes seconds under load."""

    def run(line):
        said, wrong = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, settings_of_cli),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(wrong),
        ):
            status = create_clidriver().main(shlex.split(line.replace("\\\n", " "))[1:])
        assert not status, wrong.getvalue()
        return json.loads(said.getvalue()) if said.getvalue().strip() else {}

    return run


@pytest.fixture
def client(console, key):
    return boto3.client(
        "s3control",
        endpoint_url="http://console.test",
        region_name="us-west-2",
        aws_access_key_id=key.pk,
        aws_secret_access_key=key.secret,
        config=Config(proxies={"http": console}),
    )


def described(client, job_id):
    return client.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]


def ended(client, job_id):
    """What is told of it then."""

    def look():
        told = described(client, job_id)
        return told if told["Status"] in ("Complete", "Failed", "Cancelled") else None

    return servers.eventually(look, within_s=180, every_s=0.5)


def check_done(s3, bucket, told):
    assert told["Status"] == "Complete", told
    assert told["ProgressSummary"]["NumberOfTasksSucceeded"] == OBJECTS
    assert told["ConfirmationRequired"] is False
    for n in range(OBJECTS):
        tags = s3.get_object_tagging(Bucket=bucket, Key=f"object {n}")["TagSet"]
        assert tags == [{"Key": "keyOne", "Value": "ValueOne"}]
    place = f"final-reports/job-{told['JobId']}/"
    files = [one["Key"] for one in s3.list_objects_v2(Bucket=REPORTS, Prefix=place)["Contents"]]
    results = [name for name in files if "/results/" in name]
    text = s3.get_object(Bucket=REPORTS, Key=results[0])["Body"].read().decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == OBJECTS and {row[3] for row in rows} == {"succeeded"}
    assert f"{place}manifest.json" in files


def of_the_guide(etag):
    line = GUIDE.replace("acct-id \\", f"{ACCOUNT} \\").replace("IAM-role", ROLE_ARN)
    return line.replace("60e460c9d1046e73f7dde5043ac3ae85", etag)


@pytest.mark.usefixtures("workers")
def test_command_of_the_user_guide_runs_to_a_finished_job(shell, aws, client, s3, bucket, listed):
    line = of_the_guide(listed).replace("$(uuidgen)", "11111111-2222-3333-4444-555555555555")
    job_id = shell(line)["JobId"]
    assert aws(line)["JobId"] == job_id  # the same token, the same request
    about = f"--region us-west-2 --account-id {ACCOUNT}"
    ended(client, job_id)
    told = aws(f"aws s3control describe-job {about} --job-id {job_id}")["Job"]
    check_done(s3, bucket, told)
    assert told["Description"] == "job Description"
    told = aws(f"aws s3control list-jobs {about} --job-statuses Complete Failed --max-results 5")
    assert [job["JobId"] for job in told["Jobs"]] == [job_id]


@pytest.mark.usefixtures("workers")
def test_waiting_job_is_tagged_put_first_and_run_by_the_cli(aws, client, s3, bucket, listed):
    line = of_the_guide(listed).replace("--client-request-token $(uuidgen) \\\n", "")
    line = line.replace("\\\n    --no-confirmation-required", "")
    job_id = aws(line)["JobId"]
    about = f"--region us-west-2 --account-id {ACCOUNT} --job-id {job_id}"
    servers.eventually(
        lambda: described(client, job_id)["Status"] == "Suspended", within_s=120, every_s=0.5
    )
    told = aws(f"aws s3control describe-job {about}")["Job"]
    assert told["SuspendedCause"] == "AWAITING_CONFIRMATION"
    aws(f"aws s3control put-job-tagging {about} --tags Key=department,Value=Finance")
    assert aws(f"aws s3control get-job-tagging {about}")["Tags"] == [
        {"Key": "department", "Value": "Finance"}
    ]
    aws(f"aws s3control delete-job-tagging {about}")
    assert aws(f"aws s3control get-job-tagging {about}")["Tags"] == []
    assert aws(f"aws s3control update-job-priority {about} --priority 98")["Priority"] == 98
    ready = f"aws s3control update-job-status {about} --requested-job-status Ready"
    assert aws(ready)["Status"] == "Ready"
    assert ended(client, job_id)["Status"] == "Complete"


@pytest.mark.usefixtures("workers")
def test_boto3_does_the_same(client, s3, bucket, listed):
    job_id = client.create_job(
        AccountId=ACCOUNT,
        Operation={"S3PutObjectTagging": {"TagSet": [{"Key": "keyOne", "Value": "ValueOne"}]}},
        Manifest={
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": f"arn:aws:s3:::{LISTS}/manifest.csv", "ETag": listed},
        },
        Report={
            "Bucket": f"arn:aws:s3:::{REPORTS}",
            "Prefix": "final-reports",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            "ReportScope": "AllTasks",
        },
        Priority=42,
        RoleArn=ROLE_ARN,
        ConfirmationRequired=False,
    )["JobId"]
    about = {"AccountId": ACCOUNT, "JobId": job_id}
    check_done(s3, bucket, ended(client, job_id))
    with pytest.raises(client.exceptions.JobStatusException):
        client.update_job_status(**about, RequestedJobStatus="Cancelled")
    with pytest.raises(client.exceptions.NotFoundException):
        client.describe_job(AccountId=ACCOUNT, JobId="00e123a4-c0d8-41f4-a0eb-b46f9ba5b07c")


def test_body_of_100_mib_is_a_bad_request_that_its_sender_reads(client):
    """It is sent to its end, and nothing of it is kept."""

    def swell(request, **_):
        request.data = b"<" + b"a" * (100 * 1024 * 1024)

    client.meta.events.register("before-sign.s3-control", swell)
    began_s = time.monotonic()
    with pytest.raises(ClientError) as caught:
        client.put_job_tagging(AccountId=ACCOUNT, JobId="00e123a4", Tags=[])
    assert caught.value.response["Error"]["Code"] == "BadRequestException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert time.monotonic() - began_s < 60
