"""What came instead of a storage's answer, in words for a person. Pure."""

import html
import json
import re

MAX_QUOTED = 80

_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?+\s*+(?:<\?xml\s[^<>]*+>\s*+)?+(?:<!--(?:(?!-->).)*+-->\s*+)*+"
    rb"<(?:!doctype\s++html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(rb"<title\b[^<>]*+>([^<]*+)", re.IGNORECASE)
_LOOKED_AT_BYTES = 64 * 1024


def describe(status: int, body: bytes, *, content_type: str = "", location: str = "") -> str:
    """ "HTML page titled "Sign in"", "JSON", "text: http: Server closed", "empty"."""
    begin = body[:_LOOKED_AT_BYTES].strip()
    if 300 <= status < 400 and location:
        return f"redirect to {quoted(location)}"
    if not begin:
        return "empty"
    if _HTML.match(begin) or (content_type.lower().startswith("text/html") and b"<" in begin[:1]):
        title = _TITLE.search(begin)
        named = quoted(html.unescape(_decoded(title.group(1)))) if title else ""
        return f'HTML page titled "{named}"' if named else "HTML page"
    if _is_json(begin, body):
        return "JSON"
    if begin.startswith(b"<"):
        return f"XML: {quoted(_decoded(begin))}"
    said = quoted(_decoded(begin))
    return f"text: {said}" if said and _is_text(begin) else "bytes that are no text"


def quoted(text: str) -> str:
    """At most 80 characters of it, on one line, without what does not print."""
    line = "".join(
        letter for letter in " ".join(text[: 4 * MAX_QUOTED].split()) if letter.isprintable()
    )
    return line if len(line) <= MAX_QUOTED else f"{line[: MAX_QUOTED - 1]}…"


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _is_text(begin: bytes) -> bool:
    return b"\0" not in begin and "\ufffd" not in _decoded(begin[:MAX_QUOTED])[:-1]


def _is_json(begin: bytes, body: bytes) -> bool:
    if not begin.startswith((b"{", b"[")):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
