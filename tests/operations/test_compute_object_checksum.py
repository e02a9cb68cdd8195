import base64
import hashlib
import json
import os
import threading

import pytest

from jobs.choices import Risk
from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.work import Limits, Work
from jobs.errors import ValidationFailedError
from jobs.operations.base import Finding, Outcome
from jobs.operations.compute_object_checksum import ComputeObjectChecksum
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.proof import Proof
from jobs.spec.target import Target
from tests import s3_double
from tests.dataplane.conftest import KEYS
from tests.operations.checksum_storage import GONE, OneObject, etag_of
from tests.operations.walking import walk
from tests.s3_double import Reply
from tests.sequential import Places, context_at

CONTEXT = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
LONG = os.urandom(700_000)


def task(storage, algorithm="SHA256", kind="FULL_OBJECT", version=None):
    wire = {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    operation = ComputeObjectChecksum.parse(wire)
    return storage.drive(operation.run(Target("photos", "k", version), CONTEXT))


def said(outcome):
    assert outcome.succeeded, outcome
    assert (outcome.http_status, outcome.code) == (200, "")
    return json.loads(outcome.message)


def sha256_of(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def composite_of(content, sizes, name="sha256"):
    digests, start = b"", 0
    for size in sizes:
        digests += hashlib.new(name, content[start : start + size]).digest()
        start += size
    whole = hashlib.new(name, digests).digest()
    return f"{base64.b64encode(whole).decode()}-{len(sizes)}"


# --- Parameters and words


def test_what_is_left_out_means_crc64nvme_of_the_full_object_and_stays_left_out():
    operation = ComputeObjectChecksum.parse({})
    assert (operation.function, operation.type) == ("CRC64NVME", "FULL_OBJECT")
    assert operation.to_wire() == {}
    storage = OneObject(b"123456789")
    assert said(storage.drive(operation.run(Target("b", "k"), CONTEXT))) == {
        "checksum_base64": "rosUhgp5mIg=",
        "etag": etag_of(b"123456789").strip('"'),
        "checksumAlgorithm": "CRC64NVME",
        "checksumType": "FULL_OBJECT",
        "checksum_hex": "AE8B14860A799888",
    }


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        ({"ChecksumAlgorithm": "CRC16"}, "ChecksumAlgorithm", "must be one of CRC64NVME, CRC32,"),
        ({"ChecksumAlgorithm": 5}, "ChecksumAlgorithm", "must be one of"),
        ({"ChecksumAlgorithm": "sha256"}, "ChecksumAlgorithm", "must be one of"),
        ({"ChecksumType": "PART"}, "ChecksumType", "must be one of FULL_OBJECT, COMPOSITE."),
        ({"ChecksumType": []}, "ChecksumType", "must be one of"),
        ({"ChecksumType": "COMPOSITE"}, "ChecksumType", "CRC64NVME is computed of full objects"),
        (
            {"ChecksumType": "COMPOSITE", "ChecksumAlgorithm": "CRC64NVME"},
            "ChecksumType",
            "CRC64NVME is computed of full objects only. Choose FULL_OBJECT.",
        ),
        ({"Checksum": "MD5"}, "Checksum", '"Checksum" is not a parameter here. Take it out.'),
    ],
)
def test_wrong_parameter_gets_a_sentence_at_its_field(parameters, field, words):
    with pytest.raises(ValidationFailedError) as caught:
        ComputeObjectChecksum.parse(parameters)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert words in problem.message


def test_person_reads_what_will_happen():
    operation = ComputeObjectChecksum.parse(
        {"ChecksumAlgorithm": "MD5", "ChecksumType": "COMPOSITE"}
    )
    assert operation.consequence(12, ["photos"]) == (
        "Reads 12 objects in photos and reports the MD5 checksums. Nothing is changed."
    )
    assert operation.summary() == [("Checksum function", "MD5"), ("Checksum type", "Composite")]
    assert (operation.risk, operation.target_buckets()) == (Risk.COST, [])


# --- Full objects


def test_result_message_is_written_as_aws_writes_it():
    assert task(OneObject(b"hello"), "CRC32").message == (
        '{"checksum_base64":"NhCmhg\\u003d\\u003d","etag":"5d41402abc4b2a76b9719d911017c592",'
        '"checksumAlgorithm":"CRC32","checksumType":"FULL_OBJECT","checksum_hex":"3610A686"}'
    )


def test_object_is_asked_for_with_its_version_and_what_the_storage_says_of_its_checksum():
    storage = OneObject(LONG)
    task(storage, version="v1")
    assert storage.asked == [
        ("GetObject", {"Key": "k", "VersionId": "v1", "ChecksumMode": "ENABLED"})
    ]


def test_empty_object_has_a_checksum():
    assert said(task(OneObject(b"")))["checksum_base64"] == sha256_of(b"")


def test_lost_connection_is_gone_on_from_the_byte_that_came_last():
    storage = OneObject(LONG, breaks=[300_000, 200_001])
    assert said(task(storage, version="v"))["checksum_base64"] == sha256_of(LONG)
    ranges = [(params.get("Range"), params.get("IfMatch")) for params in storage.gets()]
    etag = etag_of(LONG)
    assert ranges == [(None, None), ("bytes=300000-", etag), ("bytes=500001-", etag)]
    assert all(wait.free for wait in storage.waits), "what comes further is not given up"


def test_storage_that_answers_the_rest_with_all_is_read_from_the_beginning():
    storage = OneObject(LONG, breaks=[300_000], takes_ranges=False)
    assert said(task(storage))["checksum_base64"] == sha256_of(LONG)


def test_object_without_an_etag_is_never_put_together():
    storage = OneObject(LONG, etag="none", headers={"content-length": str(len(LONG))})
    storage.breaks = [300_000]
    assert said(task(storage, version="v"))["checksum_base64"] == sha256_of(LONG)
    assert ["Range" in params for params in storage.gets()] == [False, False]


def test_connection_that_is_lost_again_and_again_at_once_is_given_up_with_the_storages_words():
    storage = OneObject(LONG, breaks=[0] * 9)
    storage.content = LONG
    outcome = task(storage)
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (
        False, 0, "ConnectionClosedError",
    )  # fmt: skip


def test_object_that_another_took_the_place_of_between_two_answers_fails():
    def change(storage):
        storage.content = LONG[::-1]

    outcome = task(OneObject(LONG, breaks=[300_000], then=change))
    message = "The object was changed while it was read."
    assert outcome == Outcome(False, 200, "ObjectChanged", message)


def test_object_that_was_changed_while_one_long_answer_came_fails():
    def change(storage):
        storage.content = LONG[::-1]

    assert task(OneObject(LONG, then=change)).code == "ObjectChanged"


def test_object_that_was_deleted_while_one_long_answer_came_fails():
    assert task(OneObject(LONG, head=GONE)).code == "ObjectChanged"


def test_look_that_is_refused_proves_nothing():
    refused = Answer(403, "403", "Forbidden")
    assert said(task(OneObject(LONG, head=refused)))["checksum_base64"] == sha256_of(LONG)


def test_range_of_which_the_storage_ignores_the_condition_is_not_mixed_with_what_came_before():
    class Careless(OneObject):
        def _refused(self, params):
            return None

    def change(storage):
        storage.content = LONG[::-1]

    assert task(Careless(LONG, breaks=[300_000], then=change)).code == "ObjectChanged"


def test_body_shorter_than_the_object_is_no_object():
    storage = OneObject(LONG, headers={"content-length": str(len(LONG) + 1)}, patience=2)
    storage.takes_ranges = False
    assert task(storage).code == "IncompleteBody"


def test_refusal_is_written_as_aws_writes_it_with_the_storages_own_code():
    def steps(answer):
        operation = ComputeObjectChecksum.parse({})
        return walk(operation.run(Target("photos", "k"), CONTEXT), answer)[1]

    assert steps(Answer(404, "NoSuchKey", 'no "k"')) == Outcome(
        False,
        200,
        "PermanentFailure",
        'error details: {"failureMessage":"NoSuchKey: no \\"k\\"", "errorCode": "404"}',
    )
    assert len(steps(Answer(400, "InvalidRequest", "x" * 5000)).message) < 1024


def test_trouble_on_the_way_is_no_answer_of_the_storage():
    operation = ComputeObjectChecksum.parse({})
    for answer in (
        Answer(0, "ReadTimeoutError", "silent"),
        Answer(502, "InvalidResponse", "a page", proof=Proof.FOREIGN),
    ):
        _, outcome = walk(operation.run(Target("photos", "k"), CONTEXT), answer)
        assert outcome == Outcome(False, answer.http_status, answer.code, answer.message)


# --- What the storage says itself


def test_checksum_that_the_storage_says_too_is_a_success_after_one_read():
    storage = OneObject(headers={"x-amz-checksum-sha256": sha256_of(b"content")})
    said(task(storage))
    assert len(storage.gets()) == 1


def test_checksum_that_the_storage_says_otherwise_is_read_again_and_fails():
    storage = OneObject(headers={"x-amz-checksum-sha256": sha256_of(b"other")})
    outcome = task(storage)
    assert (outcome.succeeded, outcome.code) == (False, "ChecksumMismatch")
    assert outcome.message == (
        f"The content that was read has the checksum {sha256_of(b'content')}, and the storage says"
        f" {sha256_of(b'other')} (x-amz-checksum-sha256). It was read 2 times."
    )
    first, second = storage.gets()
    assert ("IfMatch" in first, second["IfMatch"]) == (False, etag_of(b"content"))


def test_content_that_was_right_the_second_time_succeeds():
    def mend(storage):
        storage.content = b"content"

    storage = OneObject(b"cONTENT", etag='"e"', then=mend)
    storage.headers = {"x-amz-checksum-sha256": sha256_of(b"content")}
    assert said(task(storage))["checksum_base64"] == sha256_of(b"content")


def test_object_that_was_changed_before_the_second_read_fails_as_changed():
    def change(storage):
        storage.content = b"other"

    headers = {"x-amz-checksum-sha256": sha256_of(b"neither")}
    assert task(OneObject(headers=headers, then=change)).code == "ObjectChanged"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-checksum-crc32": "AAAAAA=="},
        {"x-amz-checksum-sha256": f"{sha256_of(b'x')}-3"},
        {"x-amz-checksum-sha256": sha256_of(b"x"), "x-amz-checksum-type": "COMPOSITE"},
    ],
)
def test_checksum_of_another_kind_is_not_compared(headers):
    said(task(OneObject(headers=headers)))


def test_etag_that_is_an_md5_is_compared_with_the_md5():
    said(task(OneObject(), "MD5"))
    wrong = etag_of(b"other")
    outcome = task(OneObject(etag=wrong), "MD5")
    assert outcome.code == "ChecksumMismatch"
    assert wrong.strip('"').upper() in outcome.message
    assert hashlib.md5(b"content").hexdigest().upper() in outcome.message


@pytest.mark.parametrize(
    ("etag", "headers"),
    [
        ('"0123-not-an-md5"', {}),
        (f'{etag_of(b"other")[:-1]}-2"', {}),
        (etag_of(b"other"), {"x-amz-server-side-encryption": "aws:kms"}),
        (etag_of(b"other"), {"x-amz-server-side-encryption-customer-algorithm": "AES256"}),
    ],
)
def test_etag_that_is_no_md5_of_the_content_is_not_compared(etag, headers):
    said(task(OneObject(etag=etag, headers=headers), "MD5"))


# --- Composites


SIZES = [300_000, 300_000, 100_000]


def in_parts(**facts):
    digests = b"".join(
        hashlib.md5(LONG[start : start + 300_000]).digest() for start in range(0, 700_000, 300_000)
    )
    etag = f'"{hashlib.md5(digests).hexdigest()}-3"'
    return OneObject(LONG, etag=etag, **{"part_sizes": SIZES, **facts})


def listed(sizes, etag, *, truncated=False, start=0):
    parts = [{"PartNumber": start + n + 1, "Size": size} for n, size in enumerate(sizes)]
    data = {"ETag": etag.strip('"'), "ObjectSize": len(LONG)}
    return Answer(200, "", "", data | {"ObjectParts": {"Parts": parts, "IsTruncated": truncated}})


def test_composite_is_made_of_the_parts_of_the_upload_as_heads_tell_them():
    storage = in_parts()
    assert said(task(storage, kind="COMPOSITE"))["checksum_base64"] == composite_of(LONG, SIZES)
    heads = [params.get("PartNumber") for action, params in storage.asked if action == "HeadObject"]
    assert heads == [1, 2, 3, None]
    assert storage.gets()[0]["IfMatch"] == storage.etag


def test_composite_is_made_of_the_parts_that_the_storage_lists_without_asking_for_each():
    storage = in_parts()
    storage.listed = listed(SIZES, storage.etag)
    found = said(task(storage, kind="COMPOSITE", version="v"))
    assert found["checksum_base64"] == composite_of(LONG, SIZES)
    assert found["checksum_hex"].endswith("-3")
    assert [action for action, _ in storage.asked] == [
        "HeadObject", "GetObjectAttributes", "GetObject",
    ]  # fmt: skip


def test_list_of_parts_is_read_page_by_page():
    storage = in_parts()
    pages = {
        None: listed(SIZES[:2], storage.etag, truncated=True),
        2: listed(SIZES[2:], storage.etag, start=2),
    }
    answered = storage.answer

    def answer(step):
        if getattr(step, "action", "") == "GetObjectAttributes":
            return pages[step.params.get("PartNumberMarker")]
        return answered(step)

    storage.answer = answer
    assert said(task(storage, kind="COMPOSITE"))["checksum_base64"] == composite_of(LONG, SIZES)


@pytest.mark.parametrize("sizes", [SIZES[:2], [300_000, 300_000, 99_999]])
def test_list_that_does_not_make_up_the_object_is_not_believed(sizes):
    storage = in_parts()
    storage.listed = listed(sizes, storage.etag)
    assert said(task(storage, kind="COMPOSITE"))["checksum_base64"] == composite_of(LONG, SIZES)


def test_object_of_a_single_upload_is_one_part():
    for facts in ({}, {"takes_numbers": False}, {"tells_ranges": False}):
        storage = OneObject(b"content", **facts)
        found = said(task(storage, kind="COMPOSITE"))
        assert found["checksum_base64"] == composite_of(b"content", [7])
    assert said(task(OneObject(b""), kind="COMPOSITE"))["checksum_base64"].endswith("-1")


def test_parts_whose_sizes_the_storage_does_not_tell_are_said_to_be_unknown():
    outcome = task(in_parts(takes_numbers=False), kind="COMPOSITE")
    assert outcome == Outcome(
        False,
        200,
        "PartSizesUnknown",
        "Cannot tell of which parts the object was made: the storage says 3 parts, and not of which"
        " sizes. Choose the checksum type FULL_OBJECT.",
    )


def test_parts_that_do_not_fit_together_are_said_to_be_unknown():
    outcome = task(in_parts(part_sizes=[300_000, 300_000, 99_999]), kind="COMPOSITE")
    assert outcome.code == "PartSizesUnknown"
    assert outcome.message.startswith("Cannot tell of which parts")


def test_object_that_changes_between_its_parts_and_its_content_fails():
    class Changing(OneObject):
        def _get(self, step, params):
            self.etag = '"another-3"'
            return super()._get(step, params)

    outcome = task(Changing(LONG, etag='"one-3"', part_sizes=SIZES), kind="COMPOSITE")
    assert outcome.code == "ObjectChanged"


def test_composite_md5_is_compared_with_the_etag_of_the_upload():
    said(task(in_parts(), "MD5", "COMPOSITE"))
    wrong = in_parts()
    wrong.etag = f'"{"0" * 32}-3"'
    assert task(wrong, "MD5", "COMPOSITE").code == "ChecksumMismatch"


def test_missing_object_is_refused_before_its_parts_are_asked_for():
    outcome = task(OneObject(head=GONE), kind="COMPOSITE")
    assert outcome.code == "PermanentFailure"
    assert '"errorCode": "404"' in outcome.message


# --- Looks


def look(answer):
    operation = ComputeObjectChecksum.parse({})
    return walk(operation.check(Target("photos", "k"), CONTEXT, None), answer)[1]


def test_look_finds_nothing_lost_since_nothing_was_changed():
    assert look(Answer(200, "", "")) == Finding()
    assert look(Answer(403, "AccessDenied", "")) == Finding(), "so does a refusal of a storage"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "", "", headers={"x-amz-request-id": "1"}),
        Answer(502, "InvalidResponse", "a page", proof=Proof.FOREIGN),
        Answer(0, "ReadTimeoutError", "silent"),
    ],
)
def test_look_speaks_against_an_answer_without_a_mark(answer):
    """Of a storage that marks its answers, and where no storage answers the look."""
    assert look(answer).speaks_against


PAGE = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nETag: "page"\r\n\r\n<html>Hello'


def test_page_that_somebody_on_the_way_sends_for_everything_is_no_content():
    with s3_double.running() as double:
        double.answer = lambda received: Reply(PAGE)
        plane, stop = DataPlane(in_flight=4), threading.Event()
        try:
            work = Work(
                ComputeObjectChecksum.parse({}),
                [Target("photos", key) for key in "abc"],
                Places(double.endpoint, KEYS),
                Limits(in_flight=4, task_deadline_s=0.5, patience_s=0.5),
                stop,
                retry.decide,
            )
            outcomes = plane.submit(work).result(60).outcomes
        finally:
            plane.close()
    assert not [outcome for outcome in outcomes if outcome and outcome.succeeded]
