"""Jobs about Object Lock from their list to their report."""

import pytest

from jobs.choices import JobStatus
from jobs.errors import ValidationFailedError

ON = {"LegalHold": {"Status": "ON"}}
GOVERNED = {"Mode": "GOVERNANCE", "RetainUntilDate": "2039-01-02T03:04:05Z"}


@pytest.fixture
def versions(place, s3):
    """Keys and older versions in a bucket with Object Lock, which has newer ones, too."""
    bucket = f"{place.source}-locked"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rows = []
    for key in ("a", "b c"):
        old = s3.put_object(Bucket=bucket, Key=key, Body=b"old")["VersionId"]
        s3.put_object(Bucket=bucket, Key=key, Body=b"new")
        rows.append([bucket, key.replace(" ", "%20"), old])
    return rows


@pytest.mark.parametrize(
    ("operation", "parameters", "lock"),
    [
        ("S3PutObjectLegalHold", ON, ("ON", None)),
        ("S3PutObjectRetention", {"Retention": GOVERNED}, (None, "GOVERNANCE")),
    ],
)
def test_listed_versions_are_locked_and_reported_and_no_others(
    place, steps, s3, versions, operation, parameters, lock
):
    fields = ("Bucket", "Key", "VersionId")
    job = place.make_job(versions, fields=fields, operation=operation, parameters=parameters)
    job = steps.all_the_way(job)
    assert (job.status, job.tasks_succeeded, job.tasks_failed) == (JobStatus.COMPLETE, 2, 0)
    succeeded = ["succeeded", "200", "", "Successful"]
    assert sorted(place.report_rows(job)) == sorted([*row, *succeeded] for row in versions)
    for bucket, key, old in versions:
        key = key.replace("%20", " ")
        for version, expected in ((old, lock), (None, (None, None))):
            named = {"VersionId": version} if version else {}
            facts = s3.head_object(Bucket=bucket, Key=key, **named)
            found = (facts.get("ObjectLockLegalHoldStatus"), facts.get("ObjectLockMode"))
            assert found == expected


def test_retention_job_of_yesterday_is_not_made(place):
    passed = {**GOVERNED, "RetainUntilDate": "2020-01-02T03:04:05Z"}
    with pytest.raises(ValidationFailedError) as caught:
        place.make_job(
            place.list_of(["a"]),
            operation="S3PutObjectRetention",
            parameters={"Retention": passed},
        )
    assert [(problem.field, problem.message) for problem in caught.value.problems] == [
        (
            "Operation.S3PutObjectRetention.Retention.RetainUntilDate",
            "Operation.S3PutObjectRetention.Retention.RetainUntilDate has passed. Enter a date in the future.",
        )
    ]


def test_date_that_passes_while_a_job_waits_is_left_to_the_storage(place, steps, versions):
    job = place.make_job(
        versions,
        fields=("Bucket", "Key", "VersionId"),
        operation="S3PutObjectRetention",
        parameters={"Retention": GOVERNED},
    )
    job.parameters["Retention"]["RetainUntilDate"] = "2020-01-02T03:04:05Z"
    job.save(update_fields=["parameters"])
    assert steps.all_the_way(job).status == JobStatus.COMPLETE
