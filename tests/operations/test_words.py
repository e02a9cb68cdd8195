"""What every operation says of itself."""

import json

import pytest

from jobs.choices import OperationGroup, Risk
from jobs.operations import registry
from jobs.operations.fields import ChoiceField
from tests.examples import CASES, EXAMPLES

OF_THE_PAGE = {"operation", "settings_of", "go", "version", "tab", "return", "csrfmiddlewaretoken"}


@pytest.fixture(params=registry.OPERATIONS, ids=lambda operation: operation.name)
def operation(request):
    return request.param


def test_operation_has_all_words(operation):
    assert operation.label and operation.label[0].isupper()
    assert operation.group in OperationGroup
    assert operation.risk in Risk
    for sentence in (operation.does, operation.loss, operation.undo, operation.understood):
        assert sentence[-1] == "."
    assert operation.loss[0].islower(), "it follows a number of objects"
    assert operation.lacks[0].islower() and operation.lacks[-1] != ".", "storage has no ..."
    assert operation.opt_in == "" or operation.opt_in[-1] == "."


def test_operation_has_examples(operation):
    assert EXAMPLES[operation.name]


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_example_is_written_as_it_was_read(name, parameters):
    parsed = registry.get(name).parse(json.loads(json.dumps(parameters)))
    assert parsed.to_wire() == parameters
    assert registry.get(name).parse(parsed.to_wire()) == parsed


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_operation_says_what_an_example_does(name, parameters):
    operation = registry.get(name).parse(parameters)
    assert "12 objects in photos" in operation.consequence(12, ["photos"]) or (
        "12 objects from photos" in operation.consequence(12, ["photos"])
    )
    assert operation.consequence(12, ["photos"])[-1] == "."
    assert all(label and value for label, value in operation.summary())
    assert "cats/a cat.jpg" in operation.effect_on("cats/a cat.jpg")
    assert operation.danger() in Risk


def test_field_has_a_name_that_the_page_has_not(operation):
    names = {field.name for field in operation.form.fields}
    assert not names & OF_THE_PAGE
    assert not [name for name in names if name.startswith(("operation-", "remove-"))]


def test_choice_begins_with_one_of_its_options(operation):
    for field in operation.form.fields:
        if isinstance(field, ChoiceField):
            assert field.initial in [option.value for option in field.options]
