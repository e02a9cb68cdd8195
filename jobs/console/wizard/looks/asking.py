"""What it takes to ask the objects of a list for what it does not tell: said before anything is asked."""

from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.named_object import NamedObjectForm
from jobs.console.wizard.found import Found


def note(found: Found, form: SourceForm) -> None:
    """How many requests, and that fewer rows may be left."""
    if not isinstance(form, NamedObjectForm):
        return
    kept = form.kept()
    filters = [name for name in ("tags", "metadata") if kept[name]]
    found.has_version_ids = found.has_version_ids or form.pins
    rows = found.rows_exact if found.rows_exact is not None else found.rows_estimated
    if rows is None or not (filters or form.pins):
        return
    about = "" if found.rows_exact is not None else "about "
    if filters:
        found.facts.append(
            [
                "Requests to ask the objects",
                f"{about}{rows * len(filters):,}, while the job prepares",
            ]
        )
        found.count_note = (
            f"{found.count_note} Only those with these {' and '.join(filters)} belong to the list."
        ).strip()
    if form.pins and "metadata" not in filters:
        found.facts.append(
            [
                "Requests to pin versions",
                f"At most {about}{rows:,}; where rows lie close together, one tells up to 1,000",
            ]
        )
