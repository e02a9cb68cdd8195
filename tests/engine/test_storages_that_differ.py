"""Whole jobs over storages that are not quite as S3 is, or have something before them: what people
met with, in a small way. Each test says what a job does there.
"""

import re

import pytest

from jobs.choices import JobStatus, PauseCause
from jobs.models import Region
from tests import proxy as proxies
from tests.engine.differing import KEYS, all_succeeded, copy, delete, left, results, tag, tags_of
from tests.engine.places import TAGS
from tests.proxy import XML, refusal

LOGIN = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Who are you?</body></html>"
LOCK = {
    "ObjectLockMode": "GOVERNANCE",
    "ObjectLockRetainUntilDate": "2039-12-01T00:00:00Z",
    "ObjectLockLegalHoldStatus": "ON",
}


@pytest.fixture
def proxy(place, s3_server, settings):
    """What the Region's endpoint is, before the server that the place's own client speaks to."""
    settings.BATCHCONSOLE_STORAGE_PATIENCE_S = 0.5
    with proxies.running(s3_server) as made:
        Region.objects.update(endpoint_url=made.url)
        place.region.refresh_from_db()
        yield made


def test_storage_that_calls_the_request_about_many_a_bad_one_gets_a_request_for_each_key(
    place, steps, proxy
):
    refused = refusal(400, "InvalidArgument", "Cannot create buckets using a POST.")
    proxy.before = lambda asked: refused if asked.is_for_many else None
    place.put_objects(KEYS)
    _, rows = delete(place, steps, KEYS)
    assert all_succeeded(rows)
    assert left(place) == set()


def test_one_locked_key_that_makes_a_storage_refuse_the_whole_fails_alone(place, steps, proxy):
    def before(asked):
        is_about_it = b"k3.txt" in asked.body if asked.is_for_many else "k3.txt" in asked.path
        if is_about_it and (asked.is_for_many or asked.method == "DELETE"):
            return refusal(403, "AccessDenied", "The object is protected by its lock.")
        return None

    proxy.before = before
    place.put_objects(KEYS)
    _, rows = delete(place, steps, KEYS)
    assert rows["k3.txt"][:3] == ("failed", "403", "AccessDenied")
    assert list(results(rows).values()).count("succeeded") == 4
    assert left(place) == {"k3.txt"}


EMPTY_RESULT = b'<?xml version="1.0" encoding="UTF-8"?><DeleteResult></DeleteResult>'


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        (["a.txt", "b.txt", "c.txt"], lambda body: EMPTY_RESULT),
        (["a b.txt", "c d.txt", "é.txt"], lambda body: body.replace(b" ", b"%20")),
    ],
    ids=["no key", "keys as in URLs"],
)
def test_answer_that_does_not_name_the_keys_leaves_no_loop_and_few_delete_markers(
    place, steps, proxy, keys, written
):
    place.s3.put_bucket_versioning(
        Bucket=place.source, VersioningConfiguration={"Status": "Enabled"}
    )

    def after(asked, answered):
        status, headers, content = answered
        if not asked.is_for_many:
            return answered
        told = re.sub(rb"<Key>.*?</Key>", lambda found: written(found[0]), content, flags=re.S)
        return status, headers, EMPTY_RESULT if written(b"") == EMPTY_RESULT else told

    proxy.after = after
    place.put_objects(keys)
    _, rows = delete(place, steps, keys)
    markers = place.s3.list_object_versions(Bucket=place.source).get("DeleteMarkers", [])
    assert all_succeeded(rows, keys)
    assert len(markers) <= 2 * len(keys)
    assert sum(asked.is_for_many or asked.method == "DELETE" for asked in proxy.asked) <= 8


@pytest.mark.parametrize("do", [tag, delete])
def test_login_page_that_answers_all_that_writes_makes_no_row_a_success(place, steps, proxy, do):
    def before(asked):
        if asked.is_for_many:
            return refusal(405, "MethodNotAllowed")
        if asked.is_tagging or asked.method == "DELETE":
            return 200, {"Content-Type": "text/html; charset=utf-8"}, LOGIN
        return None

    proxy.before = before
    place.put_objects(KEYS)
    job, rows = do(place, steps, KEYS)
    assert job.tasks_succeeded == 0
    assert "succeeded" not in results(rows).values()
    assert left(place) == set(KEYS)
    assert all(tags_of(place, key) == [] for key in KEYS)
    if not job.is_terminal:
        assert "Log in" in job.waiting_for or "HTML" in job.waiting_for


def test_final_error_inside_a_good_answer_is_final_at_once(place, steps, proxy):
    _, _, error = refusal(200, "AccessDenied", "The key may not be used.")
    body = error.replace(b"?><Error", b"?>\n   \n<Error")
    proxy.before = lambda asked: (200, XML, body) if asked.is_copy else None
    place.put_objects(KEYS[:2])
    _, rows = copy(place, steps, KEYS[:2])
    assert [row[:3] for row in rows.values()] == [("failed", "403", "AccessDenied")] * 2
    assert sum(asked.is_copy for asked in proxy.asked) == 2


def test_storage_that_wants_the_md5_of_tags_gets_it(place, steps, proxy):
    wanted = refusal(400, "InvalidRequest", "Missing required header: Content-MD5")
    proxy.before = lambda a: wanted if a.is_tagging and "content-md5" not in a.headers else None
    place.put_objects(KEYS)
    _, rows = tag(place, steps, KEYS)
    assert all_succeeded(rows)
    assert all(tags_of(place, key) == TAGS["TagSet"] for key in KEYS)


@pytest.mark.parametrize("do", [tag, copy, delete])
def test_storage_that_takes_no_checksum_headers_is_asked_without_them(place, steps, proxy, do):
    def before(asked):
        for name in ("x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32"):
            if name in asked.headers:
                message = f"Unsupported header '{name}' received for this API call."
                return refusal(400, "InvalidArgument", message)
        return None

    proxy.before = before
    place.put_objects(KEYS)
    job, rows = do(place, steps, KEYS)
    assert job.status == JobStatus.COMPLETE
    assert all_succeeded(rows)


def scope_is(code):
    told = f"The authorization header is malformed; the region is wrong; expecting '{code}'"
    wrong = refusal(400, "AuthorizationHeaderMalformed", told, f"<Region>{code}</Region>")

    def before(asked):
        return None if f"/{code}/s3/" in asked.headers.get("authorization", "") else wrong

    return before


@pytest.mark.parametrize("code", ["NL", "RegionOne", "US"])
def test_region_code_with_capitals_is_what_requests_are_signed_for(place, steps, proxy, code):
    proxy.before = scope_is(code)
    Region.objects.update(code=code)
    place.region.refresh_from_db()
    place.put_objects(KEYS)
    _, rows = tag(place, steps, KEYS)
    assert all_succeeded(rows)


def test_wrong_region_code_ends_the_job_and_names_the_right_one(place, steps, proxy):
    wrong = scope_is("NL")
    proxy.before = lambda asked: wrong(asked) if asked.is_tagging else None
    place.put_objects(KEYS)
    job, _ = tag(place, steps, KEYS)
    assert job.status == JobStatus.FAILED
    assert re.search(r"\bNL\b", job.failure_reason)
    assert sum(asked.is_tagging for asked in proxy.asked) <= len(KEYS)


def without_locks(asked):
    for name in [name for name in asked.headers if "object-lock" in name] * asked.is_copy:
        del asked.headers[name]


class LocksByCallsOnly:
    """A storage that ignores locks sent with a copy, and has calls of their own for them."""

    def __init__(self):
        self.kept = {}

    def before(self, asked):
        path, _, query = asked.path.partition("?")
        name = query.partition("=")[0].partition("&")[0]
        without_locks(asked)
        if name in ("retention", "legal-hold"):
            if asked.method == "PUT":
                self.kept[path, name] = asked.body
                return 200, XML, b""
            found = self.kept.get((path, name))
            return (200, XML, found) if found else refusal(404, "NoSuchObjectLockConfiguration")
        return None


def test_copies_are_locked_as_asked_on_a_storage_that_ignores_locks_sent_with_a_copy(
    place, steps, proxy
):
    storage = LocksByCallsOnly()
    proxy.before = storage.before
    place.put_objects(KEYS)
    _, rows = copy(place, steps, KEYS, **LOCK)
    assert all_succeeded(rows)
    for key in KEYS:
        path = f"/{place.reports}/copies/{key}"
        assert b"GOVERNANCE" in storage.kept[path, "retention"]
        assert b"2039-12-01" in storage.kept[path, "retention"]
        assert b"ON" in storage.kept[path, "legal-hold"]


def test_copies_that_no_call_can_lock_are_no_successes(place, steps, proxy):
    def before(asked):
        is_about_locks = asked.path.partition("?")[2].startswith(("retention", "legal-hold"))
        return refusal(501, "NotImplemented") if is_about_locks else without_locks(asked)

    proxy.before = before
    place.put_objects(KEYS)
    job, _ = copy(place, steps, KEYS, **LOCK)
    assert (job.tasks_succeeded, job.paused_cause) == (0, PauseCause.STORAGE)
    assert "accepted the retention and did not keep it" in job.paused_reason


def test_key_that_is_gone_already_is_deleted_with_success_where_the_storage_says_404(
    place, steps, proxy
):
    def before(asked):
        if asked.is_for_many:
            return refusal(501, "NotImplemented")
        is_gone = asked.method == "DELETE" and asked.path.endswith("gone.txt")
        return refusal(404, "NoSuchKey", "The key does not exist.") if is_gone else None

    proxy.before = before
    keys = ["there.txt", "gone.txt"]
    place.put_objects(keys[:1])
    _, rows = delete(place, steps, keys)
    assert all_succeeded(rows, keys)
    assert left(place) == set()


def test_message_over_several_lines_is_one_line_of_the_report(place, steps, proxy):
    message = 'User "x", not allowed\r\nto: tag,\nasked by "y"'
    proxy.before = lambda a: refusal(403, "AccessDenied", message) if a.is_tagging else None
    place.put_objects(KEYS[:2])
    job, rows = tag(place, steps, KEYS[:2])
    assert {row[3] for row in rows.values()} == {'User "x", not allowed to: tag, asked by "y"'}
    files = [key for key in place.report_keys() if key.endswith(".csv")]
    written = b"".join(place.read(key) for key in files)
    assert len(written.splitlines()) == 2
    assert job.tasks_failed == 2


def test_bucket_that_lies_elsewhere_ends_the_job_at_once_and_says_where(place, steps, proxy):
    status, headers, body = refusal(
        301,
        "PermanentRedirect",
        "The bucket must be addressed using the specified endpoint.",
        "<Endpoint>photos.s3.eu-central-1.example.com</Endpoint>",
    )
    told = {**headers, "x-amz-bucket-region": "eu-central-1"}
    proxy.before = lambda asked: (status, told, body) if asked.is_tagging else None
    place.put_objects(KEYS)
    job, _ = tag(place, steps, KEYS)
    assert job.status == JobStatus.FAILED
    assert place.source in job.failure_reason
    assert "eu-central-1" in job.failure_reason
    assert sum(asked.is_tagging for asked in proxy.asked) <= len(KEYS)


def without_tags(asked):
    named = "x-amz-tagging" in asked.headers or "x-amz-tagging-directive" in asked.headers
    is_about_tags = "tagging" in asked.path.partition("?")[2]
    return refusal(501, "NotImplemented", "Not there.") if named or is_about_tags else None


def test_plain_copy_goes_well_on_a_storage_without_object_tags(place, steps, proxy):
    proxy.before = without_tags
    place.put_objects(KEYS)
    job, rows = copy(place, steps, KEYS)
    assert job.status == JobStatus.COMPLETE
    assert all_succeeded(rows)


def test_tagging_on_a_storage_without_object_tags_ends_at_once_and_says_so(place, steps, proxy):
    proxy.before = without_tags
    keys = [f"k{n}.txt" for n in range(40)]
    place.put_objects(keys)
    job, _ = tag(place, steps, keys)
    assert job.status == JobStatus.FAILED
    assert "no object tags" in job.failure_reason
    assert sum(asked.is_tagging for asked in proxy.asked) < 20
