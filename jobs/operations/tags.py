"""Tags of objects: their rules and their forms (docs/batch-operations.md, Tags of objects)."""

import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from jobs.operations.checking import Checker

MAX_OBJECT_TAGS = 10
MAX_KEY = 128
MAX_VALUE = 256
_PUNCTUATION = frozenset("_.:/=+-@")
Tags = tuple[tuple[str, str], ...]


def parse_tag_set(value: Any, field: str, check: Checker) -> Tags:
    """A list of {"Key", "Value"} as pairs, in order."""
    items = check.items(value, field)
    if len(items) > MAX_OBJECT_TAGS:
        check.say(field, f"An object has at most {MAX_OBJECT_TAGS} tags, not {len(items)}.")
    tags = [_parse_tag(item, f"{field}[{n}]", check) for n, item in enumerate(items)]
    seen: set[str] = set()
    for n, (key, _) in enumerate(tags):
        if key and key in seen:
            check.say(f"{field}[{n}].Key", f'The tag "{key}" is entered twice.')
        seen.add(key)
    return tuple(tags)


def _parse_tag(item: Any, field: str, check: Checker) -> tuple[str, str]:
    structure = check.structure(item, field)
    check.only(structure, {"Key", "Value"}, field)
    key = parse_key(structure.get("Key", ""), f"{field}.Key", check)
    return key, parse_value(structure.get("Value", ""), f"{field}.Value", check)


def parse_key(value: Any, field: str, check: Checker) -> str:
    key = check.text(value, field, high=MAX_KEY) or ""
    _check_characters(key, field, check)
    if key.lower().startswith("aws:"):
        check.say(field, 'Keys that start with "aws:" are reserved.')
    return key


def parse_value(value: Any, field: str, check: Checker) -> str:
    text = check.text(value, field, low=0, high=MAX_VALUE) or ""
    _check_characters(text, field, check)
    return text


def _check_characters(text: str, field: str, check: Checker) -> None:
    if not all(map(_is_allowed, text)):
        message = "A tag holds letters, digits, spaces and the characters _ . : / = + - @ only."
        check.say(field, message)


def _is_allowed(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character)[0] in "LZN"


def to_tag_set(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]


def to_header(tags: Tags) -> str:
    """As the `x-amz-tagging` header has them; a space is %20, which nobody reads as a plus."""
    return urlencode(tags, quote_via=quote)


def to_text(tags: Tags) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags) or "None"


def from_answer(data: Mapping[str, Any]) -> Tags:
    """From the answer of GetObjectTagging."""
    return tuple((tag["Key"], tag["Value"]) for tag in data.get("TagSet", []))
