"""Looking at the object list that a draft names, and keeping what is found."""

from django.utils import timezone

from jobs.console.forms.sources.csv_manifest import columns_typed
from jobs.console.forms.typed import Typed
from jobs.console.wizard import drafts
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.drafts import Data, Seen
from jobs.console.wizard.found import Found
from jobs.console.wizard.looks.table import look
from jobs.console.wizard.steps import MANIFEST
from jobs.models import Draft


def look_again(draft: Draft, seen: Seen, *, quiet: bool = False) -> Found | None:
    """None where that cannot be tried with what was typed. Raises DraftChangedError."""
    reading = Reading(draft)
    if not reading.manifest.may_look:
        return None
    found = look(reading.manifest, reading.found, now=timezone.now())

    def change(data: Data) -> Data:
        return data | {"found": found.to_json(), "manifest": _typed(data["manifest"], found)}

    drafts.save(draft, MANIFEST, change, seen, now=timezone.now(), quiet=quiet)
    return found


def _typed(typed: Typed, found: Found) -> Typed:
    """With the columns that were found, which can be corrected then."""
    if found.kind != "csv":
        return typed
    others = {name: text for name, text in typed.items() if not name.startswith("column-")}
    return others | columns_typed(found.fields[: found.columns])
