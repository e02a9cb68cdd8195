"""An operation that nobody has: its form has a field of every kind."""

from jobs.choices import OperationGroup, Risk
from jobs.operations.base import Operation
from jobs.operations.checking import Checker
from jobs.operations.fields import (
    BucketField,
    ChoiceField,
    Column,
    MetadataField,
    MomentField,
    NumberField,
    Option,
    RowsField,
    SwitchField,
    TagsField,
    TextField,
    options_of,
)
from jobs.operations.form import Form, More, Note, When

FORM = Form(
    (
        Note("All that can be asked for."),
        ChoiceField(
            name="kind",
            label="Kind",
            path="Kind",
            options=options_of({"none": "None", "days": "For days", "until": "Until a moment"}),
            initial="none",
            choose="Choose a kind.",
            is_radio=True,
        ),
        When(
            "kind",
            ("days",),
            (
                NumberField(
                    name="days",
                    label="Kept for",
                    path="Days",
                    low=1,
                    high=36_500,
                    unit="days",
                    initial=10,
                    enter="Enter a number of days.",
                ),
            ),
        ),
        When(
            "kind",
            ("until",),
            (
                MomentField(
                    name="until",
                    label="Kept until",
                    path="Until",
                    help_text="The time is UTC.",
                    enter="Enter a date and a time.",
                ),
            ),
        ),
        When("kind", ("days", "until"), (SwitchField(name="strict", label="Strict", path="Strict"),)),
        ChoiceField(
            name="listed",
            label="Listed",
            path="Listed",
            options=(Option("", "Not specified"), *options_of({"A": "First", "B": "Second"})),
        ),
        When("listed", ("B",), (TextField(name="b_text", label="Text of B", path="BText"),)),
        SwitchField(
            name="granting",
            label="Grant rights",
            help_text="To others than the owner.",
        ),
        When(
            "granting",
            ("on",),
            (
                RowsField(
                    name="grants",
                    label="Grants",
                    path="Grants",
                    help_text="Who may do what.",
                    columns=(
                        Column("kind", "Kind", "Kind", options=options_of({"id": "User", "uri": "Group"})),
                        Column("who", "Who", "Who"),
                        Column("may", "May", "May", options=options_of({"READ": "Read", "FULL": "Everything"})),
                    ),
                    most=3,
                    add="Add grant",
                    enter="Enter at least one grant.",
                ),
            ),
        ),
        More(
            "More settings: bucket, tags, metadata",
            (
                BucketField(name="to", label="Bucket", path="To"),
                TextField(
                    name="folder", label="Folder", path="Folder", is_code=True, browse="folder"
                ),
                TagsField(name="new_tags", label="Tags", path="Tags"),
                MetadataField(name="metadata", label="Metadata", path="Metadata"),
            ),
        ),
    )
)  # fmt: skip


class EveryField(Operation):
    name = "S3EveryField"
    label = "Every field"
    group = OperationGroup.CHECK
    does = "Asks for all that can be asked for."
    risk = Risk.SAFE
    form = FORM

    def __init__(self, wire):
        self.wire = wire

    @classmethod
    def parse(cls, parameters):
        check = Checker()
        if parameters.get("Days") == 13:
            check.say("Days", "Days must not be 13.")
        for n, grant in enumerate(parameters.get("Grants", ())):
            if grant["Who"] == "nobody":
                check.say(f"Grants[{n}].Who", f"Grants[{n}].Who must be somebody.")
        check.done()
        return cls(parameters)

    def to_wire(self):
        return self.wire

    def consequence(self, total, buckets):
        return "Does nothing."

    def summary(self):
        return []

    def start(self, target, endpoint):
        raise NotImplementedError
