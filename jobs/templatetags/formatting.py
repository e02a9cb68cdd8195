"""Numbers, sizes, shares, lengths of time and moments in words; pure functions."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.dateformat import format as format_date

EMPTY = "-"
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def number(value: int | float | None) -> str:
    """12000 -> "12,000"; a fraction keeps one decimal; None -> "-"."""
    if value is None:
        return EMPTY
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def size(size_bytes: int | None) -> str:
    """3_100_000 -> "3.1 MB", in steps of 1,000."""
    if size_bytes is None:
        return EMPTY
    if size_bytes < 1_000:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    amount = float(size_bytes)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        amount /= 1_000
        if amount < 999.95 or unit == "PB":
            break
    return f"{amount:,.1f} {unit}"


def percent(part: int | None, whole: int | None) -> str:
    """Rounded down to a tenth: 100% only when nothing is missing, 0% only when nothing is there."""
    if part is None or not whole:
        return EMPTY
    if part >= whole:
        return "100%"
    tenths = part * 1_000 // whole
    if part and not tenths:
        return "<0.1%"
    return f"{tenths // 10}.{tenths % 10}%" if tenths else "0%"


def rate(per_second: float | None) -> str:
    """12.34 -> "12.3/s"; from 100 on without decimals."""
    if per_second is None:
        return EMPTY
    return f"{per_second:,.0f}/s" if per_second >= 100 else f"{per_second:,.1f}/s"


def duration(seconds: float | timedelta | None) -> str:
    """A measured length of time: "12 s", "4 min 10 s", "3 h 20 min", "2 days 4 h"."""
    if seconds is None:
        return EMPTY
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    whole = max(0, int(seconds))
    if whole < MINUTE_S:
        return f"{whole} s" if whole else "Less than 1 s"
    if whole < HOUR_S:
        return _two(whole // MINUTE_S, "min", whole % MINUTE_S, "s")
    return _hours_or_days(whole)


def _hours_or_days(seconds: int) -> str:
    if seconds < DAY_S:
        return _two(seconds // HOUR_S, "h", seconds % HOUR_S // MINUTE_S, "min")
    days = seconds // DAY_S
    return _two(days, "day" if days == 1 else "days", seconds % DAY_S // HOUR_S, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")


def time_left(seconds: float | None, now: datetime | None = None) -> str:
    """An estimate: "About 4 minutes"; from an hour on to 5 minutes, with the end if `now` is given."""
    if seconds is None:
        return EMPTY
    if seconds < MINUTE_S:
        return "Less than a minute"
    minutes = round(seconds / MINUTE_S)
    if minutes < 60:
        return f"About {minutes} minute{'' if minutes == 1 else 's'}"
    words = "About " + _hours_or_days(round(seconds / 300) * 300)
    if now is None:
        return words
    end = timezone.localtime(now + timedelta(seconds=seconds))
    pattern = "H:i" if seconds < DAY_S else "j F, H:i"
    return f"{words} (around {format_date(end, pattern)})"


def moment(value: datetime) -> str:
    """A moment with its zone: "21 November 2026, 10:03:11 UTC"."""
    return format_date(timezone.localtime(value), "j F Y, H:i:s T")


def stamp(value: datetime) -> str:
    """The same in a narrow column: "21 Nov 2026, 10:03:11 UTC"."""
    return format_date(timezone.localtime(value), "j M Y, H:i:s T")


def utc(value: datetime) -> str:
    """The same moment in UTC."""
    return format_date(value.astimezone(UTC), "j F Y, H:i:s T")


def clock(value: datetime) -> str:
    """The time of day of a moment of today: "10:03:11 UTC"."""
    return format_date(timezone.localtime(value), "H:i:s T")


def share(part: int, whole: int) -> str:
    """One part of a breakdown, rounded to a tenth so that all parts together look like the whole."""
    if not whole or part >= whole:
        return percent(part, whole)
    tenths = min(999, max(1, round(part * 1_000 / whole)))
    return f"{tenths // 10}.{tenths % 10}%" if part else "0%"


def relative(value: datetime, now: datetime) -> str:
    """ "4 minutes ago", "in 30 days"; beyond 60 days the date."""
    seconds = (value - now).total_seconds()
    length = abs(seconds)
    if length >= 60 * DAY_S:
        return format_date(timezone.localtime(value), "j M Y")
    if length < 10:
        return "just now" if seconds <= 0 else "in a moment"
    words = _one_unit(length, up=seconds > 0)
    return f"in {words}" if seconds > 0 else f"{words} ago"


def _one_unit(length_s: float, *, up: bool) -> str:
    """The largest unit that fits; what lies ahead is rounded to the nearest, what was, down."""
    for unit_s, name in ((DAY_S, "day"), (HOUR_S, "hour"), (MINUTE_S, "minute")):
        if length_s >= unit_s:
            count = round(length_s / unit_s) if up else int(length_s // unit_s)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{int(length_s)} seconds"
