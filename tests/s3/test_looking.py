import pytest

from jobs.errors import StoppedError, StorageUnavailableError
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Endpoint
from jobs.s3.looking import look_at_bucket
from jobs.s3.patience import Patience
from jobs.s3.proof import Proof
from tests.s3.scripted import KEYS, MARKED, refusal, serving

ACTION = "GetObjectLockConfiguration"
ENABLED = (
    b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
    b"</ObjectLockConfiguration>"
)


def look(server, **options):
    endpoint = Endpoint(server.url, "us-east-1", "path")
    return look_at_bucket(make_client(endpoint, KEYS, attempts=1, **options), "photos", ACTION)


def test_answer_is_read_and_nothing_but_a_get_is_sent():
    with serving((200, MARKED, ENABLED)) as server:
        answer = look(server)
    assert answer.data["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    assert [(method, path) for method, path, _ in server.seen] == [("GET", "/photos?object-lock")]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, refusal("AccessDenied"), "AccessDenied"),
        (405, refusal("MethodNotAllowed"), "MethodNotAllowed"),
        (501, refusal("NotImplemented"), "NotImplemented"),
        (404, refusal("ObjectLockConfigurationNotFoundError"), "ObjectLockConfigurationNotFoundError"),
    ],
)  # fmt: skip
def test_refusal_is_an_answer(status, body, code):
    with serving((status, MARKED, body)) as server:
        answer = look(server)
    assert (answer.http_status, answer.code) == (status, code)


def test_storage_that_takes_no_notice_of_the_call_does_not_meet_it():
    listing = b"<ListBucketResult><Name>photos</Name></ListBucketResult>"
    with serving((200, MARKED, listing)) as server:
        answer = look(server)
    assert (answer.http_status, answer.proof) == (200, Proof.ODD)
    assert OBJECT_LOCK.holds(answer) is False


@pytest.mark.parametrize("status", [403, 405, 501])
def test_refusal_of_somebody_on_the_way_is_an_answer_that_proves_nothing(status):
    with serving((status, {}, b"<html>No.</html>")) as server:
        answer = look(server)
    assert (answer.http_status, answer.proof) == (status, Proof.FOREIGN)


@pytest.mark.parametrize(
    ("status", "body"), [(503, refusal("SlowDown")), (500, b""), (200, b"<html>Portal</html>")]
)
def test_answer_that_says_to_come_back_later_is_raised(status, body):
    with serving((status, {}, body)) as server, pytest.raises(StorageUnavailableError):
        look(server)


def test_stop_is_heard():
    with serving((200, MARKED, ENABLED)) as server, pytest.raises(StoppedError):
        look(server, patience=Patience(silence_s=60.0, is_stopped=lambda: True))
