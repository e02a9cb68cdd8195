"""Looking at the object list that a draft names, and keeping what is found."""

from django.utils import timezone

from jobs.console.forms.sources.csv_manifest import PLUS, columns_typed
from jobs.console.forms.typed import Typed
from jobs.console.wizard import drafts
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.drafts import Data, Seen
from jobs.console.wizard.found import Found
from jobs.console.wizard.looks.csv_manifest import is_of_another
from jobs.console.wizard.looks.table import look
from jobs.console.wizard.steps import MANIFEST
from jobs.models import Draft


def look_again(draft: Draft, seen: Seen, *, quiet: bool = False) -> Found | None:
    """None where that cannot be tried with what was typed. Raises DraftChangedError."""
    reading = Reading(draft)
    if not reading.manifest.may_look:
        return None
    known = reading.found
    found = look(reading.manifest, known, now=timezone.now())

    def change(data: Data) -> Data:
        return data | {"found": found.to_json(), "manifest": _typed(data["manifest"], found, known)}

    drafts.save(draft, MANIFEST, change, seen, now=timezone.now(), quiet=quiet)
    return found


def _typed(typed: Typed, found: Found, known: Found | None) -> Typed:
    """With the columns that were found, which can be corrected then. What was said of a `+` counts for
    the manifest that it was said of.
    """
    if found.kind != "csv":
        return typed
    others = {name: text for name, text in typed.items() if not name.startswith("column-")}
    if is_of_another(found, known):
        others.pop(PLUS, None)
    return others | columns_typed(found.fields[: found.columns])
