"""A worker may die at any line of a copy in parts: nothing is lost, half made or left behind."""

import functools

import pytest

from jobs.choices import JobStatus
from jobs.operations.copying import put_object_copy_large
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.services.s3 import S3Service
from tests.engine.test_crashes import STEP, check, confirmed, lives, mortals

__all__ = ["mortals"]
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]

MIB = 1024 * 1024
CONTENT = bytes(range(256)) * (11 * MIB // 256)
"""Three parts of 5 MiB at most."""
COPY = "copies/large"


@pytest.fixture
def small_limit(monkeypatch):
    """One request copies 5 MiB at most, and of "large" that is known."""
    known = S3Service.habits

    def habits(service):
        found = known(service)
        found.largest_copy_bytes = 5 * MIB
        return found

    def is_known(copy, target, context):
        return target.key == "large"

    monkeypatch.setattr(S3Service, "habits", habits)
    monkeypatch.setattr(put_object_copy_large, "is_known_too_large", is_known)
    monkeypatch.setattr(PutObjectCopy, "only_call", lambda copy, target, context: None)


def test_large_copy_is_whole_wherever_a_worker_dies(place, mortals, small_limit):
    place.s3.put_object(Bucket=place.source, Key="large", Body=CONTENT)
    rows = place.list_of(["a", "large", "gone"])
    parameters = {
        "TargetResource": f"arn:aws:s3:::{place.source}",
        "TargetKeyPrefix": "copies",
        "NewObjectTagging": [],
    }
    kind = {"operation": "S3PutObjectCopy", "parameters": parameters}
    play = functools.partial(confirmed, mortals)
    for job, died_at in lives(place, mortals, rows, play, 3 * STEP, **kind):
        found = check(place, job, died_at)
        assert job.status == JobStatus.COMPLETE, died_at
        assert sorted(found) == sorted(map(tuple, rows)), died_at
        assert (job.tasks_succeeded, job.tasks_failed) == (2, 1), died_at
        body = place.s3.get_object(Bucket=place.source, Key=COPY)["Body"].read()
        assert body == CONTENT, died_at
        assert not parts_left(place), died_at
        place.s3.delete_object(Bucket=place.source, Key=COPY)


def parts_left(place):
    """Of uploads that are still there. One without parts may be: its worker died before it knew."""
    uploads = place.s3.list_multipart_uploads(Bucket=place.source).get("Uploads", [])
    return [
        part
        for upload in uploads
        for part in place.s3.list_parts(
            Bucket=place.source, Key=upload["Key"], UploadId=upload["UploadId"]
        ).get("Parts", [])
    ]
