"""Lists that come from the browser: each has a page of its own, which ends at a manifest in S3."""

from collections.abc import Mapping
from typing import ClassVar

from jobs.console.forms.fields_form import asking
from jobs.console.forms.sources.base import Pairs, SourceForm
from jobs.operations.form import Form


@asking(Form())
class _ElsewhereForm(SourceForm):
    """`says` what the page does, `button` leads there."""

    main = "region"
    noun = "list"
    says: ClassVar[str]
    button: ClassVar[str]
    before_look = "The list is stored in the Region, and its first rows appear here."

    @classmethod
    def place_of(cls, typed: Mapping[str, str]) -> list[str]:
        return [cls.kind]

    @property
    def may_look(self) -> bool:
        return False

    @property
    def missing(self) -> str:
        return f"There is no list yet. {self.button}, or choose another kind of list."

    def pairs(self) -> Pairs:
        return []


class UploadForm(_ElsewhereForm):
    kind = "upload"
    page = "list-upload"
    button = "Upload a file"
    says = (
        "Any list of objects: CSV with or without a bucket column or a header, tabs or semicolons, plain"
        " keys, s3:// lines. It is converted to a manifest in the Region and shown before anything runs."
    )


class PasteForm(_ElsewhereForm):
    kind = "paste"
    page = "list-paste"
    button = "Paste keys"
    says = (
        "One object on each line: keys, s3:// paths, or rows of a manifest. They are saved as a manifest in the"
        " Region and shown before anything runs."
    )


class TickForm(_ElsewhereForm):
    kind = "tick"
    page = "list-tick"
    button = "Tick objects"
    says = (
        "Objects and folders of a bucket. They are saved as a manifest in the Region and shown before"
        " anything runs."
    )
