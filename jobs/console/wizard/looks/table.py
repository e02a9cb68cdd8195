"""How each kind of object list is looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.console.forms.sources.base import SourceForm
from jobs.console.wizard.found import Found
from jobs.console.wizard.looks import asking, csv_manifest, generated, inventory, sql_filter
from jobs.console.wizard.looks.buckets import note_buckets
from jobs.errors import ManifestError, StorageError
from jobs.lifecycle import preflight
from jobs.lifecycle.page_turns import page_turn
from jobs.manifests.frozen_list import Rows
from jobs.models import Region, Role


@dataclass(frozen=True, slots=True)
class Look:
    """`at` notes what it finds, and goes on from what was known of the same place; `some_rows` gives
    rows for a look ahead, and of how many they are a part. Both raise StorageError and ManifestError.
    """

    at: Callable[[Found, SourceForm, Region, Role, Found | None], None]
    some_rows: Callable[[SourceForm, Found, Region, Role], tuple[Rows, int]]


LOOKS = {
    "generated": Look(generated.look, generated.some_rows),
    "inventory": Look(inventory.look, inventory.some_rows),
    "csv": Look(csv_manifest.look, csv_manifest.some_rows),
}
NOTHING = Rows([], [], [], [])


def look(form: SourceForm, known: Found | None, *, now: datetime) -> Found:
    """Look at the list that `form` names, which `may_look`. Trouble stands in the result."""
    place = form.place_of(dict(form.data))
    found = Found(place=place, checked_at=now.isoformat(), kind=form.kind)
    region, role = form.cleaned_data["region"], form.role()
    if role is None:
        return found
    found.role_arn = role.arn
    try:
        with page_turn():
            LOOKS[form.kind].at(found, form, region, role, known)
            if not found.error:
                asking.note(found, form)
                note_buckets(found, region, role)
                sql_filter.note(found, form, region, role)
    except ManifestError as error:
        found.stop(form.main, error.message)
    except StorageError as error:
        no_credentials = error.code == "NoCredentials"
        field = "read_as" if no_credentials else form.main
        found.stop(field, preflight.sentence(error, form.shown_path()))
    return found


def some_rows(form: SourceForm, found: Found | None) -> tuple[Rows, int]:
    """Some rows of a list that was looked at, and of how many. Raises StorageError, ManifestError."""
    role = form.role()
    if role is None or found is None:
        return NOTHING, 0
    region = form.cleaned_data["region"]
    with page_turn():
        if sql_filter.filters(form):
            return sql_filter.some_rows(form, found, region, role)
        return LOOKS[form.kind].some_rows(form, found, region, role)
