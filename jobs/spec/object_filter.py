"""Which objects a generated list has: AWS's own filter, in its wire form.

See docs/manifests.md, Generated lists.
"""

from dataclasses import dataclass
from typing import Any, Self

from jobs.spec.checking import Checker, given
from jobs.spec.encryption_filter import EncryptionFilter

REPLICATION_STATUSES = ("COMPLETED", "FAILED", "REPLICA", "NONE")
STORAGE_CLASSES = (
    *("STANDARD", "STANDARD_IA", "ONEZONE_IA", "GLACIER", "INTELLIGENT_TIERING"),
    *("DEEP_ARCHIVE", "GLACIER_IR"),
)
MOST_TEXT = 1024
MOST_OF_AWS = 1
"""So many texts AWS takes in each list of KeyNameConstraint; ours takes more beside it."""

_LONG = 2**63
_CONSTRAINTS = ("MatchAnyPrefix", "MatchAnySuffix", "MatchAnySubstring")
_MEMBERS = (
    *("CreatedAfter", "CreatedBefore", "EligibleForReplication", "ObjectReplicationStatuses"),
    *("KeyNameConstraint", "ObjectSizeGreaterThanBytes", "ObjectSizeLessThanBytes"),
    *("MatchAnyStorageClass", "MatchAnyObjectEncryption"),
)


@dataclass(frozen=True, slots=True)
class KeyNames:
    """A key begins with any of `prefixes`, ends with any of `suffixes`, and holds any of `substrings`;
    an empty tuple asks for nothing.
    """

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    substrings: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: Any, field: str, check: Checker, *, most: int) -> Self:
        wire = check.structure(value, field)
        check.only(wire, _CONSTRAINTS, field)
        return cls(*(_texts(wire.get(n), f"{field}.{n}", check, most=most) for n in _CONSTRAINTS))

    def to_wire(self) -> dict[str, Any]:
        lists = (self.prefixes, self.suffixes, self.substrings)
        return {name: list(texts) for name, texts in zip(_CONSTRAINTS, lists, strict=True) if texts}

    def with_more(self, other: "KeyNames") -> "KeyNames":
        """Any of both."""
        return KeyNames(
            self.prefixes + other.prefixes,
            self.suffixes + other.suffixes,
            self.substrings + other.substrings,
        )


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """An object is kept when all that is given is so. Moments are ISO 8601 texts as they were written,
    sizes are bytes, and both limits are strict. An empty tuple asks for nothing.
    """

    created_after: str | None = None
    created_before: str | None = None
    eligible_for_replication: bool | None = None
    replication_statuses: tuple[str, ...] = ()
    names: KeyNames = KeyNames()
    larger_than_bytes: int | None = None
    smaller_than_bytes: int | None = None
    storage_classes: tuple[str, ...] = ()
    encryption: EncryptionFilter | None = None

    @classmethod
    def parse(cls, value: Any, field: str, check: Checker) -> Self:
        wire = check.structure(value, field)
        check.only(wire, _MEMBERS, field)

        def at(name: str) -> tuple[Any, str]:
            return wire.get(name), f"{field}.{name}"

        names = KeyNames.parse(*at("KeyNameConstraint"), check, most=MOST_OF_AWS)
        found = cls(
            created_after=check.moment(*at("CreatedAfter")),
            created_before=check.moment(*at("CreatedBefore")),
            eligible_for_replication=check.flag(*at("EligibleForReplication")),
            replication_statuses=_choices(
                *at("ObjectReplicationStatuses"), check, REPLICATION_STATUSES
            ),
            names=names,
            larger_than_bytes=_long(*at("ObjectSizeGreaterThanBytes"), check),
            smaller_than_bytes=_long(*at("ObjectSizeLessThanBytes"), check),
            storage_classes=_choices(*at("MatchAnyStorageClass"), check, STORAGE_CLASSES),
            encryption=EncryptionFilter.parse(*at("MatchAnyObjectEncryption"), check),
        )
        _check_sizes(found, field, check)
        return found

    def to_wire(self) -> dict[str, Any]:
        members = {
            "CreatedAfter": self.created_after,
            "CreatedBefore": self.created_before,
            "EligibleForReplication": self.eligible_for_replication,
            "ObjectReplicationStatuses": list(self.replication_statuses) or None,
            "KeyNameConstraint": self.names.to_wire() or None,
            "ObjectSizeGreaterThanBytes": self.larger_than_bytes,
            "ObjectSizeLessThanBytes": self.smaller_than_bytes,
            "MatchAnyStorageClass": list(self.storage_classes) or None,
            "MatchAnyObjectEncryption": [self.encryption.to_wire()] if self.encryption else None,
        }
        return given(members)


def _check_sizes(found: ObjectFilter, field: str, check: Checker) -> None:
    low, high = found.larger_than_bytes, found.smaller_than_bytes
    if low is not None and high is not None and high - low < 2:
        check.say(
            f"{field}.ObjectSizeLessThanBytes",
            f"No size is greater than {low:,} and less than {high:,} bytes. Enter other limits.",
        )


def _texts(value: Any, field: str, check: Checker, *, most: int) -> tuple[str, ...]:
    if value is None:
        return ()
    items = check.items(value, field)
    if not 1 <= len(items) <= most:
        allowed = "exactly 1 text" if most == 1 else f"1 to {most:,} texts"
        check.say(field, f"{field} must hold {allowed}, not {len(items):,}.")
    return texts_of(items[:most], field, check)


def texts_of(items: Any, field: str, check: Checker) -> tuple[str, ...]:
    """Each of 1 to 1,024 characters; what a key may hold, control characters included."""
    read = []
    for n, item in enumerate(items):
        if not isinstance(item, str) or not 1 <= len(item) <= MOST_TEXT:
            check.say(f"{field}[{n}]", f"{field}[{n}] must be a text of 1 to 1,024 characters.")
        elif any("\ud800" <= character <= "\udfff" for character in item):
            check.say(f"{field}[{n}]", f"{field}[{n}] is not valid Unicode.")
        else:
            read.append(item)
    return tuple(read)


def _choices(value: Any, field: str, check: Checker, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        return ()
    items = check.items(value, field)
    if not items:
        check.say(field, f"{field} must name at least one of {', '.join(allowed)}.")
    read = [check.choice(item, f"{field}[{n}]", allowed) for n, item in enumerate(items)]
    return tuple(one for one in read if one is not None)


def _long(value: Any, field: str, check: Checker) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not -_LONG <= value < _LONG:
        check.say(field, f"{field} must be a whole number of bytes.")
        return None
    return value
