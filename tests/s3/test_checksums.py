"""Content-MD5 goes with every body; newer checksums are left out where a storage refuses them."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from jobs.s3.answers import Answer
from jobs.s3.calls import Call, perform
from jobs.s3.checksums import refuses_checksums
from jobs.s3.clients import make_client
from jobs.s3.template import KEY_MARK
from jobs.s3.work_store import S3Store
from tests import s3_double
from tests.s3.scripted import KEYS
from tests.s3.test_requesting import PATH, Both, copy, tagging

UNTIL = datetime(2030, 1, 2, tzinfo=UTC)
GRANTS = {"Owner": {"ID": "me"}, "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "you"},
          "Permission": "READ"}]}  # fmt: skip
BODIES = [
    tagging("a", None),
    Call("DeleteObjects", "photos", {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}}),
    Call("DeleteObjects", "photos", {"Delete": {"Objects": [{"Key": "a"}], "Quiet": True}}),
    Call("PutObjectAcl", "photos", {"Key": "a", "AccessControlPolicy": GRANTS}),
    Call("PutObjectAcl", "photos", {"Key": "a", "ACL": "private"}),
    Call("PutObjectRetention", "photos", {"Key": "a", "Retention": {"Mode": "GOVERNANCE",
         "RetainUntilDate": UNTIL}}),
    Call("PutObjectLegalHold", "photos", {"Key": "a", "LegalHold": {"Status": "ON"}}),
    Call("RestoreObject", "photos", {"Key": "a", "RestoreRequest": {"Days": 3}}),
    Call("CompleteMultipartUpload", "photos", {"Key": "a", "UploadId": "u", "MultipartUpload": {
         "Parts": [{"PartNumber": 1, "ETag": "e"}]}}),
    Call("PutBucketTagging", "photos", {"Tagging": {"TagSet": []}}),
]  # fmt: skip
DATA = [
    Call("PutObject", "photos", {"Key": "a", "Body": b"data"}),
    Call("UploadPart", "photos", {"Key": "a", "UploadId": "u", "PartNumber": 1, "Body": b"data"}),
    Call("DeleteObject", "photos", {"Key": "a"}),
    Call("CreateMultipartUpload", "photos", {"Key": "a"}),
    copy("a", "b", None),
]


def name_of(call):
    return call.action


def checksums_of(headers):
    return {name for name in headers if "checksum" in name}


@pytest.fixture
def both():
    return Both(PATH)


@pytest.mark.parametrize("call", BODIES, ids=name_of)
def test_every_body_that_is_no_data_goes_with_its_md5(both, call):
    ours, theirs = both.by_us(call), both.by_botocore(call)
    assert ours == theirs
    expected = base64.b64encode(hashlib.md5(ours[2]).digest()).decode()
    assert ours[1]["content-md5"] == expected
    assert "content-md5" in ours[1]["authorization"]


@pytest.mark.parametrize("call", DATA, ids=name_of)
def test_data_and_calls_without_a_body_go_without_a_checksum(both, call):
    headers = both.by_us(call)[1]
    assert "content-md5" not in headers
    assert checksums_of(headers) == set()


@pytest.mark.parametrize("call", BODIES, ids=name_of)
def test_without_checksums_md5_stays_and_both_ways_agree(both, call):
    both.by_us(call)
    both.requests.leave_out_checksums()
    ours = both.by_us(call)
    assert both.requests.leaves_out_checksums
    assert ours == both.by_botocore(call)
    assert checksums_of(ours[1]) == set()
    assert "checksum" not in ours[1]["authorization"]
    assert "content-md5" in ours[1]
    assert not both.requests.prepare(call).template.adds_checksums


def test_template_that_was_made_before_is_made_anew_once(both):
    calls = [tagging(f"k{n}", None) for n in range(20)]
    assert checksums_of(both.by_us(calls[0])[1]) != set()
    both.requests.leave_out_checksums()
    seen = len(both.caught)
    for call in calls:
        both.requests.leave_out_checksums()
        assert checksums_of(both.by_us(call)[1]) == set()
    assert len(both.caught) == seen + 1


def test_stencil_that_was_handed_out_before_makes_no_more_requests(both):
    call = tagging(KEY_MARK, None)
    before = both.requests.stencil(call)
    assert before.adds_checksums
    assert b"x-amz-checksum-crc32" in before.request("a", None)
    both.requests.leave_out_checksums()
    assert before.request("a", None) is None
    after = both.requests.stencil(call)
    assert not after.adds_checksums
    assert b"checksum" not in after.request("a", None)


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_checksum_that_a_person_chose_is_no_addition_and_stays(both, algorithm):
    params = dict(copy("a", "b", None).params) | {"ChecksumAlgorithm": algorithm}
    call = Call("CopyObject", "photos", params)
    assert not both.requests.prepare(call).template.adds_checksums
    before = both.by_us(call)
    both.requests.leave_out_checksums()
    assert both.by_us(call) == both.by_botocore(call) == before
    assert before[1]["x-amz-checksum-algorithm"] == algorithm


def test_checksum_chosen_for_a_body_stays_too(both):
    call = tagging("a", None)
    call = Call(call.action, call.bucket, {**call.params, "ChecksumAlgorithm": "SHA256"})
    both.requests.leave_out_checksums()
    headers = both.by_us(call)[1]
    assert headers["x-amz-sdk-checksum-algorithm"] == "SHA256"
    assert "x-amz-checksum-sha256" in headers


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "InvalidArgument",
         "Unsupported header 'x-amz-sdk-checksum-algorithm' received for this API call."),
        (400, "InvalidArgument",
         "Unsupported header 'x-amz-checksum-crc32' received for this API call."),
        (501, "NotImplemented", "Header 'x-amz-checksum-algorithm' with value 'CRC32' not implemented"),
        (501, "NotImplemented",
         "A header you provided implies functionality that is not implemented"),
        (400, "InvalidRequest", "The checksum algorithm CRC32 is not supported."),
        (400, "InvalidRequest", "X-Amz-Checksum-Crc32 cannot be used here"),
    ],
)  # fmt: skip
def test_refusal_of_a_checksum_header_is_known_by_its_words(status, code, message):
    assert refuses_checksums(Answer(status, code, message))


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (200, "", ""),
        (403, "AccessDenied", "x-amz-checksum-crc32"),
        (400, "InvalidRequest",
         "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"),
        (400, "InvalidRequest", "x-amz-sdk-checksum-algorithm specified, but no corresponding"
         " x-amz-checksum-* or x-amz-trailer headers were found."),
        (400, "BadDigest", "The CRC32 you specified did not match the calculated checksum."),
        (400, "XAmzContentChecksumMismatch", "The provided 'x-amz-checksum' header is unknown."),
        (400, "InvalidArgument", "The tag is invalid."),
        (501, "NotImplemented", "PutObjectTagging not implemented"),
        (501, "NotImplemented", "Header 'x-amz-tagging' with value 'a=b' not implemented"),
        (501, "NotImplemented", ""),
    ],
)  # fmt: skip
def test_other_refusals_are_not_taken_for_one_of_checksums(status, code, message):
    assert not refuses_checksums(Answer(status, code, message))


def refusing(received):
    if checksums_of(received.headers):
        return s3_double.error(400, "InvalidArgument", "Unsupported header received.")
    if received.method == "GET":
        listed = b"<ListBucketResult><Contents><Key>a/b</Key></Contents></ListBucketResult>"
        return s3_double.reply(200, listed)
    return s3_double.plausible(received)


@pytest.fixture
def old_storage():
    with s3_double.running() as double:
        double.answer = refusing
        yield double


def test_boto3_without_checksums_gets_through_to_a_storage_that_refuses_them(old_storage):
    with_them = perform(make_client(old_storage.endpoint, KEYS), tagging("a", None))
    without = perform(make_client(old_storage.endpoint, KEYS, checksums=False), tagging("a", None))
    assert (with_them.code, without.code) == ("InvalidArgument", "")


def test_work_storage_is_emptied_on_a_storage_that_refuses_checksums(old_storage):
    store = S3Store(old_storage.endpoint, KEYS, "work", "")
    store.put("a/b", b"data")
    store.delete("a")
    assert [received.method for received in old_storage.received][-1] == "POST"
    assert "content-md5" in old_storage.received[-1].headers


def test_control_plane_sends_no_checksum_header(storage, client, bucket):
    sent = []
    client.meta.events.register_first(
        "before-send.s3", lambda request, **_: sent.extend(map(str.lower, request.headers))
    )
    storage.put_object(bucket, "k", b"data", "text/plain")
    storage.read_range(bucket, "k", 0, 2)
    storage.check_writable(bucket, "")
    storage.list_page(bucket)
    storage.versioning_enabled(bucket)
    with storage.upload(bucket, "large", "text/plain") as upload:
        upload.write(bytes(6 * 1024 * 1024))
    assert "authorization" in sent
    assert checksums_of(sent) == set()
