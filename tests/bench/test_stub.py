"""The storage of the benchmarks: who reads back what was written within a second is told the truth."""

import re
import socket
import tempfile
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from bench import stub as stubs
from bench import tools
from bench.lists import key_of
from jobs.operations.invocations.invocation_answer import result_of
from jobs.operations.invocations.invocation_event import Event
from jobs.spec.target import Target
from tests import servers

DAY = "%a, %d %b %Y %H:%M:%S GMT"
AWKWARD = ["a b+c%", "ü/日本", "<&>\"'", "a//b", "../up", "e\u0301"]

if not (tools.packages_folder() / "root/usr/sbin/nginx").exists():
    pytest.skip(
        "Stub: nginx with Lua is not here; `make bench` fetches it", allow_module_level=True
    )


@pytest.fixture(scope="module")
def stub():
    with tempfile.TemporaryDirectory(prefix="bc-stub-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # it reads its files as nobody
        with stubs.running(folder) as stub:
            yield stub


@pytest.fixture(scope="module")
def s3(stub):
    return servers.s3_client(stub.url())


def head(s3, bucket, key):
    """Its headers; raises KeyError for an object that is not there."""
    try:
        answer = s3.head_object(Bucket=bucket, Key=key)["ResponseMetadata"]
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
        raise KeyError(key) from None
    return answer["HTTPHeaders"]


def tags_of(s3, bucket, key):
    found = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def put_tags(s3, bucket, key, **tags):
    tag_set = [{"Key": k, "Value": v} for k, v in tags.items()]
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": tag_set})


def copy(s3, bucket, key, **members):
    """From an object of the bucket "source"."""
    source = {"Bucket": "source", "Key": key}
    return s3.copy_object(Bucket=bucket, Key=key, CopySource=source, **members)


@pytest.mark.parametrize("key", AWKWARD)
def test_tags_that_were_put_are_the_tags_that_are_read(s3, key):
    put_tags(s3, "tagged", key, name=key)
    put_tags(s3, "tagged", f"{key} of another", name="other")
    assert tags_of(s3, "tagged", key) == {"name": key}
    assert head(s3, "tagged", key)["x-amz-tagging-count"] == "1"
    s3.delete_object_tagging(Bucket="tagged", Key=key)
    assert tags_of(s3, "tagged", key) == {}
    assert "x-amz-tagging-count" not in head(s3, "tagged", key)


def test_object_that_nobody_wrote_to_is_there(s3):
    found = head(s3, "data", key_of(20))
    assert (found["content-length"], found["x-amz-tagging-count"]) == ("1024", "1")
    assert len(tags_of(s3, "data", key_of(20))) == 1


def test_copy_has_the_etag_and_date_of_its_answer(s3):
    answer = copy(s3, "copies", "dated")["CopyObjectResult"]
    found = head(s3, "copies", "dated")
    assert found["etag"] == answer["ETag"] == head(s3, "source", "dated")["etag"]
    assert found["last-modified"] == answer["LastModified"].strftime(DAY)
    assert datetime.now(UTC) - answer["LastModified"] < timedelta(hours=1)
    assert datetime.strptime(found["date"], DAY)


@pytest.mark.parametrize("key", AWKWARD)
def test_copy_shows_what_it_asked_for(s3, key):
    copy(
        s3,
        "copies",
        key,
        MetadataDirective="REPLACE",
        Metadata={"colour": "blue"},
        ContentType="text/csv",
        TaggingDirective="REPLACE",
        Tagging="a=1&b+c=%26%2F",
        ServerSideEncryption="AES256",
        StorageClass="STANDARD_IA",
    )
    copy(s3, "copies", f"{key} of another")
    found = head(s3, "copies", key)
    assert {name: found[name] for name in found if name.startswith("x-amz-meta-")} == {
        "x-amz-meta-colour": "blue"
    }
    assert (found["content-type"], found["x-amz-tagging-count"]) == ("text/csv", "2")
    assert found["x-amz-server-side-encryption"] == "AES256"
    assert found["x-amz-storage-class"] == "STANDARD_IA"
    assert tags_of(s3, "copies", key) == {"a": "1", "b c": "&/"}


def test_copy_that_asks_for_nothing_has_what_its_source_has(s3):
    put_tags(s3, "source", "kept", a="1", b="2", c="3")
    copy(s3, "copies", "kept")
    assert head(s3, "copies", "kept")["x-amz-tagging-count"] == "3"
    assert tags_of(s3, "copies", "kept") == {"a": "1", "b": "2", "c": "3"}


def test_locks_are_those_that_a_copy_or_a_call_of_their_own_asked_for(s3):
    until = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    copy(
        s3,
        "copies",
        "locked",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=until,
        ObjectLockLegalHoldStatus="ON",
    )
    where = {"Bucket": "copies", "Key": "locked"}
    retention = s3.get_object_retention(**where)["Retention"]
    assert (retention["Mode"], retention["RetainUntilDate"]) == ("GOVERNANCE", until)
    assert s3.get_object_legal_hold(**where)["LegalHold"] == {"Status": "ON"}
    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
    longer = {"Mode": "COMPLIANCE", "RetainUntilDate": until + timedelta(days=1)}
    s3.put_object_retention(**where, Retention=longer)
    assert s3.get_object_retention(**where)["Retention"] == longer
    assert head(s3, "copies", "locked")["x-amz-object-lock-legal-hold"] == "OFF"


def test_object_without_a_lock_says_so(s3):
    with pytest.raises(ClientError) as caught:
        s3.get_object_retention(Bucket="data", Key="unlocked")
    assert caught.value.response["Error"]["Code"] == "NoSuchObjectLockConfiguration"


@pytest.mark.parametrize("key", AWKWARD)
def test_deleted_object_is_gone_until_it_is_written_to(s3, key):
    s3.delete_object(Bucket="gone", Key=key)
    with pytest.raises(KeyError):
        head(s3, "gone", key)
    for read in (s3.get_object, s3.get_object_tagging):
        with pytest.raises(ClientError, match="NoSuchKey"):
            read(Bucket="gone", Key=key)
    copy(s3, "gone", key)
    assert head(s3, "gone", key)


def test_many_deleted_objects_are_named_each_and_gone_each(s3):
    keys = [*AWKWARD, *map(key_of, range(900))]
    deletion = {"Objects": [{"Key": key} for key in keys]}
    answer = s3.delete_objects(Bucket="many", Delete=deletion)
    assert [item["Key"] for item in answer["Deleted"]] == keys
    for key in (*AWKWARD, key_of(0), key_of(899)):
        with pytest.raises(KeyError):
            head(s3, "many", key)
    assert head(s3, "many", key_of(900))
    assert head(s3, "others", key_of(0))
    put_tags(s3, "many", key_of(0), a="1")
    assert head(s3, "many", key_of(0))


@pytest.mark.parametrize(
    ("asked", "length", "told"),
    [
        ("bytes=0-9", 10, "bytes 0-9/1024"),
        ("bytes=1000-2000", 24, "bytes 1000-1023/1024"),
        ("bytes=-4", 4, "bytes 1020-1023/1024"),
    ],
)
def test_part_of_an_object_is_as_long_as_was_asked(s3, asked, length, told):
    answer = s3.get_object(Bucket="data", Key="k", Range=asked)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (answer["ContentRange"], len(answer["Body"].read())) == (told, length)


def test_part_behind_the_end_of_an_object_is_refused(s3):
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket="data", Key="k", Range="bytes=1024-")


def test_object_that_was_put_has_its_size_and_etag(s3):
    etag = s3.put_object(Bucket="data", Key="put", Body=b"content")["ETag"]
    found = head(s3, "data", "put")
    assert (found["content-length"], found["etag"]) == ("7", etag)


def test_every_answer_names_its_request_and_its_date(stub, s3):
    (stub.files / "list.csv").write_text("data,k\n")
    for ask in (
        lambda: s3.head_object(Bucket="files", Key="list.csv"),
        lambda: s3.head_object(Bucket="data", Key="k"),
        lambda: s3.get_object_tagging(Bucket="data", Key="k"),
        lambda: s3.delete_object(Bucket="named", Key="k"),
        lambda: s3.delete_objects(Bucket="named", Delete={"Objects": [{"Key": "k"}]}),
        lambda: s3.put_object_tagging(Bucket="data", Key="k", Tagging={"TagSet": []}),
        lambda: copy(s3, "named", "k"),
    ):
        headers = ask()["ResponseMetadata"]["HTTPHeaders"]
        assert re.fullmatch(r"[0-9A-F]{16}", headers["x-amz-request-id"]) and headers["date"]


def send_at_once(stub, requests):
    """All in one go, so that many arrive within a millisecond; returns when each is answered."""
    head = "HTTP/1.1\r\nHost: stub\r\n"
    sent = "".join(f"PUT {target} {head}{rest}" for target, rest in requests)
    with socket.create_connection(("127.0.0.1", stub.base)) as connection:
        connection.sendall(sent.encode())
        answers = b""
        while answers.count(b"HTTP/1.1 200") < len(requests):
            answers += connection.recv(65536)


def test_of_writes_too_fast_to_be_noted_each_is_told_as_their_job_asked(stub, s3):
    body = "<Tagging><TagSet><Tag><Key>job</Key><Value>one</Value></Tag></TagSet></Tagging>"
    rest = f"Content-Length: {len(body)}\r\n\r\n{body}"
    send_at_once(stub, [(f"/fast/{number}?tagging", rest) for number in range(500)])
    for number in (0, 1, 250, 499):
        assert tags_of(s3, "fast", str(number)) == {"job": "one"}


def test_deleted_object_that_is_written_to_amid_fast_writes_is_there(stub, s3):
    keys = [str(number) for number in range(500)]
    s3.delete_objects(Bucket="back", Delete={"Objects": [{"Key": key} for key in keys]})
    rest = "x-amz-copy-source: source/k\r\nContent-Length: 0\r\n\r\n"
    send_at_once(stub, [(f"/back/{key}", rest) for key in keys[:400]])
    assert all(head(s3, "back", key) for key in keys[:400:50])
    with pytest.raises(KeyError):
        head(s3, "back", "499")


def test_large_object_is_copied_in_parts_alone_and_its_copy_is_as_large(s3):
    source = {"Bucket": "large-250", "Key": "a b"}
    assert s3.head_object(**source)["ContentLength"] == 250
    with pytest.raises(ClientError, match="larger than the maximum allowable size"):
        s3.copy_object(Bucket="copies", Key="in parts", CopySource=source)
    upload = {"Bucket": "copies", "Key": "in parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    parts = []
    for number, (first, last) in enumerate([(0, 99), (100, 199), (200, 249)], 1):
        ranged = {"CopySourceRange": f"bytes={first}-{last}", "CopySource": source}
        done = s3.upload_part_copy(**upload, PartNumber=number, **ranged)["CopyPartResult"]
        parts.append({"PartNumber": number, "ETag": done["ETag"]})
    listed = s3.list_parts(**upload, PartNumberMarker=1)
    assert [(part["PartNumber"], part["Size"]) for part in listed["Parts"]] == [(2, 100), (3, 50)]
    assert not listed["IsTruncated"]
    with pytest.raises(ClientError, match="InvalidPart"):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[:2]})
    made = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    found = s3.head_object(Bucket="copies", Key="in parts")
    assert (found["ContentLength"], found["ETag"]) == (250, made["ETag"])
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.list_parts(**upload)


def test_upload_that_is_aborted_is_gone(s3):
    upload = {"Bucket": "copies", "Key": "aborted"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    s3.abort_multipart_upload(**upload)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.abort_multipart_upload(**upload)


@pytest.mark.parametrize("path", ["/2015-03-31/functions/thumbnails/invocations", "/hook"])
def test_functions_and_webhooks_answer_for_the_task_that_they_were_sent(stub, path):
    event = Event().about([("the-task", Target("photos", "a.jpg"))], job_id="j")
    request = urllib.request.Request(stub.url() + path, event, method="POST")  # noqa: S310 - ours
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
        result = result_of(answer.read(), "the-task")
    assert (result.code, result.text) == ("Succeeded", "done")


def test_listing_of_the_benchmarks_bucket_has_what_looks_at_its_objects_show(s3):
    keys = [key_of(number) for number in range(500_000, 500_010)]
    s3.put_object(Bucket="data", Key=keys[3], Body=b"new content")
    s3.delete_object(Bucket="data", Key=keys[4])
    found = s3.list_objects_v2(Bucket="data", StartAfter=keys[0][:-1], MaxKeys=9)["Contents"]
    assert [one["Key"] for one in found] == [key for key in keys if key != keys[4]]
    for one in found:
        looked = s3.head_object(Bucket="data", Key=one["Key"])
        assert looked["ETag"] == one["ETag"]
        assert looked["ContentLength"] == one["Size"]
        assert looked["LastModified"] == one["LastModified"]


def test_listing_of_the_benchmarks_bucket_begins_behind_any_key(s3):
    listed = s3.list_objects_v2(Bucket="data", StartAfter="data/part-00000049~~~~", MaxKeys=2)
    assert [one["Key"] for one in listed["Contents"]] == [key_of(500), key_of(501)]
