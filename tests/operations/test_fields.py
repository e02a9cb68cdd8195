"""Values of fields, onto the wire and back."""

import pytest

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

GRANTS = RowsField(
    name="grants",
    label="Grants",
    path="Acl.Grants",
    columns=(
        Column("who", "Who", "Grantee.Identifier"),
        Column("called", "Called", "Grantee.DisplayName", may_be_absent=True),
        Column("may", "May", "Permission", options=options_of({"READ": "Read", "WRITE": "Write"})),
    ),
    most=5,
    add="Add grant",
)
KIND = ChoiceField(
    name="kind",
    label="Kind",
    options=(
        Option("keep", "Keep"),
        Option("set", "Set", where="Tags"),
        Option("drop", "Drop", sets={"Tags": [], "Nested": {"Dropped": True}}),
    ),
    initial="keep",
)
TAGS = TagsField(name="tags", label="Tags", path="Tags")


@pytest.mark.parametrize(
    ("field", "value", "wire", "typed"),
    [
        (TextField(name="a", label="A", path="A.B"), "x", {"A": {"B": "x"}}, {"a": "x"}),
        (TextField(name="a", label="A", path="A"), "", {}, {"a": ""}),
        (TextField(name="a", label="A"), "x", {}, {"a": ""}),
        (BucketField(name="b", label="B", path="To"), "photos", {"To": "arn:aws:s3:::photos"},
         {"b": "photos"}),
        (NumberField(name="n", label="N", path="Days", high=9), 0, {"Days": 0}, {"n": "0"}),
        (NumberField(name="n", label="N", path="Days", high=9), None, {}, {"n": ""}),
        (MomentField(name="m", label="M", path="Until"), "2030-01-02T03:04",
         {"Until": "2030-01-02T03:04:00Z"}, {"m": "2030-01-02T03:04:00"}),
        (SwitchField(name="s", label="S", path="On"), True, {"On": True}, {"s": "on"}),
        (SwitchField(name="s", label="S", path="On"), False, {}, {}),
        (SwitchField(name="s", label="S", must="Tick it."), True, {}, {"s": "on"}),
        (ChoiceField(name="c", label="C", path="C", options=options_of({"": "None", "X": "Ex"})),
         "X", {"C": "X"}, {"c": "X"}),
        (ChoiceField(name="c", label="C", path="C", options=options_of({"": "None", "X": "Ex"})),
         "", {}, {"c": ""}),
        (KIND, "keep", {}, {"kind": "keep"}),
        (KIND, "drop", {"Tags": [], "Nested": {"Dropped": True}}, {"kind": "drop"}),
        (TAGS, [{"key": "a", "value": ""}], {"Tags": [{"Key": "a", "Value": ""}]},
         {"tags-0-key": "a", "tags-0-value": ""}),
        (MetadataField(name="m", label="M", path="M"), [{"key": "a", "value": "b"}],
         {"M": {"a": "b"}}, {"m-0-key": "a", "m-0-value": "b"}),
        (GRANTS, [{"who": "ana", "called": "", "may": "READ"}],
         {"Acl": {"Grants": [{"Grantee": {"Identifier": "ana"}, "Permission": "READ"}]}},
         {"grants-0-who": "ana", "grants-0-called": "", "grants-0-may": "READ"}),
        (GRANTS, [], {}, {}),
    ],
)  # fmt: skip
def test_value_goes_onto_the_wire_and_back(field, value, wire, typed):
    written = {}
    field.write(value, written)
    assert written == wire
    assert field.typed_of(wire) == typed


def test_moment_of_another_zone_is_shown_in_utc():
    field = MomentField(name="m", label="M", path="Until")
    assert field.typed_of({"Until": "2030-01-02T03:04:05+02:00"}) == {"m": "2030-01-02T01:04:05"}


def test_members_that_an_option_sets_are_not_shared_between_jobs():
    first, second = {}, {}
    KIND.write("drop", first)
    first["Tags"].append("mine")
    KIND.write("drop", second)
    assert second["Tags"] == []


FORM = Form(
    (
        Note("Said at the top."),
        More("More", (KIND, When("kind", ("set",), (Note("Said below."), TAGS)))),
        SwitchField(name="is_on", label="On"),
        When("is_on", ("on",), (GRANTS,)),
    )
)


@pytest.mark.parametrize(
    ("values", "used"),
    [
        ({}, ["kind", "is_on"]),
        ({"kind": "keep", "is_on": False}, ["kind", "is_on"]),
        ({"kind": "set"}, ["kind", "tags", "is_on"]),
        ({"is_on": True}, ["kind", "is_on", "grants"]),
        ({"is_on": "on"}, ["kind", "is_on", "grants"]),
    ],
)
def test_field_counts_only_when_what_it_depends_on_was_chosen(values, used):
    assert [field.name for field in FORM.used(values)] == used
    tags = [{"key": "a", "value": "b"}]
    grants = [{"who": "ana", "called": "", "may": "READ"}]
    wire = FORM.to_wire({**values, "tags": tags, "grants": grants})
    assert ("Tags" in wire, "Acl" in wire) == ("tags" in used, "grants" in used)


@pytest.mark.parametrize(
    ("wire", "kind"),
    [
        ({}, "keep"),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "set"),
        ({"Tags": [], "Nested": {}}, "set"),
        ({"Tags": [], "Nested": {"Dropped": True, "More": 1}}, "drop"),
    ],
)
def test_option_is_known_again_by_what_it_left_on_the_wire(wire, kind):
    assert FORM.typed_of(wire)["kind"] == kind


@pytest.mark.parametrize(
    ("path", "name", "inside"),
    [
        ("Tags", "tags", ""),
        ("Tags[1].Key", "tags", "[1].Key"),
        ("Acl.Grants[0].Grantee.Identifier", "grants", "[0].Grantee.Identifier"),
        ("Nested", "kind", ""),
        ("Nested.Dropped", "kind", ""),
    ],
)
def test_path_of_a_problem_leads_to_its_field(path, name, inside):
    field, rest = FORM.at(path)
    assert (field.name, rest) == (name, inside)


@pytest.mark.parametrize("path", ["", "operation", "Acl", "TagsOfOthers", "Tag"])
def test_path_of_no_field_leads_nowhere(path):
    assert FORM.at(path) is None


@pytest.mark.parametrize(
    ("inside", "cell"),
    [
        ("", (0, "who")),
        ("[1].Grantee.Identifier", (1, "who")),
        ("[1].Permission", (1, "may")),
        ("[1]", (1, "who")),
        ("[7].Permission", (0, "may")),
    ],
)
def test_path_within_rows_leads_to_its_cell(inside, cell):
    row = {"who": "ana", "called": "", "may": "READ"}
    assert GRANTS.cell_at(inside, [row, row]) == cell


def test_metadata_of_one_name_in_two_cases_is_named_at_both():
    rows = [{"key": key, "value": "1"} for key in ("Owner", "n", "owner", "")]
    field = MetadataField(name="m", label="M", path="M")
    assert field.problems(rows) == [
        (0, "key", '"Owner" is entered twice. Remove one.'),
        (2, "key", '"owner" is entered twice. Remove one.'),
        (3, "key", "Enter the name of this metadata."),
    ]
    assert field.cell_at("[owner]", rows) == (2, "key")


@pytest.mark.parametrize(
    "items",
    [
        (When("kind", ("set",), (TAGS,)),),
        (KIND, Note("between"), When("kind", ("set",), (TAGS,))),
        (KIND, When("kind", ("unheard of",), (TAGS,))),
        (KIND, GRANTS, When("kind", ("set",), (TAGS,))),
        (TAGS, When("tags", ("on",), (GRANTS,))),
        (KIND, KIND),
        (KIND, More("More", (When("kind", ("set",), (TAGS,)),))),
    ],
)
def test_form_that_does_not_fit_together_is_refused(items):
    with pytest.raises(ValueError, match=r"follow|same name"):
        Form(items)
