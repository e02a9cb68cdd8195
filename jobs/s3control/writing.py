"""Members as JSON has them to the XML of an answer, by their shapes. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring  # noqa: S405 - written, not parsed

from jobs.s3control.shapes import FLAG, RESULTS, Entries, Leaf, Many, Renamed, Shape, Structure

NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def result(name: str, members: Mapping[str, Any]) -> bytes:
    """The element of a result; members that are None are not there."""
    root = Element(name, xmlns=NAMESPACE)
    _structure(root, RESULTS[name], members)
    return _bytes(root)


def error(code: str, message: str, request_id: str, *, by_sender: bool) -> bytes:
    """The wrapped form of S3 Control."""
    root = Element("ErrorResponse", xmlns=NAMESPACE)
    inner = SubElement(root, "Error")
    _text(inner, "Type", "Sender" if by_sender else "Receiver")
    _text(inner, "Code", code)
    _text(inner, "Message", message)
    _text(root, "RequestId", request_id)
    _text(root, "HostId", "batchconsole")
    return _bytes(root)


def _structure(parent: Element, shape: Structure, members: Mapping[str, Any]) -> None:
    for name, known in shape.items():
        key = known.name if isinstance(known, Renamed) else name
        if members.get(key) is not None:
            _value(parent, name, known, members[key])


def _value(parent: Element, name: str, shape: Shape, value: Any) -> None:
    if isinstance(shape, Renamed):
        _value(parent, name, shape.shape, value)
    elif isinstance(shape, Leaf):
        _text(parent, name, str(value).lower() if shape is FLAG else str(value))
    elif isinstance(shape, Many):
        listed = SubElement(parent, name)
        for item in value:
            _value(listed, shape.written, shape.item, item)
    elif isinstance(shape, Entries):
        listed = SubElement(parent, name)
        for key, text in value.items():
            entry = SubElement(listed, "entry")
            _text(entry, "key", key)
            _text(entry, "value", text)
    else:
        _structure(SubElement(parent, name), shape, value)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _bytes(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
