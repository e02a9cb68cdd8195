"""Step 1 asks what a + in a key stands for, and stops where a wrong object may be meant."""

import re
from html import unescape

import pytest

from jobs.console.wizard import clone
from jobs.console.wizard.assemble import Reading
from tests.make import listed_by, make_job

QUESTION = "What does a + in a key stand for?"


@pytest.fixture
def plus(put, make_bucket, s3):
    """A manifest of "a+b.txt", and objects of these keys."""
    photos = make_bucket()

    def plus(*keys, name="plus.csv"):
        for key in keys:
            s3.put_object(Bucket=photos, Key=key, Body=b"x")
        return put(name, f"{photos},c.txt\n{photos},a+b.txt\n")

    return plus


def shown(wizard):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", wizard.html)))


def test_question_shows_both_readings_and_what_exists(wizard, region, role, plus):
    wizard.press("manifest", "check", manifest_object=plus("a+b.txt"))
    said = shown(wizard.open("manifest"))
    assert QUESTION in said
    assert "Line 2 names a+b.txt in" in said
    assert "A plus a+b.txt exists." in said
    assert "A space a b.txt does not exist." in said
    assert wizard.press("manifest").status_code == 303


def test_list_without_a_plus_asks_nothing(wizard, region, role, manifest):
    wizard.press("manifest", "check", manifest_object=manifest)
    assert QUESTION not in wizard.open("manifest").html


def test_next_is_blocked_where_only_the_other_reading_exists_until_somebody_answers(
    wizard, region, role, plus
):
    response = wizard.press("manifest", manifest_object=plus("a b.txt"))
    assert response.status_code == 200
    assert '<a href="#plus_is_space">' in wizard.html
    said = shown(wizard)
    assert 'Line 2: "a+b.txt" does not exist, and "a b.txt" exists.' in said
    assert wizard.press("manifest", plus_is_space="yes").status_code == 303
    form = Reading(wizard.draft).manifest
    assert form.is_valid()
    assert form.spec("e").plus_is_space is True
    keys = [row["key"] for row in wizard.draft.data["found"]["rows"]]
    assert keys == ["c.txt", "a b.txt"]
    assert wizard.open("manifest").values["plus_is_space"] == "yes"


def test_next_goes_on_where_both_exist_as_long_as_no_operation_destroys(wizard, region, role, plus):
    path = plus("a+b.txt", "a b.txt")
    assert wizard.press("manifest", manifest_object=path).status_code == 303
    draft = wizard.draft
    data = draft.data | {"operation": "S3DeleteObjectTagging"}
    data["settings"] = {"S3DeleteObjectTagging": {}}
    said = [problem.field for problem in Reading(draft, data).all_problems().popitem()[1]]
    assert said == ["plus_is_space"]
    data["operation"], data["settings"] = "S3ComputeObjectChecksum", {}
    problems = Reading(draft, data).all_problems()
    assert all(one.field != "plus_is_space" for some in problems.values() for one in some)


def test_answer_of_one_manifest_is_none_of_another(wizard, region, role, plus):
    wizard.press("manifest", "check", manifest_object=plus("a b.txt"))
    assert wizard.press("manifest", plus_is_space="yes").status_code == 303
    wizard.open("manifest")
    response = wizard.press("manifest", manifest_object=plus("a b.txt", name="other.csv"))
    assert response.status_code == 200
    assert '<a href="#plus_is_space">' in wizard.html
    assert "plus_is_space" not in wizard.draft.data["manifest"]


def test_answer_that_is_none_is_refused(wizard, region, role, plus):
    wizard.press("manifest", "check", manifest_object=plus("a+b.txt"))
    wizard.press("manifest", plus_is_space="perhaps")
    assert "Choose what a + stands for." in wizard.html


@pytest.mark.parametrize(("switch", "typed"), [(True, "yes"), (False, "no"), (None, None)])
def test_clone_inherits_what_somebody_said(region, role, switch, typed):
    wire = listed_by()
    if switch is not None:
        wire["BatchConsole"] = {"PlusIsSpace": switch}
    job = make_job(region=region, role=role, listed_by=wire)
    assert job.manifest.plus_is_space is switch
    assert job.manifest.to_wire() == wire
    assert clone.data_of(job)["manifest"].get("plus_is_space") == typed
