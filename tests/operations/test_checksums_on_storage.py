"""What Compute checksum reports of objects of a real server, through both ways of asking it."""

import base64
import functools
import hashlib
import json
import threading
import zlib

import pytest
from botocore.exceptions import ClientError

from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.work import Limits, Work
from jobs.operations import registry
from jobs.operations.checksums.checksum_algorithms import ALGORITHMS
from jobs.services.s3 import S3Service
from jobs.services.table import SERVICES
from jobs.spec.target import Target
from tests.operations.places import AWKWARD_KEYS
from tests.sequential import Places

MIB = 1024 * 1024
PART = bytes(range(256)) * (5 * MIB // 256)


@pytest.fixture(params=["data plane", "boto3"], scope="module")
def transport(request):
    by_boto3 = {"s3": functools.partial(S3Service, by_boto3=True)}
    made = DataPlane(in_flight=8, services=SERVICES if request.param == "data plane" else by_boto3)
    yield made
    made.close()


def computed(transport, place, targets, algorithm, kind="FULL_OBJECT"):
    """What became of each target."""
    parameters = {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    work = Work(
        registry.get("S3ComputeObjectChecksum").parse(parameters),
        targets,
        Places(place.endpoint, place.keys),
        Limits(in_flight=8, task_deadline_s=20, patience_s=20),
        threading.Event(),
        retry.decide,
    )
    return transport.submit(work).result(timeout=60).outcomes


def checksums(outcomes):
    for outcome in outcomes:
        assert outcome.succeeded, outcome
    return [json.loads(outcome.message)["checksum_base64"] for outcome in outcomes]


def sha256_of(*contents):
    return [base64.b64encode(hashlib.sha256(content).digest()).decode() for content in contents]


def upload_in_parts(place, bucket, key, parts):
    client = place.client
    upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    made = [
        {
            "PartNumber": number,
            "ETag": client.upload_part(
                Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=part
            )["ETag"],
        }
        for number, part in enumerate(parts, 1)
    ]
    client.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": made}
    )


def test_objects_of_any_size_and_key_have_the_checksum_of_their_content(place, source, transport):
    contents = {f"sizes/{size}": b"z" * size for size in (0, 1, 256 * 1024 - 1, 256 * 1024)}
    contents |= {"sizes/long": PART + b"end"}
    contents |= {key: f"content of {key}".encode() for key in AWKWARD_KEYS}
    for key, content in list(contents.items()):
        try:
            place.client.put_object(Bucket=source, Key=key, Body=content)
        except ClientError:
            assert key in AWKWARD_KEYS, "every storage has objects of plain keys"
            del contents[key]
    targets = [Target(source, key) for key in contents]
    outcomes = computed(transport, place, targets, "SHA256")
    assert checksums(outcomes) == sha256_of(*contents.values())
    (md5,) = computed(transport, place, [Target(source, "sizes/long")], "MD5")
    assert json.loads(md5.message)["checksum_hex"] == (
        hashlib.md5(contents["sizes/long"]).hexdigest().upper()
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_gives_a_checksum(place, source, transport, algorithm):
    place.client.put_object(Bucket=source, Key="each", Body=PART)
    hasher = ALGORITHMS[algorithm]()
    hasher.update(PART)
    wanted = base64.b64encode(hasher.digest()).decode()
    outcomes = computed(transport, place, [Target(source, "each")], algorithm)
    assert checksums(outcomes) == [wanted]


def test_version_that_is_named_is_read_and_no_other(place, transport):
    try:
        bucket = place.make_bucket(versioned=True)
    except ClientError as error:
        pytest.skip(f"Gateway: no versions here ({error})")
    old, new = (
        place.client.put_object(Bucket=bucket, Key="k", Body=body)["VersionId"]
        for body in (b"old", b"new")
    )
    targets = [Target(bucket, "k", old), Target(bucket, "k", new), Target(bucket, "k")]
    outcomes = computed(transport, place, targets, "SHA256")
    assert checksums(outcomes) == sha256_of(b"old", b"new", b"new")


def test_composite_of_an_upload_in_parts_is_its_etag_for_md5_or_cannot_be_told(
    place, source, transport
):
    parts = [PART, PART[::-1], b"the last"]
    upload_in_parts(place, source, "parts", parts)
    (outcome,) = computed(transport, place, [Target(source, "parts")], "MD5", "COMPOSITE")
    if not outcome.succeeded:
        assert outcome.code == "PartSizesUnknown"
        assert outcome.message.startswith("Cannot tell of which parts")
        return
    said = json.loads(outcome.message)
    assert said["checksum_hex"].lower() == said["etag"]
    (crc,) = computed(transport, place, [Target(source, "parts")], "CRC32", "COMPOSITE")
    digests = b"".join(zlib.crc32(part).to_bytes(4, "big") for part in parts)
    wanted = base64.b64encode(zlib.crc32(digests).to_bytes(4, "big")).decode()
    assert json.loads(crc.message)["checksum_base64"] == f"{wanted}-3"


def test_object_that_is_not_there_fails_as_aws_reports_it(place, source, transport):
    (outcome,) = computed(transport, place, [Target(source, "missing")], "SHA256")
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (
        False, 200, "PermanentFailure",
    )  # fmt: skip
    assert outcome.message.startswith('error details: {"failureMessage":"NoSuchKey')
    assert outcome.message.endswith('"errorCode": "404"}')
