"""Objects that are copied onto themselves over the data plane, at a storage that keeps the condition."""

import threading
import time
from collections import Counter
from email.utils import formatdate

import pytest

from jobs.dataplane.trust import Trust
from jobs.operations import registry
from tests.dataplane.conftest import targets
from tests.s3_double import Reply, error, reply

ACL = b"""<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList><Grant>
<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>me</ID>
</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>"""
LONG_AGO_S = 1_700_000_000.0


class Storage:
    """A fake of the calls of a copy onto itself. `changed` are keys that somebody writes as soon as they
    were looked at, `loses` those whose next copy is made and not answered; every copy has a new
    ETag, as where it is encrypted with a KMS key. What is in `ignores` ("class", "tags") is taken and not done.
    """

    def __init__(self):
        self.classes, self.writes, self.copies = {}, Counter(), Counter()
        self.changed_s, self.changed, self.loses, self.ignores = {}, set(), set(), set()
        self._lock = threading.Lock()

    def __call__(self, received):
        with self._lock:
            key, query = received.path.rpartition("/")[2], received.target.partition("?")[2]
            if received.method == "HEAD":
                answer = reply(200, b"", self._facts(key))
                if key in self.changed:
                    self.changed.remove(key)
                    self._write(key)
                return answer
            if received.method == "GET":
                body = b"<Tagging><TagSet></TagSet></Tagging>" if "tagging" in query else ACL
                return reply(200, body)
            return self._copy(key, received.headers)

    def _write(self, key):
        self.writes[key] += 1
        self.changed_s[key] = time.time() + 1

    def etag(self, key):
        return f'"{self.writes[key]:032x}"'

    def _facts(self, key):
        stamp = formatdate(self.changed_s.get(key, LONG_AGO_S), usegmt=True)
        shown = self.classes.get(key)
        of_class = f"x-amz-storage-class: {shown}\r\n" if shown else ""
        now = formatdate(time.time(), usegmt=True)
        return f"ETag: {self.etag(key)}\r\nLast-Modified: {stamp}\r\nDate: {now}\r\n{of_class}"

    def _copy(self, key, headers):
        self.copies[key] += 1
        if headers["x-amz-copy-source-if-match"] != self.etag(key):
            return error(412, "PreconditionFailed", "It changed")
        self._write(key)
        if "class" not in self.ignores:
            self.classes[key] = headers["x-amz-storage-class"]
        if key in self.loses:
            self.loses.remove(key)
            return Reply(b"", close=True)
        body = f"<CopyObjectResult><ETag>{self.etag(key)}</ETag></CopyObjectResult>"
        return reply(200, body.encode())


@pytest.fixture
def storage(double):
    double.answer = Storage()
    return double.answer


OPERATION = registry.get("S3PutObjectStorageClass").parse({"StorageClass": "GLACIER_IR"})


def codes(batch):
    return [outcome.code for outcome in batch.outcomes]


def test_objects_are_copied_once_and_a_repeat_copies_none(run_both, storage):
    for _ in range(2):
        assert codes(run_both(targets("a", "b"), operation=OPERATION)) == ["", ""]
    assert storage.copies == {"a": 1, "b": 1}
    assert storage.classes == {"a": "GLACIER_IR", "b": "GLACIER_IR"}


def test_what_somebody_writes_between_look_and_copy_is_not_replaced(run_both, storage):
    storage.changed = {"b"}
    batch = run_both(targets("a", "b"), operation=OPERATION)
    assert codes(batch) == ["", "PreconditionFailed"]
    assert batch.outcomes[1].http_status == 412
    assert storage.writes == {"a": 1, "b": 1}
    assert "b" not in storage.classes


def test_copy_whose_answer_was_lost_is_not_made_twice_nor_told_to_have_failed(run_both, storage):
    """Its own ETag would refuse a second one."""
    storage.loses = {"a"}
    assert codes(run_both(targets("a"), operation=OPERATION)) == [""]
    assert storage.copies == {"a": 1}


def test_class_that_is_not_kept_is_found_out_at_the_first_objects(run_both, storage):
    storage.ignores = {"class"}
    batch = run_both(targets("a"), operation=OPERATION, trust=Trust())
    assert codes(batch) == ["NotKept"]
    assert "storage class" in batch.outcomes[0].message
