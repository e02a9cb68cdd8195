"""Texts and days of a URL that are looked for."""

from datetime import date

from django.http import QueryDict


def typed_text(query: QueryDict, name: str) -> str:
    # A NUL can be in no text of PostgreSQL, not even in one that is looked for.
    return query.get(name, "").replace("\0", "").strip()[:256]


def typed_day(query: QueryDict, name: str) -> date | None:
    """Of a date field; None for what is no day, or of a year that no moment can be made of."""
    try:
        day = date.fromisoformat(query.get(name, ""))
    except ValueError:
        return None
    return day if 1970 <= day.year < 9000 else None
