"""What odd answers to a look at a listed object come to, over a real S3 server that is bent."""

import pytest

from jobs.choices import JobStatus
from tests.bent_storage import Answered, Bent, bent, refused
from tests.engine.test_generated_lists import generator, keys_of, make_job

UNDER_A_KEY = (
    b"<Error><Code>InvalidRequest</Code><Message>The object was stored using a form of Server Side"
    b" Encryption. The correct parameters must be provided to retrieve the object.</Message></Error>"
)


@pytest.fixture
def between(place, s3_server):
    bend = Bent()
    with bent(s3_server, bend) as url:
        place.region.endpoint_url = url
        place.region.save()
        yield bend


def under_a_customers_key(name):
    """As S3 answers for such an object: HEAD has no words, GET has."""

    def answer(sent):
        if f"/{name}" not in sent.target or sent.method not in ("HEAD", "GET"):
            return None
        if "tagging" in sent.target:
            return None
        return Answered(400, b"" if sent.method == "HEAD" else UNDER_A_KEY)

    return answer


def test_object_under_a_customers_key_is_known_by_how_it_is_refused(place, steps, between):
    place.put_objects(["plain", "secret"])
    between.answer = under_a_customers_key("secret")
    spec = generator(place, filter={"MatchAnyObjectEncryption": [{"SSE-C": {}}]})
    job = steps.prepare(make_job(place, spec))
    assert (job.status, job.total_tasks) == (JobStatus.SUSPENDED, 1)


def test_metadata_of_an_object_under_a_customers_key_fails_the_job_and_says_why(
    place, steps, between
):
    place.put_objects(["secret"])
    between.answer = under_a_customers_key("secret")
    spec = generator(place, more={"Metadata": [{"Key": "kind"}]})
    job = steps.prepare(make_job(place, spec))
    assert job.failure_code == "InvalidRequest"
    assert f"s3://{place.source}/secret" in job.failure_reason
    assert "customer-provided key (SSE-C)" in job.failure_reason


def test_storage_without_tags_fails_a_list_by_tags_and_says_so(place, steps, between):
    place.put_objects(["a", "b"])
    between.answer = lambda sent: (
        refused(501, "NotImplemented") if sent.is_about("tagging") else None
    )
    job = steps.prepare(make_job(place, generator(place, more={"Tags": [{"Key": "a"}]})))
    assert job.failure_code == "NotImplemented"
    assert "GetObjectTagging" in job.failure_reason or "tags" in job.failure_reason


def test_credentials_that_are_refused_amid_look_ups_fail_the_job(place, steps, between):
    place.put_objects(["a", "b"])
    between.answer = lambda sent: (
        refused(403, "InvalidAccessKeyId") if sent.is_about("tagging") else None
    )
    job = steps.prepare(make_job(place, generator(place, more={"Tags": [{"Key": "a"}]})))
    assert job.failure_code == "InvalidAccessKeyId"


def test_look_ups_go_through_boto3_where_our_own_requests_are_switched_off(place, steps, settings):
    settings.BATCHCONSOLE_DATA_PLANE = False
    for key, tag in [("1", "blue"), ("2", "red")]:
        place.s3.put_object(Bucket=place.source, Key=key, Body=b"x", Tagging=f"team={tag}")
    more = {"Tags": [{"Key": "team", "Value": "red"}]}
    job = steps.all_the_way(make_job(place, generator(place, more=more)))
    assert keys_of(place, job) == ["2"]


def test_version_that_is_looked_up_is_the_one_that_is_listed(place, steps, make_bucket):
    bucket = make_bucket(versioned=True)
    ids = [
        place.s3.put_object(Bucket=bucket, Key="a", Body=b"x", Tagging=f"n={n}")["VersionId"]
        for n in range(3)
    ]
    more = {"Versions": "All", "Tags": [{"Key": "n", "Value": "1"}]}
    job = steps.all_the_way(make_job(place, generator(place, bucket=bucket, more=more)))
    assert [row[2] for row in place.report_rows(job)] == [ids[1]]
