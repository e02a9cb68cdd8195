"""Which column holds what, where nobody said so yet (docs/pages.md, Choosing the manifest)."""

from jobs.choices import ManifestField
from jobs.manifests.opening import is_bucket_word, is_key_word, is_version_word

_USUAL = (ManifestField.BUCKET, ManifestField.KEY, ManifestField.VERSION_ID)


def fields_of_columns(columns: int) -> tuple[ManifestField, ...]:
    """Bucket and Key first; a third column is a version ID when it is the last one."""
    if columns <= len(_USUAL):
        return _USUAL[: max(columns, 2)]
    return (*_USUAL[:2], *[ManifestField.IGNORE] * (columns - 2))


def fields_of_header(words: list[str]) -> tuple[ManifestField, ...]:
    """From the bare words of a header row, which names a bucket and a key column.

    Of two columns that might be the same, the first one counts.
    """
    fields: list[ManifestField] = []
    for word in words:
        field = _field_of(word)
        fields.append(ManifestField.IGNORE if field in fields else field)
    return tuple(fields)


def _field_of(word: str) -> ManifestField:
    if is_bucket_word(word):
        return ManifestField.BUCKET
    if is_key_word(word):
        return ManifestField.KEY
    if is_version_word(word):
        return ManifestField.VERSION_ID
    return ManifestField.IGNORE
