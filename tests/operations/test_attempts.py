"""What a report says about tries."""

import pytest

from jobs.operations.attempts import tried
from jobs.operations.base import Outcome

FAILED = Outcome(False, 503, "SlowDown", "Please reduce your request rate.")


@pytest.mark.parametrize(
    ("attempts", "elapsed_s", "note"),
    [
        (2, 0.04, "(tried twice in 0.0 s)"),
        (7, 59.7, "(tried 7 times in 60 s)"),
        (1_234, 9.0, "(tried 1,234 times in 9.0 s)"),
    ],
)
def test_failed_task_that_was_tried_more_than_once_says_so(attempts, elapsed_s, note):
    told = tried(FAILED, attempts, elapsed_s)
    assert told.message == f"{FAILED.message} {note}"
    assert (told.code, told.http_status, told.succeeded) == ("SlowDown", 503, False)


def test_failed_task_that_was_tried_once_keeps_its_message():
    assert tried(FAILED, 1, 0.5) == FAILED


def test_succeeded_task_keeps_its_message_however_often_it_was_tried():
    success = Outcome(True, 200, "", "Successful")
    assert tried(success, 9, 30.0) == success


def test_long_message_makes_room_for_the_tries():
    told = tried(Outcome(False, 500, "InternalError", "x" * 5_000), 3, 12.0)
    assert len(told.message) == 1_024 and told.message.endswith("x (tried 3 times in 12 s)")
