"""A word that the page Help explains."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """`also` are other names that people look for, `see` slugs of other entries."""

    slug: str
    term: str
    text: str
    also: str = ""
    see: tuple[str, ...] = ()
