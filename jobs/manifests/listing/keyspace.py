"""Where to cut a range of keys of which only the beginning was seen. Pure.

Keys are compared as text: by code points, which is the order of their UTF-8 bytes. A range goes from
a key, which it does not have, up to another, which it has; None is the end of what has the
prefix that is listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from os.path import commonprefix

_SIGNS = 10
"""So many signs behind what a range's keys have in common are looked at."""

_SAMPLE = 64
_CLASSES = (
    "0123456789",
    "ABCDEF",
    "GHIJKLMNOPQRSTUVWXYZ",
    "abcdef",
    "ghijklmnopqrstuvwxyz",
)
_LAST_SIGN = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Sample:
    """Of a page: its `first` and its `last` key, and the `signs` that its keys differ by, sorted."""

    first: str
    last: str
    rows: int
    signs: str


def sample_of(keys: Sequence[str]) -> Sample:
    """Of the keys of a page, sorted, of which there is at least one."""
    some = keys[:: len(keys) // _SAMPLE + 1]
    common = len(commonprefix([keys[0], keys[-1]]))
    columns = zip_longest(*[key[common : common + _SIGNS] for key in some], fillvalue="")
    varying = [signs for column in columns if len(signs := set(column)) > 1]
    return Sample(keys[0], keys[-1], len(keys), _with_like(set().union(*varying)))


def _with_like(signs: set[str]) -> str:
    """With all that are likely where some of them are, sorted."""
    signs.discard("")
    for alike in _CLASSES:
        if not signs.isdisjoint(alike):
            signs.update(alike)
    return "".join(sorted(signs))


def _signs_of(sample: Sample, until: str | None, shared: str) -> str:
    """That keys between the page's last and `until` differ by."""
    window = slice(len(shared), len(shared) + _SIGNS)
    return _with_like({*sample.signs, *sample.last[window], *(until or "")[window]})


def after_all(prefix: str) -> str | None:
    """The least text that is greater than all that begin with `prefix`; None where there is none."""
    for length in range(len(prefix), 0, -1):
        number = ord(prefix[length - 1]) + 1
        if number <= _LAST_SIGN:
            return prefix[: length - 1] + chr(0xE000 if number == 0xD800 else number)
    return None


def shared_by(after: str, until: str | None, prefix: str) -> tuple[str, bool]:
    """What all keys between the two begin with, as far as the two say; `prefix` is that of the
    listing. And whether every key that begins so and follows on `after` is between them.
    """
    if until is None:
        return prefix, True
    common = commonprefix([after, until])
    longer = after[: len(common) + 1]
    if len(longer) > len(common) and after_all(longer) == until:
        return longer, True
    return common, False


def share_left(sample: Sample, until: str | None, prefix: str) -> float:
    """How many pages are still to come behind that of `sample`, were keys spread evenly; infinite
    where the page is too narrow to tell.
    """
    shared, is_open = shared_by(sample.first, until, prefix)
    signs = _signs_of(sample, until, shared)
    first, last, end = (
        _number(sample.first, shared, signs),
        _number(sample.last, shared, signs),
        _end(until, shared, signs, is_open=is_open),
    )
    return (end - last) / (last - first) if last > first else float("inf")


def cut(low: str, sample: Sample, until: str | None, prefix: str) -> str | None:
    """A text between the last key of `sample` and `until`, where to begin another range; None
    where there is none to be found. `low` is a key below, between which and the page are others.

    While everything seen begins alike, farther than it must, the question is whether anything does
    not: that takes fewer answers than halving.
    """
    after = sample.last
    shared, is_open = shared_by(after, until, prefix)
    seen_alike = commonprefix([low, after])
    if is_open and len(seen_alike) > len(shared):
        length = len(shared) + (len(seen_alike) - len(shared) + 1) // 2
        found = after_all(after[:length])
    else:
        signs = _signs_of(sample, until, shared)
        found = _middle(after, until, shared, signs, is_open=is_open)
    is_between = found is not None and found > after and (until is None or found < until)
    return found if is_between and (found or "").startswith(prefix) else None


def _middle(after: str, until: str | None, shared: str, signs: str, *, is_open: bool) -> str | None:
    if not signs:
        return None
    base = len(signs) + 1
    number = _number(after, shared, signs) + _end(until, shared, signs, is_open=is_open)
    number //= 2
    digits = [number // base**place % base for place in range(_SIGNS - 1, -1, -1)]
    text = shared
    for digit in digits:
        if not digit:
            break
        text += signs[digit - 1]
        if text > after:
            return text
    return None


def _number(key: str, shared: str, signs: str) -> int:
    """The place of `key` among those that begin with `shared`, were all texts of `signs` there."""
    base, number = len(signs) + 1, 0
    behind = key[len(shared) : len(shared) + _SIGNS].ljust(_SIGNS, "\0")
    for sign in behind:
        number = number * base + sum(one <= sign for one in signs)
    return number


def _end(until: str | None, shared: str, signs: str, *, is_open: bool) -> int:
    if is_open or until is None:
        end: int = (len(signs) + 1) ** _SIGNS - 1
        return end
    return _number(until, shared, signs)
