"""A job's pages say what of its list belongs to it, and what was left out."""

import pytest
from django.urls import reverse

from jobs.choices import ManifestFormat
from jobs.spec.generator import GeneratorSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.pairs import Pair
from tests.make import make_job

SQL = "SELECT * FROM list WHERE Size > 5"


def text_of(client, page, job):
    return " ".join(client.get(reverse(page, args=[job.pk])).content.decode().split())


@pytest.mark.parametrize("status", ["Suspended", "Active", "Complete"])
def test_rows_that_are_no_tasks_are_told_with_their_reason(as_viewer, status):
    job = make_job(status, skipped_rows={"delete markers": 1200, "left out by the filter": 1})
    for page in ("job-detail", "job-configuration"):
        said = text_of(as_viewer, page, job)
        assert (
            "1,200 delete markers of the list are left out: only an operation that deletes works on"
            " them." in said
        )
        assert "1 row of the list is left out by the filter" in said


def test_list_of_which_nothing_was_left_out_says_nothing(as_viewer):
    assert "left out" not in text_of(as_viewer, "job-detail", make_job("Complete"))


def test_configuration_names_every_filter_and_pinned_versions(as_viewer):
    spec = ManifestSpec(
        "lists",
        "manifest.json",
        "e",
        (),
        format=ManifestFormat.INVENTORY,
        filter_sql=SQL,
        tags=(Pair("team", "blue"), Pair("site", glob="b*")),
        metadata=(Pair("reviewed"),),
        pins_versions=True,
    )
    said = text_of(as_viewer, "job-configuration", make_job("Complete", listed_by=spec.to_wire()))
    assert "SELECT * FROM list WHERE Size &gt; 5" in said
    assert "<dt>Tags</dt><dd> team=blue and site like b*</dd>" in said
    assert "<dt>Metadata</dt><dd> reviewed with any value</dd>" in said
    assert "<dt>Pin current versions</dt><dd> Yes</dd>" in said
    plain = ManifestSpec("lists", "list.csv", "e", ())
    said = text_of(as_viewer, "job-configuration", make_job("Complete", listed_by=plain.to_wire()))
    assert "Pin current versions" not in said


def test_configuration_of_a_generated_list_names_its_sql(as_viewer):
    inner = {"SourceBucket": "arn:aws:s3:::photos", "EnableManifestOutput": False}
    wire = {"ManifestGenerator": {"S3JobManifestGenerator": inner}}
    spec = GeneratorSpec.from_wire(wire | {"BatchConsole": {"Filter": {"SQL": SQL}}})
    said = text_of(as_viewer, "job-configuration", make_job("Complete", listed_by=spec.to_wire()))
    assert "<dt>SQL filter</dt>" in said
    assert "Size &gt; 5" in said
