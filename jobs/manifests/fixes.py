"""Which of the problems of a list a new manifest can be written without, and what that fix is called."""

from django.db.models import TextChoices

from jobs.manifests.problems import ProblemKind


class Fix(TextChoices):
    """Values are names of conversions, labels what the button says."""

    ENCODE_KEYS = "encode-keys", "Encode keys for me"
    DECODE_ONCE = "decode-once", "Decode keys once"
    DROP_SLASH = "drop-slash", "Drop the slash"
    DROP_HEADER = "drop-header", "Drop it"
    REMOVE_BOM = "remove-bom", "Remove it"
    MEND_LINE_ENDS = "mend-line-ends", "Fix line endings"
    FILL_NULL = "fill-null", "Write null"
    CONVERT = "convert", "Convert the list"


FIXES = {
    ProblemKind.ENCODING: Fix.CONVERT,
    ProblemKind.BOM: Fix.REMOVE_BOM,
    ProblemKind.HEADER: Fix.DROP_HEADER,
    ProblemKind.BLANK_LINE: Fix.MEND_LINE_ENDS,
    ProblemKind.LINE_END: Fix.MEND_LINE_ENDS,
    ProblemKind.SEPARATOR: Fix.CONVERT,
    ProblemKind.SPACE_AFTER_COMMA: Fix.CONVERT,
    ProblemKind.KEY_ENCODING: Fix.ENCODE_KEYS,
    ProblemKind.NOT_ENCODED: Fix.ENCODE_KEYS,
    ProblemKind.MISSING_VERSION_ID: Fix.FILL_NULL,
    ProblemKind.ENCODED_TWICE: Fix.DECODE_ONCE,
    ProblemKind.LEADING_SLASH: Fix.DROP_SLASH,
}
"""All others are mended where the list comes from."""
