"""What Delete objects asks for, its modes in words, and examples of its parameters."""

from collections.abc import Mapping
from typing import Any

from jobs.operations.fields import ChoiceField, NumberField, Option, SwitchField
from jobs.operations.form import Form, Note, When

MODE, KEEP, BYPASS = "Mode", "NoncurrentVersionsToKeep", "BypassGovernanceRetention"
NEWEST, VERSIONS, MARKERS = "NEWEST", "VERSIONS", "DELETE_MARKERS"
EVERY, NONCURRENT = "EVERY_VERSION", "NONCURRENT_VERSIONS"
MODES = (NEWEST, VERSIONS, MARKERS, EVERY, NONCURRENT)
BY_KEY = (MARKERS, EVERY, NONCURRENT)
"""Modes that list what there is of each key."""
MOST_KEPT = 10_000

MODE_LABELS = {
    NEWEST: "The newest version, or the version listed",
    VERSIONS: "Exactly the versions listed",
    MARKERS: "Delete markers only",
    EVERY: "Every version of each key",
    NONCURRENT: "Noncurrent versions",
}
_LONGER_LABELS = {
    NEWEST: "The newest version, or the version that the list names",
    VERSIONS: "Exactly the versions of the list: a row without one fails",
    MARKERS: "Delete markers only: what was deleted comes back",
    EVERY: "Every version and delete marker of each key, and count what is left",
    NONCURRENT: "All noncurrent versions but the newest ones of them",
}
_NOTES = {
    NEWEST: "In a bucket with versioning the newest version stays below a delete marker. A version"
    " that the list names is deleted for good.",
    VERSIONS: "The list needs a column with version IDs. The versions are deleted for good; if the"
    " newest one is among them, the one before it is the newest then.",
    MARKERS: "Every delete marker of the key is removed, also older ones. The newest version that"
    " is left is the object again. A key with nothing but delete markers is gone.",
    EVERY: "Nothing can be recovered. Afterwards the versions of each key are listed once more: a"
    " task succeeds only if nothing is left, and its row says what was deleted.",
    NONCURRENT: "The newest version of each key stays, as does a delete marker in its place. Older"
    " delete markers are deleted, and do not count as versions.",
}

_MODE = ChoiceField(
    name="mode",
    label="What is deleted",
    path=MODE,
    options=tuple(
        Option(name, label, sets={} if name == NEWEST else None)
        for name, label in _LONGER_LABELS.items()
    ),
    initial=NEWEST,
    choose="Choose what is deleted.",
    is_radio=True,
)
_KEPT = NumberField(
    name="noncurrent_kept",
    label="Noncurrent versions to keep",
    path=KEEP,
    low=0,
    high=MOST_KEPT,
    unit="versions of each key",
    initial=1,
    enter="Enter how many noncurrent versions of each key are kept; 0 keeps none.",
)
_BYPASS = SwitchField(
    name="bypass_governance",
    label="Bypass governance retention",
    path=BYPASS,
    help_text="Versions that Object Lock protects in governance mode are deleted only with this. The"
    " IAM role needs s3:BypassGovernanceRetention.",
)

FORM = Form(
    (
        _MODE,
        *(
            When(_MODE.name, (name,), (Note(text), *((_KEPT,) if name == NONCURRENT else ())))
            for name, text in _NOTES.items()
        ),
        _BYPASS,
        When(
            _BYPASS.name,
            ("on",),
            (
                SwitchField(
                    name="bypass_acknowledged",
                    label="I acknowledge that versions are deleted which others have protected",
                    must="Tick the box to confirm that protected versions may be deleted.",
                ),
            ),
        ),
    )
)

EXAMPLES: tuple[Mapping[str, Any], ...] = (
    {},
    {MODE: VERSIONS},
    {MODE: MARKERS},
    {MODE: EVERY, BYPASS: True},
    {MODE: NONCURRENT, KEEP: 2, BYPASS: False},
)
