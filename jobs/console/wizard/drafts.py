"""Drafts: making, saving step by step, and noticing that another tab was quicker.

`data` of a draft holds "manifest" and "options" (typed values by field name, of step 1 those of every
kind of list and which "kind" was chosen), "operation" (its name), "settings" (typed values by operation), "found" (see found.py), "checked" (steps whose
problems are shown), "notes" (what a clone has to say), "retry" (see reports/retry_drafts.py), "saved_list"
(of a clone over a generated list, its saved list as it would be typed) and
"saved" (by step: the version in which it was last saved, the tab that did, whether by a button).
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from jobs import conf
from jobs.console.forms.operations.table import FORMS
from jobs.console.forms.options import OptionsForm
from jobs.console.forms.sources.table import SOURCES, absorbed
from jobs.console.forms.typed import Rows, StepForm, storable
from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS, REVIEW, Step
from jobs.errors import BatchConsoleError
from jobs.models import Draft

Data = dict[str, Any]
RowValues = list[dict[str, str]]


class DraftChangedError(BatchConsoleError):
    """This draft changed in another tab."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page knew when it was drawn: the draft's version, and which tab it stands in."""

    version: int
    tab: str

    @classmethod
    def of(cls, post: Mapping[str, str]) -> "Seen":
        number = post.get("version", "")
        good = number.isascii() and number.isdecimal() and len(number) < 10
        return cls(int(number) if good else 0, storable(post.get("tab", ""))[:32])


def new_draft(
    owner: User,
    *,
    now: datetime,
    source: str = "new",
    data: Data | None = None,
    touched: list[str] | None = None,
) -> Draft:
    return Draft.objects.create(
        owner=owner,
        source=source,
        data=data or {},
        touched=touched or [],
        created_at=now,
        updated_at=now,
    )


def open_drafts(owner: User, *, now: datetime) -> QuerySet[Draft]:
    """Drafts that are no job yet, newest first; kept 30 days after their last change."""
    oldest = now - conf.DRAFT_LIFETIME
    return Draft.objects.filter(owner=owner, job=None, updated_at__gte=oldest)


def kept_days() -> int:
    return conf.DRAFT_LIFETIME.days


def new_tab() -> str:
    return uuid.uuid4().hex[:12]


def absorb(data: Data, step: Step, post: Mapping[str, str]) -> Data:
    """`data` with what was typed in one step, which is not judged again before the next Next.

    Values of other operations stay.
    """
    fresh = data | {"checked": [slug for slug in data.get("checked", []) if slug != step.slug]}
    if step is MANIFEST:
        return fresh | {"manifest": absorbed(data.get("manifest", {}), post)}
    if step is OPTIONS:
        return fresh | {"options": OptionsForm.typed_from(post)}
    if step is OPERATION:
        shown = FORMS.get(post.get("settings_of", ""))
        settings = dict(data.get("settings", {}))
        if shown:
            settings[shown.operation.name] = shown.typed_from(post)
        chosen = storable(post.get("operation", ""))[:64]
        return fresh | {"operation": chosen, "settings": settings}
    return data


def rows_named(step: Step, shown: str, name: str) -> Rows | None:
    """Repeating rows of a step, None when it has no such."""
    form: type[StepForm] | None = OptionsForm if step is OPTIONS else None
    if step is not OPTIONS:
        form = FORMS.get(shown) if step is OPERATION else SOURCES.get(shown)
    return next((rows for rows in (form.rows if form else ()) if rows.name == name), None)


def with_rows(
    data: Data, step: Step, shown: str, name: str, change: Callable[[RowValues], RowValues]
) -> Data:
    """`data` with the repeating rows `name` of a step changed; the same when it has no such.

    `shown` is the operation, or the kind of list, whose fields the page showed, chosen or not.
    """
    rows = rows_named(step, shown, name)
    if rows is None:
        return data
    settings = data.get("settings", {}).get(shown, {})
    typed = settings if step is OPERATION else data.get(step.slug, {})
    others = {key: value for key, value in typed.items() if not key.startswith(f"{name}-")}
    fresh = others | rows.write(change(rows.read(typed))[: rows.high])
    if step is not OPERATION:
        return data | {step.slug: fresh}
    return data | {"settings": {**data.get("settings", {}), shown: fresh}}


def save(
    draft: Draft,
    step: Step,
    change: Callable[[Data], Data],
    seen: Seen,
    *,
    now: datetime,
    left: bool = False,
    quiet: bool = False,
    force: bool = False,
) -> None:
    """Change what one step holds, as it stands in the database; `left` says that it was left with
    Next, `quiet` that nobody pressed a button.

    Raises DraftChangedError, with the row as it is, when another tab saved that step after the
    page was drawn (for Review: any step), or a quiet save comes after the button that left the
    page; `force` writes all the same. Without a change nothing is written.
    """
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        if row.job_id or (_is_behind(row, step, seen, quiet=quiet) and not force):
            raise DraftChangedError(row)
        new = left and step.slug not in row.touched
        data = change(row.data)
        if new or data != row.data:
            row.version += 1
            row.touched = [*row.touched, step.slug] if new else row.touched
            mark = {step.slug: [row.version, seen.tab, not quiet]}
            row.data = data | {"saved": data.get("saved", {}) | mark}
            row.updated_at = now
            row.save()
    draft.data, draft.touched = row.data, row.touched
    draft.version, draft.updated_at = row.version, row.updated_at


def _is_behind(row: Draft, step: Step, seen: Seen, *, quiet: bool) -> bool:
    saved: dict[str, tuple[int, str, bool]] = row.data.get("saved", {})
    read = saved.values() if step is REVIEW else filter(None, [saved.get(step.slug)])
    return any(
        version > seen.version and (tab != seen.tab or (quiet and pressed))
        for version, tab, pressed in read
    )
