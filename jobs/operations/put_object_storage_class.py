"""Change storage class: ours, on AWS it is an option of a copy (docs/operations.md,
S3PutObjectStorageClass).
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations.base import Finding, Operation, Outcome, Steps, counted, named
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.copying.copy_members import STORAGE_CLASS_LABELS, STORAGE_CLASSES
from jobs.operations.fields import ChoiceField, options_of
from jobs.operations.foreseeing import already_so, would_change
from jobs.operations.form import Form, Note
from jobs.operations.looks import Look
from jobs.operations.permissions import Permission
from jobs.operations.requests import Requests, of_rewriting
from jobs.operations.rewriting import carried_over, onto_itself, onto_itself_looks
from jobs.operations.rewriting.carried_over import ARCHIVES
from jobs.operations.rewriting.onto_itself_looks import Before
from jobs.operations.steps import Step
from jobs.spec.target import Target

FIELD = "StorageClass"


@dataclass(frozen=True, slots=True)
class PutObjectStorageClass(Operation):
    """Copies each object onto itself that has another class."""

    name = "S3PutObjectStorageClass"
    label = "Change storage class"
    group = OperationGroup.PROPERTIES
    does = "Stores each object in another storage class, and keeps all else about it."
    risk = Risk.COST
    loss = "are rewritten in another storage class."
    undo = (
        "They can be given another class again. Storages may charge for the days that they leave a"
        " class too early, and for restoring what is archived."
    )
    understood = "I understand that archived objects cannot be read until they are restored."
    needs = settles = frozenset({"CopyObject"})
    lacks = "object copies with a storage class"
    calls = ("HeadObject", "GetObjectTagging", "GetObjectAcl", "CopyObject", "PutObjectAcl")
    back = "Change storage class once more; archived objects have to be restored first."
    again = "Nothing more: an object that has the class already is not written."
    keeps_state = True
    guards_itself = True
    form = Form(
        (
            ChoiceField(
                name="storage_class",
                label="Storage class",
                path=FIELD,
                options=options_of(STORAGE_CLASS_LABELS),
                initial="STANDARD_IA",
                choose="Choose a storage class.",
            ),
            Note(
                "Each object of another class is copied onto itself: its date becomes new, and a"
                " bucket with versions gets a new version of it. Content, metadata, tags, access"
                " control list, encryption and lock stay. Archived objects have to be restored"
                " first. An object that somebody changes meanwhile fails and is left as it is."
            ),
        )
    )
    examples = ({FIELD: "STANDARD_IA"}, {FIELD: "INTELLIGENT_TIERING"})

    storage_class: str

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {FIELD})
        wanted = check.choice(parameters.get(FIELD), FIELD, STORAGE_CLASSES)
        if parameters.get(FIELD) is None:
            check.say(FIELD, f"Choose one of {', '.join(STORAGE_CLASSES)}.")
        check.done()
        return cls(wanted or "")

    def to_wire(self) -> dict[str, Any]:
        return {FIELD: self.storage_class}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        told = (
            f"Stores {counted(total)} in {named(buckets)} as {self._label}: each of another class is"
            " copied onto itself, and all else about it is kept. Dates become new, and a bucket with"
            " versions gets a new version of each, beside the one before."
        )
        return f"{told} They cannot be read until they are restored." if self._archives else told

    def summary(self) -> list[tuple[str, str]]:
        return [("Storage class", self._label)]

    def effect_on(self, key: str) -> str:
        return f"{key} is stored as {self._label}. All else about it stays."

    def danger(self) -> Risk:
        return Risk.CAUTION if self._archives else self.risk

    @property
    def _label(self) -> str:
        return STORAGE_CLASS_LABELS[self.storage_class]

    @property
    def _archives(self) -> bool:
        return self.storage_class in ARCHIVES

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        """Nothing is copied that has this class."""
        owned = yield from onto_itself.read_newest(target, context)
        if isinstance(owned, Outcome):
            return owned
        if carried_over.class_of(owned.facts.data) == self.storage_class:
            return (yield from onto_itself.finish_earlier(target, context))
        newest = onto_itself.newest_of(target)
        return (yield from onto_itself.write_anew(newest, context, owned, self.to_wire()))

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        return of_rewriting("of another class")

    def permissions(self) -> tuple[Permission, ...]:
        return carried_over.PERMISSIONS

    def foresee(self, target: Target, context: Context) -> Steps:
        owned = yield from onto_itself.read_newest(target, context)
        if isinstance(owned, Outcome):
            return onto_itself.why_not(owned)
        was = carried_over.class_of(owned.facts.data)
        if was == self.storage_class:
            return already_so(f"Its storage class is {was} already.")
        newest = onto_itself.newest_of(target)
        refusal = yield from onto_itself.refused(newest, context, owned, self.to_wire())
        return refusal or would_change(
            f"The storage class would change from {was} to {self.storage_class}."
        )

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Before]:
        return (yield from onto_itself_looks.survey(onto_itself.newest_of(target), context))

    def check(self, target: Target, context: Context, before: Before | None) -> Look:
        """What had this class before does not show whether a storage keeps it."""
        before = before or Before(None)
        found = before.owned.facts.data if before.owned else None
        if found is not None and carried_over.class_of(found) == self.storage_class:
            return Finding(is_unsure=True)
        return (yield from onto_itself_looks.check(target, context, before, self.to_wire()))

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        return (yield from onto_itself_looks.mend(target, context, finding, self.to_wire()))

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        return (yield from onto_itself.give_up(target, context))
