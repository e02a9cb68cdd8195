"""Texts of a URL that are looked for."""

from django.http import QueryDict


def typed_text(query: QueryDict, name: str) -> str:
    # A NUL can be in no text of PostgreSQL, not even in one that is looked for.
    return query.get(name, "").replace("\0", "").strip()[:256]
