"""Adding and removing repeating rows of a step."""

from collections.abc import Callable

from django.http import HttpResponse
from django.utils import timezone

from jobs.console.see_other import SeeOther
from jobs.console.wizard import drafts
from jobs.console.wizard.drafts import Data, RowValues
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.press import Press, kept


def add(press: Press) -> HttpResponse:
    """The first cell of the new row gets the focus."""
    name = "".join(press.about[:1])
    rows = drafts.rows_named(press.step, press.shown, name)
    first = next(iter(rows.parts)) if rows else ""
    size = _change_rows(press, name, lambda rows: [*rows, {}])
    return SeeOther(
        step_url(press.draft, press.step, focus=f"{name}-{size - 1}-{first}", **kept(press))
    )


def remove(press: Press) -> HttpResponse:
    """The Remove of the row that takes its place gets the focus."""
    name, number = ([*press.about, "", ""])[:2]
    gone = int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else -1
    size = _change_rows(press, name, lambda rows: [row for n, row in enumerate(rows) if n != gone])
    focus = f"remove-{name}-{max(0, min(gone, size - 1))}"
    return SeeOther(step_url(press.draft, press.step, focus=focus, **kept(press)))


def _change_rows(press: Press, name: str, change: Callable[[RowValues], RowValues]) -> int:
    """Returns how many rows there are now."""
    size = 0

    def counted(rows: RowValues) -> RowValues:
        nonlocal size
        changed = change(rows)
        size = len(changed)
        return changed

    def whole(data: Data) -> Data:
        return drafts.with_rows(data, press.step, press.shown, name, counted)

    drafts.save(press.draft, press.step, whole, press.seen, now=timezone.now())
    return size
