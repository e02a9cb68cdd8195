"""Texts of a call that differ from object to object, and where botocore writes them. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape  # noqa: S406 - writes

from jobs.s3.template import PerObject, Unsigned, quote_version, text_mark

Writer = Callable[[str], str | bytes | None]
"""Makes of a text what stands in the request: bytes in its body, text in its head, and None where
only botocore knows.
"""

_FOR_HEADER = re.compile(r"[!-~]+(?: [!-~]+)*\Z")


def take_out(params: Any) -> tuple[Any, list[str]]:
    """The parameters with a mark for each PerObject among them, and these, in their order."""
    texts: list[str] = []
    return _take_out(params, texts), texts


def _take_out(value: Any, texts: list[str]) -> Any:
    if isinstance(value, PerObject):
        texts.append(str(value))
        return text_mark(len(texts) - 1)
    if isinstance(value, dict):
        return {name: _take_out(inner, texts) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_take_out(inner, texts) for inner in value]
    return value


def writers_of(request: Unsigned, count: int) -> list[Writer] | None:
    """How each of the marks of `count` texts is written in `request`; None where one of them was
    changed, or stands where we cannot write.
    """
    writers = [_writer_of(request, text_mark(number)) for number in range(count)]
    known = [writer for writer in writers if writer is not None]
    return known if len(known) == count else None


def _writer_of(request: Unsigned, mark: str) -> Writer | None:
    in_header = "\n".join(request.headers.values()).count(mark)
    in_body = request.body.count(mark.encode())
    match (request.url.count(mark), in_header, in_body):
        case (1, 0, 0):
            values = [pair.partition("=")[2] for pair in urlsplit(request.url).query.split("&")]
            return in_query if mark in values else None
        case (0, 1, 0):
            return in_header_value
        case (0, 0, 1):
            return in_xml if stands_between_tags(request.body, mark) else None
    return None


def stands_between_tags(body: bytes, mark: str) -> bool:
    """And not in an attribute, where more is escaped."""
    parts = body.split(mark.encode())[:-1]
    return all(part.rfind(b">") > part.rfind(b"<") for part in parts)


def in_xml(text: str) -> bytes | None:
    """As botocore writes it between two tags. An empty text has one tag for both."""
    return escape(text).encode("utf-8", "xmlcharrefreplace") if text else None


def in_query(text: str) -> str | None:
    return quote_version(text) if text else None


def in_header_value(text: str) -> str | None:
    """Others may be changed, or refused."""
    return text if _FOR_HEADER.match(text) else None


def written(
    texts: Sequence[str], writers: Sequence[Writer]
) -> tuple[tuple[str, ...], tuple[bytes, ...]] | None:
    """What stands in the head and what in the body; None where only botocore knows."""
    head: list[str] = []
    body: list[bytes] = []
    for text, write in zip(texts, writers, strict=True):
        value = write(text)
        if value is None:
            return None
        if isinstance(value, bytes):
            body.append(value)
        else:
            head.append(value)
    return tuple(head), tuple(body)
