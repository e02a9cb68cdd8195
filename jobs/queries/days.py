"""Days as people choose them: from midnight to midnight in the active time zone."""

from datetime import date, datetime, time, timedelta

from django.utils.timezone import make_aware


def begin_of(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min))


def end_of(day: date) -> datetime:
    """When the next day begins."""
    return begin_of(day + timedelta(days=1))
