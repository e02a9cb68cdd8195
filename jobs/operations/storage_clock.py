"""Moments of ours on a storage's clock, which is known from the Date of an answer alone. Pure.

Both the Date and a last change are cut to whole seconds, so a second may be either side.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from jobs.s3.answers import Answer

SECOND = 1.0


class Age(Enum):
    """Of a change, compared with a moment."""

    OLDER = "older"
    CLOSE = "close"  # it may be either, by a second
    NEWER = "newer"
    UNTOLD = "untold"


def age(
    changed: datetime | None, answer: Answer, moment_s: float, *, asked_s: float, now_s: float
) -> Age:
    """Of what `answer` says of a change: it was asked for at `asked_s` and has just come, at
    `now_s`. These and `moment_s`, an earlier one, are on our clock, in seconds since 1970.
    """
    try:
        date_s = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return Age.UNTOLD
    # A clock of ours that was set back in between tells nothing.
    if changed is None or not moment_s <= asked_s <= now_s:
        return Age.UNTOLD
    # The storage wrote its Date at some time between the two of ours.
    earliest_s = date_s - (now_s - moment_s)
    latest_s = date_s + SECOND - (asked_s - moment_s)
    changed_s = changed.timestamp()
    if changed_s + SECOND <= earliest_s:
        return Age.OLDER
    return Age.NEWER if changed_s >= latest_s else Age.CLOSE
