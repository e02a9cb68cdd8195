"""What a look at the object list showed, as the draft keeps it: facts, first rows, problems.

Pages are drawn from this alone, so that a reload needs no storage, and the ETag that a person
saw is the one that the job gets.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from jobs.console.forms.typed import storable

SHAPE = 2
"""Of what is kept. What an older version kept in another one is looked at again."""

SAMPLES_SHOWN = 3
LOOKS_BY_ITSELF = 40
"""A page goes on so often with a look that is not at its end."""

SIZES = "Size of the objects"
"""The label of the fact that says it."""

Problem = dict[str, Any]


@dataclass(slots=True)
class Found:
    """`place` is what was looked at, as it was typed (see `place_of` of the forms).

    With `error` (a sentence for the field `error_field`) nothing else is known. Moments are ISO
    8601. Of `rows_exact` and `rows_estimated` one is a number, or neither is where nobody can say;
    `bound` says what an estimate is ("least", "most", "so far", "" for about so many), `count_note` in
    sentences what it rests on. `skipped` counts rows that are no tasks, `listed_bytes` are those of the objects seen so far, `looks` how many went on from each other. `facts` are labels with values, `rows` the
    first ones decoded. `problems` are one for each kind (see `problem`).

    `sql` is what an SQL filter keeps (looks/sql_filter.py), empty without one. `plus` is the question what a `+` stands for (looks/plus_signs.py), empty where none is asked.

    `fields` are the columns of a CSV manifest, `columns` how many its rows have. `checkpoint` is
    where a look goes on that is not at its end yet, None where it is.
    """

    place: list[str]
    checked_at: str
    shape: int = SHAPE
    kind: str = ""
    role_arn: str = ""
    error: str = ""
    error_field: str = ""
    etag: str = ""
    size_bytes: int = 0
    last_modified: str = ""
    facts: list[list[str]] = field(default_factory=list)
    columns: int = 0
    fields: list[str] = field(default_factory=list)
    has_version_ids: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    rows_exact: int | None = None
    rows_estimated: int | None = None
    bound: str = ""
    count_note: str = ""
    skipped: int = 0
    listed_bytes: int = 0
    looks: int = 1
    buckets: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    plus: dict[str, Any] = field(default_factory=dict)
    sql: dict[str, Any] = field(default_factory=dict)
    turn_to: str = ""
    checkpoint: Any = None

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = _storable(asdict(self))
        return made

    @property
    def checked(self) -> datetime:
        return datetime.fromisoformat(self.checked_at)

    @property
    def modified(self) -> datetime | None:
        return datetime.fromisoformat(self.last_modified) if self.last_modified else None

    @property
    def is_long(self) -> bool:
        """Looked at so often that the next look waits for a person."""
        return self.looks >= LOOKS_BY_ITSELF

    @property
    def about(self) -> str:
        words = {"least": "At least", "most": "At most", "so far": "So far"}
        return words.get(self.bound, "About")

    @property
    def problem_count(self) -> int:
        return sum(problem["count"] for problem in self.problems)

    @property
    def blocking(self) -> int:
        return sum(problem["count"] for problem in self.problems if problem["blocking"])

    @property
    def first_key(self) -> str:
        return str(self.rows[0]["key"]) if self.rows else ""

    @property
    def shown_rows(self) -> list[dict[str, Any]]:
        """With moments instead of texts."""
        moments = [row.get("modified") for row in self.rows]
        return [
            row | ({"modified": datetime.fromisoformat(moment)} if moment else {})
            for row, moment in zip(self.rows, moments, strict=True)
        ]

    @property
    def has_lines(self) -> bool:
        return any(row.get("line") for row in self.rows)

    @property
    def has_sizes(self) -> bool:
        return any("size_bytes" in row for row in self.rows)

    def stop(self, field: str, sentence: str, *, turn_to: str = "") -> None:
        """Say why nothing else is known; `turn_to` is the kind that this list is of instead."""
        self.error, self.error_field, self.turn_to = sentence, field, turn_to


def from_json(kept: dict[str, Any] | None) -> Found | None:
    """None too for what an older version kept in another shape: it is looked at again."""
    if not kept or kept.get("shape") != SHAPE:
        return None
    try:
        return Found(**kept)
    except TypeError:
        return None


def problem(
    id: str,
    kind: str,
    message: str,
    remedy: str,
    *,
    blocking: bool,
    line: int | None = None,
    row_text: str = "",
    count: int = 1,
) -> Problem:
    """One kind of problem, so far with one sample; `count` is the number of rows that have it."""
    sample = {"line": line, "message": message, "row_text": row_text}
    return {"id": id, "kind": kind, "count": count, "blocking": blocking, "remedy": remedy,
            "samples": [sample]}  # fmt: skip


def by_kind(problems: list[Problem], counts: dict[str, int]) -> list[Problem]:
    """One for each kind, with at most three samples; `counts` are of rows, by the kinds' IDs."""
    kinds: dict[tuple[str, bool], Problem] = {}
    for one in problems:
        first = kinds.setdefault((one["id"], one["blocking"]), one)
        if first is not one:
            first["count"] += one["count"]
            first["samples"] = [*first["samples"], *one["samples"]][:SAMPLES_SHOWN]
    for found in kinds.values():
        found["count"] = max(found["count"], counts.get(found["id"], 0))
    return list(kinds.values())


def _storable(value: Any) -> Any:
    """A decoded key may hold a NUL, which PostgreSQL's JSON cannot."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): _storable(item) for name, item in value.items()}
    return value
