"""Bodies of answers as XML, whatever they are. Pure."""

import re
import xml.etree.ElementTree as ET  # noqa: S405 - what botocore reads the same answers with

_BLANK = re.compile(rb"(?:\xef\xbb\xbf)?+\s*+(?:<\?xml\s[^<>?]*+\?>)?+\s*+\Z")
_NOT_XML = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"
    rb"|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));"
)


def is_blank(body: bytes) -> bool:
    """Nothing but white space and a declaration of XML, which some storages always send."""
    return not body or _BLANK.match(body) is not None


def root_of(body: bytes) -> ET.Element | None:
    """None for what is not XML. White space may come first: a storage that is busy sends it to keep
    the connection open. A refusal names its key, of which XML cannot carry every letter.
    """
    root = _parsed(body.lstrip())
    if root is None and _NOT_XML.search(body):
        mended = _parsed(_NOT_XML.sub(b"?", body.lstrip()))
        root = mended if mended is not None and local_name(mended) == "Error" else None
    return root


def _parsed(text: bytes) -> ET.Element | None:
    try:
        # As botocore does: it takes no notice of another encoding that is declared.
        return ET.fromstring(text, ET.XMLParser(encoding="utf-8"))  # noqa: S314
    except (ET.ParseError, ValueError):
        return None


def error_in(root: ET.Element | None) -> dict[str, str] | None:
    """The members of S3's Error, each with its text, Code among them; None for anything else."""
    if root is None or local_name(root) != "Error" or not text_of(root, "Code"):
        return None
    return {local_name(member): (member.text or "").strip() for member in root}


def local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def text_of(root: ET.Element, name: str) -> str:
    """Of the first member of that name; empty without one."""
    for member in root:
        if local_name(member) == name:
            return (member.text or "").strip()
    return ""
