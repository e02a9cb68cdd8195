"""A real gateway, which verifies signatures, permissions and encryption as the test server does not.

Runs where BATCHCONSOLE_TEST_GATEWAY_URL, _KEY and _SECRET name one (see places.py). With
BATCHCONSOLE_TEST_GATEWAY_OTHER_KEY and _OTHER_SECRET, a second user is tried too.
"""

import functools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.work import Limits, Work
from jobs.errors import StorageError
from jobs.operations import acl, registry
from jobs.operations.base import DONE, Outcome
from jobs.s3.calls import Call, perform
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials
from jobs.s3.faults import Verdict, classify
from jobs.s3.storage import Storage, describe
from jobs.services.s3 import S3Service
from jobs.services.table import SERVICES
from jobs.spec.target import Target
from tests.operations.places import AWKWARD_KEYS, GATEWAY, GATEWAY_KEYS, GATEWAY_URL, Place
from tests.sequential import Places, context_at

if not GATEWAY_URL:
    pytest.skip(
        "Gateway: BATCHCONSOLE_TEST_GATEWAY_URL is not set (for make soak)", allow_module_level=True
    )
RETENTION = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": "2039-01-02T03:04:05Z"}}
LOCKS = [
    ("S3PutObjectLegalHold", {"LegalHold": {"Status": "ON"}}, "ObjectLockLegalHoldStatus"),
    ("S3PutObjectRetention", RETENTION, "ObjectLockMode"),
]
WRONG_SECRET = Credentials(GATEWAY_KEYS.access_key_id, "wrong")
UNKNOWN_KEY = Credentials("nobody", "wrong")
OTHER_KEYS = Credentials(
    os.environ.get("BATCHCONSOLE_TEST_GATEWAY_OTHER_KEY", ""),
    os.environ.get("BATCHCONSOLE_TEST_GATEWAY_OTHER_SECRET", ""),
)


@pytest.fixture(scope="module")
def gateway():
    place = Place(GATEWAY, make_client(GATEWAY, GATEWAY_KEYS, max_connections=32))
    yield place
    place.remove_buckets()


@pytest.fixture(scope="module")
def bucket(gateway):
    name = gateway.make_bucket()
    gateway.client.put_object(Bucket=name, Key="k", Body=b"content")
    return name


@pytest.fixture(scope="module")
def storage(gateway):
    return Storage(gateway.client)


@pytest.mark.parametrize(
    ("keys", "code", "words"),
    [
        (WRONG_SECRET, "SignatureDoesNotMatch", "The secret access key of the IAM role is wrong"),
        (UNKNOWN_KEY, "InvalidAccessKeyId", "does not know the access key ID"),
    ],
)
def test_wrong_credentials_are_said_to_be_wrong_and_stop_the_job(bucket, keys, code, words):
    place = Place(GATEWAY, make_client(GATEWAY, keys))
    copied = place.copy(bucket, "k", bucket, TargetKeyPrefix="copies")
    for outcome in (place.tag(bucket, "k", a="b"), copied):
        assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 403, code)
        assert outcome.message
    answer = perform(place.client, Call("GetObjectTagging", bucket, {"Key": "k"}))
    assert classify(answer) is Verdict.STOP
    storage = Storage(place.client)
    for ask in (lambda: storage.head_object(bucket, "k"), lambda: storage.check_bucket(bucket)):
        with pytest.raises(StorageError) as caught:
            ask()
        assert words in describe(caught.value, place=f"s3://{bucket}/k")


@pytest.mark.skipif(not OTHER_KEYS.access_key_id, reason="Gateway: there is no second user")
def test_bucket_of_somebody_else_is_denied(bucket):
    place = Place(GATEWAY, make_client(GATEWAY, OTHER_KEYS))
    assert place.tag(bucket, "k", a="b") == Outcome(False, 403, "AccessDenied", "Access Denied")
    for ask in (
        lambda: Storage(place.client).head_object(bucket, "k"),
        lambda: Storage(place.client).check_bucket(bucket),
        lambda: Storage(place.client).check_writable(bucket, "out"),
    ):
        with pytest.raises(StorageError) as caught:
            ask()
        assert caught.value.code == "AccessDenied"


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_object_with_an_awkward_key_is_read_and_written(storage, bucket, key):
    etag = storage.put_object(bucket, f"io/{key}", b"content", "text/plain")
    assert storage.head_object(bucket, f"io/{key}").etag == etag
    assert storage.read_range(bucket, f"io/{key}", 3, 100, if_match=etag) == b"tent"


def test_manifest_encrypted_by_kms_is_seen_to_be(gateway, storage, bucket):
    try:
        gateway.client.put_object(
            Bucket=bucket,
            Key="kms",
            Body=b"x",
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId="testkey-1",
        )
    except gateway.client.exceptions.ClientError as error:
        pytest.skip(f"Gateway: no KMS here ({error})")
    facts = storage.head_object(bucket, "kms")
    assert (facts.encryption, facts.customer_key, facts.size_bytes) == ("aws:kms", False, 1)


def test_manifest_under_a_customers_key_is_refused_as_that(gateway, storage, bucket):
    gateway.client.put_object(
        Bucket=bucket, Key="ssec", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey="0" * 32
    )
    with pytest.raises(StorageError) as caught:
        storage.head_object(bucket, "ssec")
    assert caught.value.code == "CustomerKeyNeeded"


def test_changed_object_is_not_read_on(storage, bucket):
    old = storage.put_object(bucket, "changing", b"first content", "text/plain")
    storage.put_object(bucket, "changing", b"second", "text/plain")
    for start in (0, 3, 13):
        with (
            pytest.raises(StorageError) as caught,
            storage.open_object(bucket, "changing", start_byte=start, if_match=old) as pieces,
        ):
            list(pieces)
        assert caught.value.code == "PreconditionFailed"


def test_large_file_is_uploaded_in_parts_and_read_to_its_end(storage, bucket):
    data = os.urandom(20_000_000)
    with storage.upload(bucket, "large", "text/csv") as upload:
        upload.write(data)
    for start in (0, 19_000_001, 20_000_000):
        with storage.open_object(bucket, "large", start_byte=start) as pieces:
            assert b"".join(pieces) == data[start:]


def test_upload_that_breaks_off_leaves_nothing_and_is_taken_up(gateway, storage, bucket):
    data = os.urandom(12_000_000)
    gateway.client.create_multipart_upload(Bucket=bucket, Key="torn")
    with pytest.raises(RuntimeError), storage.upload(bucket, "torn", "text/csv") as upload:
        upload.write(data)
        raise RuntimeError
    assert not gateway.client.list_multipart_uploads(Bucket=bucket).get("Uploads")
    with storage.upload(bucket, "torn", "text/csv") as upload:
        upload.write(data)
    assert storage.head_object(bucket, "torn").size_bytes == len(data)


def test_write_test_leaves_nothing_behind(gateway, storage):
    bucket = gateway.make_bucket(versioned=True)
    storage.check_writable(bucket, "out")
    left = gateway.client.list_object_versions(Bucket=bucket)
    assert (left.get("Versions"), left.get("DeleteMarkers")) == (None, None)


def test_calls_that_fight_for_one_key_end_well_or_are_tried_again(gateway, bucket):
    call = Call(
        "PutObjectTagging",
        bucket,
        {"Key": "k", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
    )
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda _: perform(gateway.client, call), range(200)))
    verdicts = {classify(answer) for answer in answers}
    assert Verdict.OK in verdicts
    assert verdicts <= {Verdict.OK, Verdict.RETRY}


@pytest.fixture(params=["data plane", "boto3"])
def transport(request):
    by_boto3 = {"s3": functools.partial(S3Service, by_boto3=True)}
    made = DataPlane(in_flight=8, services=SERVICES if request.param == "data plane" else by_boto3)
    yield made
    made.close()


def run(transport, operation, given, endpoint=GATEWAY):
    """What became of each target."""
    limits, stop = Limits(in_flight=8, task_deadline_s=20, patience_s=20), threading.Event()
    places = Places(endpoint, GATEWAY_KEYS)
    work = Work(operation, given, places, limits, stop, retry.decide)
    return transport.submit(work).result(timeout=60).outcomes


def delete(transport, given):
    return run(transport, registry.get("S3DeleteObject").parse({}), given)


def test_tagged_objects_have_these_tags_and_versions_their_own(gateway, transport):
    bucket = gateway.make_bucket(versioned=True)
    old = [
        Target(bucket, key, put_twice(gateway, bucket, key)) for key in (*AWKWARD_KEYS, "a", "b")
    ]
    newest = [Target(bucket, target.key) for target in old]
    for given, team in ((old, "old ü"), (newest, "new +/=")):
        tagging = {"TagSet": [{"Key": "team", "Value": team}]}
        operation = registry.get("S3PutObjectTagging").parse(tagging)
        assert operation.only_call(given[0], context_at(GATEWAY, GATEWAY_KEYS))
        assert run(transport, operation, given) == [DONE] * len(given)
    for given, team in ((old, "old ü"), (newest, "new +/=")):
        assert {tag_of(gateway, target) for target in given} == {team}
    missing = run(transport, operation, [Target(bucket, "missing"), newest[0]])
    assert [outcome.code for outcome in missing] == ["NoSuchKey", ""]


def test_tags_are_deleted_of_these_objects_and_versions_and_no_others(gateway, transport):
    bucket = gateway.make_bucket(versioned=True)
    old = [Target(bucket, key, put_twice(gateway, bucket, key)) for key in (*AWKWARD_KEYS, "a")]
    newest = [Target(bucket, target.key) for target in old]
    tagging = registry.get("S3PutObjectTagging").parse({"TagSet": [{"Key": "a", "Value": "b"}]})
    for given in (old, newest):
        assert run(transport, tagging, given) == [DONE] * len(given)
    untagging = registry.get("S3DeleteObjectTagging").parse({})
    assert run(transport, untagging, old) == [DONE] * len(old)
    assert all(tags_of(gateway, target) == {} for target in old)
    assert {tag_of(gateway, target) for target in newest} == {"b"}
    again = run(transport, untagging, [*newest, *newest, Target(bucket, "missing")])
    assert [outcome.code for outcome in again] == ["" for _ in again[1:]] + ["NoSuchKey"]
    assert all(tags_of(gateway, target) == {} for target in newest)
    assert gateway.read(bucket, "a") == b"second of a"


def test_acl_is_given_to_these_objects_and_versions_and_no_others(gateway, transport):
    bucket = gateway.make_bucket(versioned=True)
    old = [Target(bucket, key, put_twice(gateway, bucket, key)) for key in (*AWKWARD_KEYS, "a")]
    newest = [Target(bucket, target.key) for target in old]
    public = {"AccessControlPolicy": {"CannedAccessControlList": "public-read"}}
    outcomes = run(transport, registry.get("S3PutObjectAcl").parse(public), old)
    if outcomes[0].code == "NotImplemented":
        assert outcomes[0].message.startswith("This storage has no access control lists of objects")
        pytest.skip("Gateway: no ACLs here")
    assert outcomes == [DONE] * len(old)
    assert {grants_of(gateway, target) for target in old} == {2}
    assert {grants_of(gateway, target) for target in newest} == {1}
    owner = gateway.client.get_object_acl(Bucket=bucket, Key="a")["Owner"]
    everybody = {"TypeIdentifier": "uri", "Identifier": acl.ALL_USERS}
    me = {"TypeIdentifier": "id", "Identifier": owner["ID"]}
    listed = {
        "Owner": {"ID": owner["ID"]},
        "Grants": [
            {"Grantee": me, "Permission": "FULL_CONTROL"},
            {"Grantee": me, "Permission": "READ"},
            {"Grantee": everybody, "Permission": "READ_ACP"},
        ],
    }
    granting = {"AccessControlPolicy": {"AccessControlList": listed}}
    assert run(transport, registry.get("S3PutObjectAcl").parse(granting), newest) == [DONE] * len(
        old
    )
    for target in newest:
        found = gateway.client.get_object_acl(Bucket=bucket, Key=target.key)
        assert acl.is_kept(granting["AccessControlPolicy"], found)


def test_acl_with_another_owner_fails_with_the_storages_own_answer(gateway, transport):
    bucket = gateway.make_bucket()
    gateway.client.put_object(Bucket=bucket, Key="k", Body=b"content")
    listed = {"AccessControlList": {"Owner": {"ID": "nobody-at-all"}}}
    operation = registry.get("S3PutObjectAcl").parse({"AccessControlPolicy": listed})
    (outcome,) = run(transport, operation, [Target(bucket, "k")])
    assert not outcome.succeeded
    assert outcome.http_status in (400, 403, 501)
    assert gateway.read(bucket, "k") == b"content"


@pytest.mark.parametrize(("name", "parameters", "shown"), LOCKS)
def test_locked_versions_are_locked_and_no_others(gateway, transport, name, parameters, shown):
    bucket = gateway.make_bucket(locked=True)
    old = [Target(bucket, key, put_twice(gateway, bucket, key)) for key in AWKWARD_KEYS]
    assert run(transport, registry.get(name).parse(parameters), old) == [DONE] * len(old)
    for target in old:
        there = {"Bucket": bucket, "Key": target.key}
        assert shown in gateway.client.head_object(**there, VersionId=target.version_id)
        assert shown not in gateway.client.head_object(**there)


def test_change_of_encryption_where_it_would_be_an_upload_leaves_every_object_as_it_is(
    gateway, transport
):
    bucket = gateway.make_bucket(versioned=True)
    given = [Target(bucket, key) for key in ("a", "b/c", "b/d", "e")]
    for target in given:
        gateway.client.put_object(Bucket=bucket, Key=target.key, Body=b"content")
    key = {"KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd"}
    operation = registry.get("S3UpdateObjectEncryption").parse(
        {"ObjectEncryption": {"SSEKMS": key}}
    )
    outcomes = [outcome for outcome in run(transport, operation, given) if outcome]
    assert {outcome.code for outcome in outcomes} == {"NotImplemented"}
    assert "takes one for an upload" in outcomes[0].message
    found = gateway.client.list_object_versions(Bucket=bucket)
    assert [item["Key"] for item in found["Versions"]] == [target.key for target in given]
    assert "DeleteMarkers" not in found
    assert all(gateway.read(bucket, target.key) == b"content" for target in given)


def test_copied_objects_are_there_each_with_its_content(gateway, transport):
    bucket, other = gateway.make_bucket(versioned=True), gateway.make_bucket()
    old = [Target(bucket, key, put_twice(gateway, bucket, key)) for key in (*AWKWARD_KEYS, "a")]
    copying = {"TargetResource": f"arn:aws:s3:::{other}", "TargetKeyPrefix": "köln 2%/"}
    operation = registry.get("S3PutObjectCopy").parse(copying)
    endpoint = replace(GATEWAY, tags_after_copy=False)
    assert operation.only_call(old[0], context_at(endpoint, GATEWAY_KEYS))
    newest = [Target(bucket, target.key) for target in old]
    for given, which in ((newest, "second"), (old, "first")):
        assert run(transport, operation, given, endpoint) == [DONE] * len(given)
        for target in given:
            found = gateway.client.get_object(Bucket=other, Key=f"köln 2%/{target.key}")
            assert found["Body"].read().decode() == f"{which} of {target.key}"


def put_twice(gateway, bucket, key):
    """The version of the first."""
    made = [
        gateway.client.put_object(Bucket=bucket, Key=key, Body=f"{which} of {key}".encode())
        for which in ("first", "second")
    ]
    return made[0]["VersionId"]


def version_of(target):
    return {"VersionId": target.version_id} if target.version_id else {}


def tags_of(gateway, target):
    return gateway.tags_of(target.bucket, target.key, **version_of(target))


def grants_of(gateway, target):
    """How many there are."""
    found = gateway.client.get_object_acl(
        Bucket=target.bucket, Key=target.key, **version_of(target)
    )
    return len(found["Grants"])


def tag_of(gateway, target):
    version = {"VersionId": target.version_id} if target.version_id else {}
    found = gateway.client.get_object_tagging(Bucket=target.bucket, Key=target.key, **version)
    return found["TagSet"][0]["Value"]


def test_deleted_objects_are_gone_and_no_others(gateway, transport):
    bucket = gateway.make_bucket()
    for key in (*AWKWARD_KEYS, " led by a space", "led by a space", "stays"):
        gateway.client.put_object(Bucket=bucket, Key=key, Body=b"x")
    keys = [*AWKWARD_KEYS, " led by a space", "never there"]
    assert delete(transport, [Target(bucket, key) for key in keys]) == [DONE] * len(keys)
    left = gateway.client.list_objects_v2(Bucket=bucket)["Contents"]
    assert [item["Key"] for item in left] == ["led by a space", "stays"]


def test_deleted_versions_are_gone_and_newest_ones_get_a_marker(gateway, transport):
    bucket = gateway.make_bucket(versioned=True)
    old, new = (
        gateway.client.put_object(Bucket=bucket, Key="k", Body=body)["VersionId"]
        for body in (b"1", b"2")
    )
    kept = gateway.client.put_object(Bucket=bucket, Key="m", Body=b"3")["VersionId"]
    given = [Target(bucket, "k", old), Target(bucket, "m"), Target(bucket, "k", "unknown")]
    assert delete(transport, given)[:2] == [DONE, DONE]
    found = gateway.client.list_object_versions(Bucket=bucket)
    assert sorted(item["VersionId"] for item in found["Versions"]) == sorted([new, kept])
    assert [item["Key"] for item in found["DeleteMarkers"]] == ["m"]


def test_thousands_of_objects_are_deleted_in_a_few_requests(gateway, transport):
    bucket = gateway.make_bucket()
    keys = [f"ü&<{n}>" for n in range(1200)]
    with ThreadPoolExecutor(32) as threads:
        list(
            threads.map(
                lambda key: gateway.client.put_object(Bucket=bucket, Key=key, Body=b"x"), keys
            )
        )
    assert delete(transport, [Target(bucket, key) for key in keys]) == [DONE] * 1200
    assert gateway.client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
