"""Making the chunks of a list known, a group at a time: the ORM takes more time for that than all else
that preparing does.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

from jobs.models import Chunk


class NewChunk(NamedTuple):
    """As the columns of Chunk; `offset` and `length` are of its segment, in bytes."""

    job_id: str
    position: int
    rows: int
    segment: str
    offset: int
    length: int


def add_chunks(chunks: Sequence[NewChunk]) -> None:
    """In one statement."""
    if not chunks:
        return
    head, row = _statement()
    values = [value for chunk in chunks for value in chunk]
    with connection.cursor() as cursor:
        cursor.execute(head + ", ".join([row] * len(chunks)), values)


@lru_cache(maxsize=1)
def _statement() -> tuple[str, str]:
    """The columns that are not given begin as the model has them."""
    given = NewChunk._fields
    begin = {
        field.column: _literal(field.get_default())
        for field in Chunk._meta.concrete_fields
        if not field.primary_key and field.attname not in given
    }
    names = ", ".join(f'"{name}"' for name in (*given, *begin))
    row = ", ".join([*["%s"] * len(given), *begin.values()])
    return f"INSERT INTO jobs_chunk ({names}) VALUES ", f"({row})"  # noqa: S608


def _literal(value: str | float | bool) -> str:
    """In the SQL of both databases. A beginning is a number, a word or nothing at all."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        if not (value.isalnum() or not value):
            raise ValueError(f"{value!r} is no beginning of a chunk's column")
        return f"'{value}'"
    return repr(value)
