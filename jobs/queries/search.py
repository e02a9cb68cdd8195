"""A search over all jobs that somebody sees: by ID, description, tag, bucket and manifest.

Texts are read in narrow rows (SearchText, JobTag), from the newest on, never in those of the jobs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from jobs.models import Job, JobQuerySet, JobTag, SearchText
from jobs.spec.generator import GeneratorSpec

SHOWN = 10
"""Jobs of a group where all groups are shown."""

MOST = 100
"""Jobs of a group that is shown alone."""

MAX_WORDS = 10
MOST_NOTED = 3
_JOB_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
_BEGINS_ID = re.compile(r"[0-9a-f-]{3,36}")
_PLACE = re.compile(r"(?:s3://|arn:aws[a-z-]*:s3:::)([^/]+)/?(.*)", re.DOTALL)
_EXACT, _BEGINS, _CONTAINS, _ELSE = range(4)
_TAGS_OF_A_JOB = 10
"""So many of them at most may be found by one search without other jobs being left out."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`note` is what was found, where it is not the job's description or ID."""

    job: Job
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The jobs that are found by one thing, the best match first, then the newest. `more`: there are
    others besides.
    """

    name: str
    label: str
    hits: Sequence[Hit]
    more: bool


@dataclass(frozen=True, slots=True)
class _Found:
    rank: int
    job_id: str
    note: str = ""


def job_id_in(text: str) -> str:
    """The job ID that stands in `text` (an ARN, an address); empty where there is none, or several."""
    found = set(_JOB_ID.findall(text.casefold()))
    return found.pop() if len(found) == 1 else ""


def search(visible: JobQuerySet, text: str, *, only: str = "") -> list[Group]:
    """Of the `visible` jobs, in six queries. Groups that have exact matches come first. `only` is the
    name of one group, which then has up to MOST jobs instead of SHOWN.
    """
    asked = text.casefold().strip()
    if not asked:
        return []
    limit = MOST if only in LABELS else SHOWN
    looks = {only: _LOOKS[only]} if only in LABELS else _LOOKS
    found = {name: look(visible, asked, limit + 1) for name, look in looks.items()}
    wanted = {one.job_id for rows in found.values() for one in rows[:limit]}
    jobs = visible.select_related("region", "search_text").in_bulk(wanted)
    groups = [
        (
            rows[0].rank,
            Group(name, LABELS[name], _hits(name, asked, rows[:limit], jobs), len(rows) > limit),
        )
        for name, rows in found.items()
        if rows
    ]
    return [group for _, group in sorted(groups, key=lambda ranked: ranked[0] != _EXACT)]


def _hits(name: str, asked: str, rows: list[_Found], jobs: dict[str, Job]) -> list[Hit]:
    """A job that went meanwhile is left out."""
    return [
        Hit(job, one.note or _note(name, job, asked))
        for one in rows
        if (job := jobs.get(one.job_id))
    ]


# Each of these takes text as `asked` has it, and returns so many at most, the best first.


def _by_id(visible: JobQuerySet, asked: str, limit: int) -> list[_Found]:
    beginning = job_id_in(asked) or asked
    if not _BEGINS_ID.fullmatch(beginning):
        return []
    keys = visible.filter(pk__startswith=beginning).order_by("pk").values_list("pk", flat=True)
    rank = _EXACT if len(beginning) >= 8 else _BEGINS
    return [_Found(rank, key) for key in keys[:limit]]


def _by_description(visible: JobQuerySet, asked: str, limit: int) -> list[_Found]:
    field = "description"
    every = Q(*(_has(field, word) for word in asked.split()[:MAX_WORDS]))
    ranks = (Q(**{field: asked}), Q(**{f"{field}__startswith": asked}), _has(field, asked))
    return _ranked(visible, every, ranks, limit)


def _by_bucket(visible: JobQuerySet, asked: str, limit: int) -> list[_Found]:
    place = _PLACE.fullmatch(asked)
    field, bucket = "buckets", place[1] if place else asked
    ranks = (_has(field, f"\n{bucket}\n"), _has(field, f"\n{bucket}"))
    return _ranked(visible, _has(field, bucket), ranks, limit)


def _by_place(visible: JobQuerySet, asked: str, limit: int) -> list[_Found]:
    field, key = "places", _place_in(asked)
    ranks = (
        _has(field, f"\n{key}\n") | _has(field, f"/{key}\n"),
        _has(field, f"\n{key}") | _has(field, f"/{key}"),
    )
    return _ranked(visible, _has(field, key), ranks, limit)


def _by_tag(visible: JobQuerySet, asked: str, limit: int) -> list[_Found]:
    key, equals, value = asked.partition("=")
    if equals:
        fits = Q(key__iexact=key.strip(), value__icontains=value.strip())
        exact = Q(value__iexact=value.strip())
    else:
        fits = Q(key__icontains=asked) | Q(value__icontains=asked)
        exact = Q(key__iexact=asked) | Q(value__iexact=asked)
    tags = _of(visible, JobTag.objects.filter(fits)).annotate(rank=_rank(exact))
    rows = tags.order_by("rank", "-pk").values_list("rank", "job_id", "key", "value")
    found: dict[str, _Found] = {}
    for rank, job_id, key, value in rows[: limit * _TAGS_OF_A_JOB]:
        found.setdefault(job_id, _Found(rank, job_id, f"{key}={value}" if value else key))
    return list(found.values())[:limit]


def _of(visible: JobQuerySet, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of jobs that are visible. Where all are, no job is looked up for it."""
    return rows.filter(job__in=visible) if visible.query.where else rows


def _has(field: str, text: str) -> Q:
    return Q(**{f"{field}__contains": text})


def _rank(*best: Q) -> Case:
    whens = (When(condition, then=Value(rank)) for rank, condition in enumerate(best))
    return Case(*whens, default=Value(_ELSE), output_field=IntegerField())


def _ranked(visible: JobQuerySet, fits: Q, ranks: Sequence[Q], limit: int) -> list[_Found]:
    texts = _of(visible, SearchText.objects.filter(fits)).annotate(rank=_rank(*ranks))
    rows = texts.order_by("rank", "-pk").values_list("rank", "job_id")
    return [_Found(rank, job_id) for rank, job_id in rows[:limit]]


def _place_in(asked: str) -> str:
    """As a line of `SearchText.places` has it, or a part of one."""
    place = _PLACE.fullmatch(asked)
    return f"{place[1]}/{place[2]}" if place else asked


# What was found, as it is written


def _bucket_note(job: Job, asked: str) -> str:
    place = _PLACE.fullmatch(asked)
    bucket = place[1] if place else asked
    written = {name.casefold(): name for name in (*job.buckets, job.report_bucket)}
    lines = [line for line in job.search_text.buckets.split("\n") if bucket in line]
    lines.sort(key=lambda line: (line != bucket, not line.startswith(bucket)))
    return _some([written.get(line, line) for line in lines])


def _place_note(job: Job, asked: str) -> str:
    key, listed = _place_in(asked), job.manifest
    if not isinstance(listed, GeneratorSpec):
        return listed.place
    places = [
        f"{one.bucket}/{prefix}" for one in listed.sources for prefix in one.prefixes or ("",)
    ]
    return _some([f"s3://{place}" for place in places if key in place.casefold()])


def _some(texts: list[str]) -> str:
    more = len(texts) - MOST_NOTED
    return ", ".join(texts[:MOST_NOTED]) + (f" and {more:,} more" if more > 0 else "")


LABELS = {
    "id": "Job ID",
    "description": "Description",
    "tag": "Tags",
    "bucket": "Buckets",
    "manifest": "Manifests and listed prefixes",
}
_LOOKS = {
    "id": _by_id,
    "description": _by_description,
    "tag": _by_tag,
    "bucket": _by_bucket,
    "manifest": _by_place,
}
_NOTES = {"bucket": _bucket_note, "manifest": _place_note}


def _note(name: str, job: Job, asked: str) -> str:
    return _NOTES[name](job, asked) if name in _NOTES else ""
