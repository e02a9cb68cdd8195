"""Requests of DeleteObjects: the objects' part of the body is a blank; answers see deletion_answers.

botocore takes tens of microseconds for each key. What it makes of one is the pattern for all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape  # noqa: S406 - writes

from jobs.s3.answers import Answer
from jobs.s3.deletion_answers import elements_of, says_all_are_gone
from jobs.s3.signing import Signer
from jobs.s3.template import KEY_MARK, TextTemplate, Unsigned, Values

ACTION = "DeleteObjects"
ALL_GONE = Answer(200, "", "")
"""What an answer is read as that says so, at a glance, of all that were asked for."""

SAMPLE = {"Delete": {"Objects": [{"Key": KEY_MARK}]}}
_SAMPLE_ITEM = f"<Object><Key>{KEY_MARK}</Key></Object>"
_LINE_ENDS = frozenset("\r\n")


class Listed(Mapping[str, Any]):
    """The parameters of a call that deletes the newest version of each of `keys`, or the version of
    each that `versions` names. botocore finds in it what it wants to find; `Pattern` and
    `are_gone` go without that.

    Each is in it once, and has nothing that XML cannot carry.
    """

    __slots__ = ("_keys", "_lines", "_versions")

    def __init__(self, keys: Sequence[str], versions: Sequence[str] | None = None) -> None:
        self._keys = keys
        self._versions = versions
        self._lines = b""

    def lines(self) -> bytes:
        """As `elements_of` takes them; empty where escaping is not all that they need."""
        if not self._lines:
            lines: Iterable[str] = self._keys
            if self._versions is not None:
                lines = map("\r".join, zip(self._keys, self._versions, strict=True))
            text = "\n".join(lines)
            named = self._versions or ()
            is_plain = all(self._keys) and all(named) and text.count("\r") == len(named)
            if is_plain and text.count("\n") == len(self._keys) - 1:
                self._lines = escape(text).encode()
        return self._lines

    def are_gone(self, body: bytes) -> bool:
        """Whether an answer says so at a glance; anything else has to be read."""
        lines = self.lines()
        return bool(lines) and says_all_are_gone(lines, body)

    def _objects(self) -> list[dict[str, str]]:
        if self._versions is None:
            return [{"Key": key} for key in self._keys]
        pairs = zip(self._keys, self._versions, strict=True)
        return [{"Key": key, "VersionId": version} for key, version in pairs]

    def __getitem__(self, name: str) -> Any:
        if name != "Delete":
            raise KeyError(name)
        return {"Objects": self._objects()}

    def __iter__(self) -> Iterator[str]:
        return iter(("Delete",))

    def __len__(self) -> int:
        return 1


Objects = Listed | Sequence[Mapping[str, str]]


def objects_of(params: Mapping[str, Any]) -> Objects | None:
    """The objects of a call that `Pattern` can write; None for any other."""
    if isinstance(params, Listed) and params.lines():
        return params
    wanted = params.get("Delete")
    if params.keys() != {"Delete"} or not isinstance(wanted, dict) or wanted.keys() != {"Objects"}:
        return None
    objects: Sequence[Mapping[str, str]] = wanted["Objects"]
    return objects if objects and all(map(_is_plain, objects)) else None


def _is_plain(item: Mapping[str, str]) -> bool:
    return (
        item.keys() <= {"Key", "VersionId"}
        and all(item.values())
        and _LINE_ENDS.isdisjoint(item["Key"])
        and _LINE_ENDS.isdisjoint(item.get("VersionId", ""))
    )


class Pattern:
    """What botocore made of SAMPLE, with a blank for all that stands in a list of objects. Raises
    ValueError where that is not what is expected of it.
    """

    def __init__(self, sample: Unsigned, signer: Signer) -> None:
        if sample.body.count(_SAMPLE_ITEM.encode()) != 1:
            raise ValueError("a deletion does not look as it used to")
        self.template = TextTemplate(sample, signer, marks=(), body_marks=[_SAMPLE_ITEM])

    def values(self, objects: Objects) -> Values:
        return (_items(objects),)


def _items(objects: Objects) -> bytes:
    if isinstance(objects, Listed):
        return elements_of(objects.lines(), b"Object")
    return "".join(map(_item, objects)).encode()


def _item(item: Mapping[str, str]) -> str:
    version = item.get("VersionId")
    written = f"<VersionId>{escape(version)}</VersionId>" if version else ""
    return f"<Object><Key>{escape(item['Key'])}</Key>{written}</Object>"
