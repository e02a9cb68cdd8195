"""An operation that the storage cannot do is visible, disabled, with the reason."""

import re
from html import unescape

import pytest
from django.utils import timezone

from jobs.choices import Can, Capability
from jobs.console.wizard.assemble import Reading
from jobs.errors import ValidationFailedError
from jobs.lifecycle import capabilities
from jobs.lifecycle.creation import create_job
from jobs.models import FoundCapability, ProbedBucket
from tests.allowed import allowed

REASON = "Replace all object tags does not work in store: It loses tags."


@pytest.fixture
def no_tags(region):
    bucket = ProbedBucket.objects.create(region=region, name="photos", probed_at=timezone.now())
    return FoundCapability.objects.create(
        bucket=bucket, name=Capability.TAGS, answer=Can.NO, evidence="It loses tags."
    )


def radio(html, operation):
    [tag] = re.findall(rf'<input[^<>]*id="operation-{operation}"[^<>]*>', html)
    return tag


def test_operation_that_the_storage_cannot_do_is_disabled_with_the_reason(at_operation, no_tags):
    html = at_operation.open("operation").html
    assert "disabled" in radio(html, "S3PutObjectTagging")
    assert "disabled" not in radio(html, "S3PutObjectCopy")
    assert REASON in unescape(html)


def test_chosen_operation_stays_chosen_and_is_refused_with_the_reason(at_options, no_tags, bucket):
    html = at_options.open("operation").html
    assert "checked" in radio(html, "S3PutObjectTagging")
    response = at_options.send("operation")
    assert response.status_code == 200 and REASON in unescape(at_options.html)


def test_operation_that_was_overruled_may_be_chosen(at_operation, no_tags):
    capabilities.overrule(no_tags, by=None, at=timezone.now())
    assert "disabled" not in radio(at_operation.open("operation").html, "S3PutObjectTagging")


def test_job_of_such_an_operation_is_refused_by_every_door(at_review, no_tags):
    with pytest.raises(ValidationFailedError) as caught:
        create_job(Reading(at_review.draft).spec(), by=allowed(), now=timezone.now())
    assert [problem.field for problem in caught.value.problems] == ["Operation"]
    assert REASON in caught.value.message
