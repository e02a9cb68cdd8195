"""Changes to the tags that an object has, the others left as they are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.operations import tags
from jobs.operations.checking import Checker
from jobs.operations.tags import MAX_OBJECT_TAGS, Tags

MEMBERS = {"TagSet", "RemoveTags", "RenameTags", "OnlyIf"}


class CannotChangeError(Exception):
    """Its text says why these tags cannot be changed so."""


@dataclass(frozen=True, slots=True)
class TagChanges:
    """`renamed` are pairs of old and new keys, `only_if` is the tag that an object must have."""

    put: Tags = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    only_if: tuple[str, str] | None = None

    @classmethod
    def parse(cls, parameters: Mapping[str, Any], check: Checker) -> Self:
        """Each key stands in one place, so that a repeat changes nothing more."""
        put = tags.parse_tag_set(parameters.get("TagSet", ()), "TagSet", check)
        removed = [_key_of(*item, check) for item in _items(parameters, "RemoveTags", check)]
        renames = _items(parameters, "RenameTags", check)
        olds = [_key_of(*item, check, also=("NewKey",)) for item in renames]
        news = [_key_of(*item, check, name="NewKey", also=("Key",)) for item in renames]
        places = [("TagSet", "Key", [key for key, _ in put]), ("RemoveTags", "Key", removed)]
        places += [("RenameTags", "Key", olds), ("RenameTags", "NewKey", news)]
        _check_distinct(places, check)
        if not (put or removed or renames or check.problems):
            check.say("TagSet", "Enter at least one tag to add, change, remove or rename.")
        only_if = _parse_condition(parameters.get("OnlyIf"), check)
        return cls(put, tuple(removed), tuple(zip(olds, news, strict=True)), only_if)

    def to_wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {
            "TagSet": tags.to_tag_set(self.put),
            "RemoveTags": [{"Key": key} for key in self.removed],
            "RenameTags": [{"Key": old, "NewKey": new} for old, new in self.renamed],
        }
        if self.only_if:
            wire["OnlyIf"] = {"Key": self.only_if[0], "Value": self.only_if[1]}
        return {name: value for name, value in wire.items() if value}

    def is_for(self, found: Tags) -> bool:
        return self.only_if is None or self.only_if in found

    def applied(self, found: Tags) -> Tags:
        """To tags that `is_for` lets through. Raises CannotChangeError."""
        kept = dict(found)
        for old, new in self.renamed:
            if old in kept and new in kept:
                raise CannotChangeError(f'The object has both "{old}" and "{new}".')
        names = dict(self.renamed)
        kept = {names.get(key, key): value for key, value in found if key not in self.removed}
        kept |= dict(self.put)
        if len(kept) > MAX_OBJECT_TAGS:
            raise CannotChangeError(f"The object would have {len(kept)} tags, and 10 is the most.")
        return tuple(kept.items())

    def to_text(self) -> list[tuple[str, str]]:
        """Labels and values for a person, of what there is."""
        pairs = [
            ("Add or change", tags.to_text(self.put) if self.put else ""),
            ("Remove", ", ".join(self.removed)),
            ("Rename", ", ".join(f"{old} to {new}" for old, new in self.renamed)),
            ("Only where", tags.to_text((self.only_if,)) if self.only_if else ""),
        ]
        return [(label, text) for label, text in pairs if text]


Item = tuple[Mapping[str, Any], str]
"""A structure and its path."""


def _items(parameters: Mapping[str, Any], name: str, check: Checker) -> list[Item]:
    items = check.items(parameters.get(name, ()), name)
    if len(items) > MAX_OBJECT_TAGS:
        check.say(name, f"An object has at most {MAX_OBJECT_TAGS} tags, not {len(items):,}.")
    return [(check.structure(item, f"{name}[{n}]"), f"{name}[{n}]") for n, item in enumerate(items)]


def _key_of(
    item: Mapping[str, Any],
    field: str,
    check: Checker,
    *,
    name: str = "Key",
    also: Sequence[str] = (),
) -> str:
    if name == "Key":
        check.only(item, {"Key", *also}, field)
    return tags.parse_key(item.get(name, ""), f"{field}.{name}", check)


def _check_distinct(places: Sequence[tuple[str, str, Sequence[str]]], check: Checker) -> None:
    seen: set[str] = set()
    for field, name, keys in places:
        for n, key in enumerate(keys):
            if key and key in seen and (field, name) != ("TagSet", "Key"):
                check.say(f"{field}[{n}].{name}", f'The tag "{key}" is entered twice.')
            seen.add(key)


def _parse_condition(value: Any, check: Checker) -> tuple[str, str] | None:
    if value is None:
        return None
    condition = check.structure(value, "OnlyIf")
    check.only(condition, {"Key", "Value"}, "OnlyIf")
    key = tags.parse_key(condition.get("Key", ""), "OnlyIf.Key", check)
    return key, tags.parse_value(condition.get("Value", ""), "OnlyIf.Value", check)
