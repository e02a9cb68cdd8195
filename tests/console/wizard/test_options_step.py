"""Step 3: description, priority, report, IAM role and job tags."""

from html import unescape

import pytest

from jobs.console.wizard.assemble import Reading
from tests.make import make_region, make_role


def refused(wizard, sentence, field, **typed):
    response = wizard.press("options", **typed)
    assert response.status_code == 200
    assert "options" not in wizard.draft.touched
    html = unescape(wizard.html)
    assert f'<a href="#{field}">' in html
    assert html.count(sentence) >= 2
    for name, value in typed.items():
        assert wizard.values.get(name) == value.replace("\x00", "\ufffd")


@pytest.fixture
def place(bucket):
    return f"s3://{bucket}/reports"


def test_first_values_are_those_of_aws_and_the_region(at_options, role, region, s3):
    values = at_options.open("options").values
    assert values["description"].endswith(" - Replace all object tags")
    assert values["priority"] == "10"
    assert values["report_enabled"] == "on"
    assert values["report_scope"] == "FailedTasksOnly"
    assert values["role"] == role.arn


def test_report_begins_with_the_place_of_the_region(at_options, region):
    region.report_prefix = "s3://reports/batch"
    region.save()
    assert at_options.open("options").values["report_path"] == "s3://reports/batch"


def test_description_that_nobody_changed_follows_the_operation(at_options, bucket):
    at_options.press("options", "previous")
    at_options.press("operation", "show", operation="S3PutObjectCopy")
    assert at_options.open("options").values["description"].endswith(" - Copy")
    at_options.press("options", "previous", description="My own words")
    at_options.press("operation", "show", operation="S3PutObjectTagging")
    assert at_options.open("options").values["description"] == "My own words"


def test_description_of_257_characters_gets_a_sentence_and_256_do_not(at_options, place):
    refused(at_options, "Description must be 256 characters or fewer, not 257.", "description",
            description="ü" * 257, report_path=place)  # fmt: skip
    assert at_options.press("options", description="ü" * 256).status_code == 303


@pytest.mark.parametrize(
    "priority", ["-1", "2147483648", "1.5", "ten", "1e3", "٣", "9" * 5000, "1\x00"]
)
def test_priority_that_is_none_gets_a_sentence(at_options, place, priority):
    sentence = "Priority must be"
    if "\x00" in priority:
        sentence = "Priority contains a character that is not visible."
    refused(at_options, sentence, "priority", priority=priority, report_path=place)


@pytest.mark.parametrize(("typed", "meant"), [("0", 0), ("2147483647", 2147483647), ("007", 7)])
def test_priority_at_its_ends_is_right(at_options, place, typed, meant):
    assert at_options.press("options", priority=typed, report_path=place).status_code == 303
    assert Reading(at_options.draft).spec().priority == meant


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "Enter the path to the completion report destination."),
        ("reports", "Write the path as s3://bucket/prefix."),
        ("s3://no-such-bucket/x", 'The bucket "no-such-bucket" does not exist.'),
        ("s3://x", "is not a bucket name"),
        ("s3://reports/" + "p" * 513, "The report's prefix must be 512 characters or fewer."),
    ],
)
def test_report_place_that_is_none_gets_a_sentence(at_options, path, sentence):
    refused(at_options, sentence, "report_path", report_path=path)


def test_write_test_of_the_report_place_leaves_nothing_behind(at_options, place, s3, bucket):
    assert at_options.press("options", report_path=place).status_code == 303
    assert s3.list_objects_v2(Bucket=bucket, Prefix="reports").get("Contents", []) == []


def test_no_report_needs_no_place(at_options):
    response = at_options.press("options", report_enabled=None, report_path="")
    assert response.status_code == 303
    assert Reading(at_options.draft).spec().report.enabled is False
    assert "report_enabled" not in at_options.open("options").values


def test_role_of_another_region_or_none_gets_a_sentence(at_options, place):
    other = make_role(make_region("elsewhere"), arn="arn:aws:iam::123456789012:role/other")
    response = at_options.press("options", role=other.arn, report_path=place)
    assert response.status_code == 200
    assert "This IAM role has no credentials in the job's Region." in unescape(at_options.html)
    refused(at_options, "Choose an IAM role.", "role", role="")


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        ({"tags-0-key": "a!"}, "use letters, digits", "tags-0-key"),
        ({"tags-0-key": "", "tags-0-value": "x"}, "A tag's key has 1 to 128", "tags-0-key"),
        ({"tags-0-key": "k" * 129}, "A tag's key has 1 to 128", "tags-0-key"),
        ({"tags-0-key": "k", "tags-0-value": "v" * 257}, "more than 256 characters", "tags-0-key"),
        ({"tags-0-key": "aws:k"}, "are reserved", "tags-0-key"),
    ],
)
def test_job_tag_that_cannot_be_gets_a_sentence(at_options, place, typed, sentence, field):
    refused(at_options, sentence, field, report_path=place, **typed)


def test_job_tag_twice_and_51_tags_get_a_sentence(at_options, place):
    at_options.press("options", "add:tags", **{"tags-0-key": "a"})
    refused(at_options, 'The tag "a" is entered twice.', "tags-1-key",
            report_path=place, **{"tags-1-key": "a"})  # fmt: skip
    many = {f"tags-{n}-key": f"k{n}" for n in range(51)}
    at_options.open("options")
    response = at_options.send("options", report_path=place, **many)
    assert response.status_code == 200
    assert "A job has at most 50 tags, not 51." in at_options.html


def test_fifty_tags_are_kept_in_order(at_options, place):
    many = {f"tags-{n}-key": f"k{n}" for n in range(50)}
    assert at_options.press("options", report_path=place, **many).status_code == 303
    assert list(Reading(at_options.draft).spec().tags) == [f"k{n}" for n in range(50)]
