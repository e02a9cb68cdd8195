"""Which columns a list may have (docs/batch-operations.md, Naming a manifest). Ruled here alone."""

from collections.abc import Sequence

from jobs.choices import ManifestField

_WANTED = (ManifestField.BUCKET, ManifestField.KEY)


def wrong_columns(fields: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with the columns, and what to do, as two sentences; None when nothing is. The first
    one's words are AWS's.
    """
    if missing := [field.value for field in _WANTED if field not in fields]:
        named = ", ".join(missing)
        return (
            f"Required fields are missing in the schema: {named}.",
            "Choose a column for each.",
        )
    for field in (*_WANTED, ManifestField.VERSION_ID):
        if fields.count(field) > 1:
            return f"More than one column is named {field.label}.", "Choose Ignore for the others."
    return None
