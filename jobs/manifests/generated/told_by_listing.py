"""Filters that a listing itself answers. Pure, and the cheapest first."""

from collections.abc import Callable
from datetime import datetime

from jobs.manifests.generated import patterns
from jobs.manifests.listing.listed import Listed
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import ALL, CURRENT, DELETE_MARKERS, NONCURRENT
from jobs.spec.object_filter import KeyNames, ObjectFilter

Test = Callable[[Listed], bool]
STANDARD = "STANDARD"
"""The storage class of what a listing names none for."""

_VERSIONS: dict[str, Test] = {
    CURRENT: lambda one: one.is_latest and not one.is_delete_marker,
    ALL: lambda one: True,
    NONCURRENT: lambda one: not one.is_latest and not one.is_delete_marker,
    DELETE_MARKERS: lambda one: one.is_delete_marker,
}


def tests_of(spec: GeneratorSpec) -> list[Test]:
    """An object is kept that passes all of them. Prefixes are not among them: only what begins with
    them is listed. A delete marker has neither size nor storage class, so it passes no test of these.
    Raises ValueError for a pattern that is none.
    """
    tests = [_VERSIONS[spec.versions]]
    tests += _of_size(spec.filter)
    tests += _of_time(spec.filter)
    tests += _of_names(spec.names)
    if spec.more.globs:
        matches = patterns.globs(spec.more.globs)
        tests.append(lambda one: matches(one.key))
    if spec.more.expression is not None:
        found = patterns.expression(spec.more.expression)
        tests.append(lambda one: found(one.key))
    return tests


def _of_size(asked: ObjectFilter) -> list[Test]:
    tests: list[Test] = []
    low, high, classes = asked.larger_than_bytes, asked.smaller_than_bytes, asked.storage_classes
    if low is not None:
        tests.append(lambda one: one.size_bytes > low and not one.is_delete_marker)
    if high is not None:
        tests.append(lambda one: one.size_bytes < high and not one.is_delete_marker)
    if classes:
        known = frozenset(classes)
        tests.append(
            lambda one: not one.is_delete_marker and (one.storage_class or STANDARD) in known
        )
    return tests


def _of_time(asked: ObjectFilter) -> list[Test]:
    tests: list[Test] = []
    if asked.created_after is not None:
        after_s = datetime.fromisoformat(asked.created_after).timestamp()
        tests.append(lambda one: one.last_modified_s > after_s)
    if asked.created_before is not None:
        before_s = datetime.fromisoformat(asked.created_before).timestamp()
        tests.append(lambda one: one.last_modified_s < before_s)
    return tests


def _of_names(names: KeyNames) -> list[Test]:
    tests: list[Test] = []
    if names.suffixes:
        suffixes = names.suffixes
        tests.append(lambda one: one.key.endswith(suffixes))
    if len(names.substrings) == 1:
        (only,) = names.substrings
        tests.append(lambda one: only in one.key)
    elif names.substrings:
        substrings = names.substrings
        tests.append(lambda one: any(text in one.key for text in substrings))
    return tests
