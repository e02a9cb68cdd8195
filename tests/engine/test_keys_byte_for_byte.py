"""Keys as odd as S3 has them: exactly the named object is changed, and the report echoes the row.

Where BATCHCONSOLE_TEST_GATEWAY_URL, _KEY and _SECRET name a gateway, it is tried, too.
"""

from urllib.parse import quote

import pytest

from jobs.choices import JobStatus
from jobs.s3.clients import make_client
from tests.operations import gateway_jobs
from tests.operations.places import GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place

KEYS = [
    "é" * 512,
    "a" * 1_024,
    "/leading",
    "//two",
    "a//b",
    "ends/",
    "../up",
    "a/../b",
    "./here",
    " leading space",
    "trailing space ",
    "tab\there",
    "50%25",
    "a?b#c&d=e",
    "\N{PILE OF POO}",
    "e\u0301",
    "\u00e9",
    '"quoted"',
    "'",
    "\\",
    "*",
    "%2B",
    "+",
]


LINE_ENDS = ["line\nfeed", "carriage\r\nreturn"]
"""The server of these tests takes none of them in a key."""


def assert_each_is_tagged(place, steps, keys):
    place.put_objects(keys)
    rows = [[place.source, quote(key, safe="/")] for key in keys]
    job = steps.all_the_way(place.make_job(rows))
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, len(keys), 0)
    assert [row[:2] for row in place.report_rows(job)] == rows
    for key in keys:
        tags = place.s3.get_object_tagging(Bucket=place.source, Key=key)["TagSet"]
        assert tags == [{"Key": "team", "Value": "blue"}], key


def test_each_key_is_tagged_once_and_its_row_is_echoed(place, steps, settings):
    settings.BATCHCONSOLE_CHUNK_ROWS = 4
    assert_each_is_tagged(place, steps, KEYS)


@pytest.fixture
def gateway():
    if not GATEWAY_URL:
        pytest.skip("Gateway: BATCHCONSOLE_TEST_GATEWAY_URL is not set (for make soak)")
    place = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS, max_connections=8))
    yield place
    gateway_jobs.empty(place)


def test_each_key_of_a_gateway_is_tagged_once_line_ends_included(gateway, steps):
    there = gateway_jobs.place_of_jobs(gateway)
    assert_each_is_tagged(there, steps, [*KEYS, *LINE_ENDS])


def test_empty_version_fails_its_task_alone_and_null_is_the_null_version(
    place, steps, s3, make_bucket
):
    bucket = make_bucket()
    s3.put_object(Bucket=bucket, Key="k", Body=b"before there were versions")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"newest")
    rows = [[bucket, "k", "null"], [bucket, "k", ""]]
    job = steps.all_the_way(place.make_job(rows, fields=("Bucket", "Key", "VersionId")))
    assert (job.tasks_succeeded, job.tasks_failed) == (1, 1)
    done, failed = place.report_rows(job)
    assert done[:4] == [bucket, "k", "null", "succeeded"]
    assert failed[:4] == [bucket, "k", "", "failed"]
    assert failed[6] == "Task failed due to missing VersionId"
    tags = [
        s3.get_object_tagging(Bucket=bucket, Key="k", **version)["TagSet"]
        for version in ({"VersionId": "null"}, {})
    ]
    assert tags == [[{"Key": "team", "Value": "blue"}], []]


def test_key_that_is_not_utf8_fails_the_job_with_its_line(place, steps):
    job = steps.prepare(place.make_job([[place.source, "a"], [place.source, "caf%E9"]]))
    assert (job.failure_code, job.failure_line) == ("InvalidManifestContent", 2)
    assert "not UTF-8 when decoded (%E9)" in job.failure_reason
