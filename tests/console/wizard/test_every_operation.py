"""Every operation there is, from its radio button to the job: with each of its examples."""

from html import unescape

import pytest

from jobs.console.forms.operations.table import FORMS
from jobs.models import Job, Region
from jobs.operations import registry
from tests.connected import connect_all
from tests.examples import CASES, PLAINEST, written_to
from tests.make import make_region


@pytest.fixture
def at_operation(at_operation):
    """Where an administrator allowed and connected everything."""
    connect_all()
    Region.objects.update(allowed_operations=[operation.name for operation in registry.OPT_IN])
    return at_operation


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=lambda operation: operation.name)
def test_operation_can_be_chosen_and_shows_its_settings(at_operation, operation):
    html = unescape(at_operation.open("operation").html)
    for text in (f'value="{operation.name}"', operation.label, operation.does, operation.risk):
        assert text in html
    at_operation.press("operation", "show", operation=operation.name)
    html = unescape(at_operation.open("operation").html)
    assert f'id="settings-title">{operation.label}</h2>' in html
    for field in operation.form.fields:
        assert field.label in html
        assert f'name="{field.name}' in html


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_form_writes_what_it_read_of_an_example(db, name, parameters):
    connect_all()
    make_region("elsewhere")
    form = FORMS[name](FORMS[name].typed_of(parameters))
    assert form.is_valid(), form.errors
    form.parsed()
    assert FORMS[name].typed_of(form.wire()) == FORMS[name].typed_of(parameters)


@pytest.mark.parametrize(("name", "parameters"), PLAINEST)
def test_settings_of_the_plainest_example_become_a_job(at_operation, bucket, name, parameters):
    parameters = written_to(parameters, bucket)
    at_operation.press("operation", "show", operation=name)
    response = at_operation.press("operation", **FORMS[name].typed_of(parameters))
    assert response.status_code == 303, at_operation.html
    at_operation.press("options", report_path=f"s3://{bucket}/reports")
    html = unescape(at_operation.open("review").html)
    operation = registry.get(name).parse(parameters)
    assert operation.consequence(2, ["photos"]) in html
    assert operation.danger() in html
    assert at_operation.create_despite().status_code == 303, at_operation.html
    job = Job.objects.get()
    assert job.operation == name
    assert parameters.items() <= job.parameters.items()


NEEDS_REPORT = [operation for operation in registry.OPERATIONS if operation.needs_report]


@pytest.mark.parametrize("operation", NEEDS_REPORT, ids=lambda operation: operation.name)
def test_operation_that_needs_a_report_is_sent_back_to_its_box_without_one(at_operation, operation):
    at_operation.press("operation", "show", operation=operation.name)
    at_operation.press("operation", **FORMS[operation.name].typed_of(operation.examples[0]))
    at_operation.press("options", report_enabled=None, report_path="")
    at_operation.press("review")
    assert not Job.objects.exists()
    assert f"{operation.label} needs a completion report" in unescape(at_operation.html)


@pytest.mark.parametrize("operation", registry.OPT_IN, ids=lambda operation: operation.name)
def test_operation_that_has_to_be_allowed_is_refused_elsewhere(at_operation, operation):
    Region.objects.update(allowed_operations=[])
    at_operation.press("operation", "show", operation=operation.name)
    at_operation.press("operation", **FORMS[operation.name].typed_of(operation.examples[0]))
    html = unescape(at_operation.html)
    assert f"{operation.label} is turned off in the Region" in html
    assert at_operation.draft.touched == ["manifest"]
    assert not make_region("vault").allows(operation)
