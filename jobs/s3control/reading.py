"""XML of a request to members as JSON has them, by their shapes. Pure.

The namespace plays no part, and lists are read in both spellings that AWS itself uses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # noqa: S405 - defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from jobs.errors import Problem, ValidationFailedError
from jobs.s3control.shapes import (
    EXTENSION,
    FLAG,
    NUMBER,
    Entries,
    Leaf,
    Many,
    Renamed,
    Shape,
    Structure,
)

STRICT = ("Operation", "Manifest", "ManifestGenerator", EXTENSION)
"""What a job does to which objects: what is not known there is refused, for it might be meant to narrow
either.
"""
_NUMBER = re.compile(r"-?[0-9]{1,19}")
_FLAGS = {"true": True, "false": False}


@dataclass(slots=True)
class Read:
    """`members` are those that were sent, `ignored` the paths of others that were no harm."""

    members: dict[str, Any]
    ignored: list[str]


def read(body: bytes, root: str, shape: Structure) -> Read:
    """The members of the element `root`. Raises ValidationFailedError."""
    element = _parsed(body)
    if _name(element) != root:
        raise ValidationFailedError([Problem(root, f"The body must be one element {root}.")])
    reading = _Reading()
    members = reading.structure(element, shape, "")
    if reading.problems:
        raise ValidationFailedError(reading.problems)
    return Read(members, reading.ignored)


def _parsed(body: bytes) -> Element:
    try:
        element: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        said = "The body must have no document type and no entities of its own."
        raise ValidationFailedError([Problem("", said)]) from error
    except (ParseError, ValueError, LookupError) as error:
        said = "The body is not well-formed XML." if body else "The body is empty."
        raise ValidationFailedError([Problem("", said)]) from error
    return element


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


@dataclass(slots=True)
class _Reading:
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def say(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def structure(self, element: Element, shape: Structure, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, child in self._children(element, path):
            at = f"{path}.{name}" if path else name
            if name not in shape:
                self._unknown(at, name)
                continue
            known = shape[name]
            key = known.name if isinstance(known, Renamed) else name
            if key in found:
                self.say(at, f"{at} stands here twice.")
            found[key] = self.value(child, known, at)
        return found

    def value(self, element: Element, shape: Shape, path: str) -> Any:
        if isinstance(shape, Renamed):
            return self.value(element, shape.shape, path)
        if isinstance(shape, Leaf):
            return self._leaf(element, shape, path)
        if isinstance(shape, Many):
            return self._items(element, shape, path)
        if isinstance(shape, Entries):
            return self._entries(element, path)
        return self.structure(element, shape, path)

    def _items(self, element: Element, shape: Many, path: str) -> list[Any]:
        items = []
        for n, (name, child) in enumerate(self._children(element, path)):
            at = f"{path}[{n}]"
            if name in (shape.written, shape.named):
                items.append(self.value(child, shape.item, at))
            else:
                self.say(at, f'{path} must be a list of <{shape.written}>, not of "{name}".')
        return items

    def _entries(self, element: Element, path: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for n, (name, child) in enumerate(self._children(element, path)):
            parts = {key: each.text or "" for key, each in self._children(child, f"{path}[{n}]")}
            if name != "entry" or set(parts) != {"key", "value"}:
                self.say(path, f"{path} must be a list of <entry>, each with a key and a value.")
            elif parts["key"] in found:
                self.say(path, f'The key "{parts["key"]}" stands in {path} twice.')
            else:
                found[parts["key"]] = parts["value"]
        return found

    def _leaf(self, element: Element, shape: Leaf, path: str) -> Any:
        text = element.text or ""
        if len(element):
            self.say(path, f"{path} must be a text, without elements in it.")
        elif shape is FLAG and text.strip() not in _FLAGS:
            self.say(path, f"{path} must be true or false.")
        elif shape is FLAG:
            return _FLAGS[text.strip()]
        elif shape is NUMBER and not _NUMBER.fullmatch(text.strip()):
            self.say(path, f"{path} must be a whole number.")
        elif shape is NUMBER:
            return int(text)
        return text

    def _children(self, element: Element, path: str) -> Iterator[tuple[str, Element]]:
        if any(text and text.strip() for text in (element.text, *(one.tail for one in element))):
            self.say(path, f"{path or _name(element)} must hold elements only, and no text.")
        for child in element:
            yield _name(child), child

    def _unknown(self, path: str, name: str) -> None:
        if path.partition(".")[0] in STRICT:
            self.say(path, f'"{name}" is not known here. Take {path} out.')
        else:
            self.ignored.append(path)
