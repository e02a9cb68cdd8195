"""Every entry of the page Help: the words that are written down, and what the registries know."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jobs.access.policy.ready_made import DESCRIPTIONS
from jobs.choices import JobStatus, OperationGroup
from jobs.console import advice
from jobs.console.forms.sources.table import KINDS
from jobs.console.help import meanings
from jobs.console.help.word import Word
from jobs.console.help.words import WORDS
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.operations.requests import in_words
from jobs.queries.words import status as status_word


@dataclass(frozen=True, slots=True)
class Entry:
    """`slug` is its anchor, `text` one or more sentences, `facts` labels with sentences, `also` words
    that lead to it as well, `see` entries that go on from here: slug and term.
    """

    slug: str
    term: str
    text: str
    facts: Sequence[tuple[str, str]] = ()
    also: str = ""
    see: Sequence[tuple[str, str]] = ()

    @property
    def searched(self) -> str:
        facts = (f"{label} {text}" for label, text in self.facts)
        return " ".join((self.term, self.also, self.text, *facts)).casefold()


@dataclass(frozen=True, slots=True)
class Section:
    slug: str
    title: str
    entries: Sequence[Entry]


@functools.cache
def sections() -> tuple[Section, ...]:
    """All of the page, in its order."""
    written = [(title, [_of_word(word) for word in words]) for title, words in WORDS]
    made = [
        ("Statuses", _statuses()),
        ("Why a job is paused", _entries("pause", meanings.PAUSES)),
        *((f"Operations: {title}", entries) for title, entries in _operations()),
        ("Kinds of object list", [Entry(f"kind-{k.name}", k.label, k.does) for k in KINDS]),
        ("Levels of risk", _entries("risk", meanings.RISKS)),
        ("Results of a dry run", _entries("result", meanings.FORESEEN)),
        ("Error codes of objects", _error_codes()),
        ("Failure codes of jobs", _entries("failure", meanings.FAILURE_CODES)),
        ("Roles", _entries("role", DESCRIPTIONS)),
    ]
    every = [*written, *made]
    terms = {entry.slug: entry.term for _, entries in every for entry in entries}
    return tuple(Section(_slug(title), title, _linked(entries, terms)) for title, entries in every)


def slugs() -> frozenset[str]:
    return frozenset(entry.slug for section in sections() for entry in section.entries)


def found(text: str) -> list[Section]:
    """Sections with those of their entries that have all words of `text`."""
    words = text.casefold().split()
    kept = [
        replace(section, entries=[one for one in section.entries if _fits(one, words)])
        for section in sections()
    ]
    return [section for section in kept if section.entries]


def entries_for(text: str) -> list[Entry]:
    """Entries whose term, or another name of it, has all words of `text`; the closest first."""
    wanted = text.casefold().strip()
    words = wanted.split()
    fits = [
        one
        for section in sections()
        for one in section.entries
        if words and all(word in f"{one.term} {one.also}".casefold() for word in words)
    ]
    return sorted(fits, key=lambda one: (one.term.casefold() != wanted, len(one.term)))


def _fits(entry: Entry, words: Iterable[str]) -> bool:
    searched = entry.searched
    return all(word in searched for word in words)


def _of_word(word: Word) -> Entry:
    return Entry(word.slug, word.term, word.text, also=word.also, see=[(s, "") for s in word.see])


def _linked(entries: Iterable[Entry], terms: dict[str, str]) -> list[Entry]:
    return [replace(one, see=[(slug, terms[slug]) for slug, _ in one.see]) for one in entries]


def _statuses() -> list[Entry]:
    return [
        Entry(
            _slug(f"status-{status.value}"),
            status_word(str(status.label), mine=True),
            meanings.STATUSES[status],
            also=status.value,
        )
        for status in JobStatus
        if status in meanings.STATUSES
    ]


def _operations() -> list[tuple[str, list[Entry]]]:
    return [
        (str(group.label), [_operation(one) for one in registry.OPERATIONS if one.group is group])
        for group in OperationGroup
    ]


def _operation(operation: type[Operation]) -> Entry:
    plainest = operation.parse(operation.examples[0])
    facts = [
        ("Requests", in_words(plainest.requests())),
        ("Risk", str(operation.risk.label)),
        ("To go back", operation.back),
        ("Run twice", operation.again),
    ]
    return Entry(
        f"operation-{operation.name.lower()}",
        operation.label,
        operation.does,
        facts=facts,
        also=" ".join((operation.name, *operation.calls)),
        see=[(_slug(f"risk-{operation.risk.value}"), "")],
    )


def _error_codes() -> list[Entry]:
    return [
        Entry(_slug(f"code-{code}"), code, means, facts=[("What to do", remedy)])
        for code, (means, remedy) in advice.known().items()
    ]


def _entries(kind: str, texts: Mapping[Any, str]) -> list[Entry]:
    """Of choices, by their values."""
    return [
        Entry(_slug(f"{kind}-{choice}"), str(getattr(choice, "label", choice)), text)
        for choice, text in texts.items()
    ]


def _slug(text: str) -> str:
    return text.casefold().replace(":", "").replace(" ", "-")
