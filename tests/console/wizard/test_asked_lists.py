"""Step 1: what of a list belongs to the job by tags, metadata and versions, and what asking for it costs."""

from jobs.choices import ManifestField
from jobs.console.forms.sources.table import form_for, typed_of
from jobs.console.wizard.looks import generated
from jobs.manifests.source import ListAnewError
from jobs.spec.generator import GeneratorSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.pairs import Pair
from tests.console.wizard.test_kinds import CSV, INVENTORY, found, made
from tests.inventories import csv_file, manifest_json

TAGGED = {"having_tags-0-key": "team", "having_tags-0-how": "is", "having_tags-0-value": "red"}


def facts(wizard):
    return dict(found(wizard)["facts"])


def test_requests_are_said_before_anything_is_asked(wizard, region, role, manifest):
    typed = TAGGED | {"having_metadata-0-key": "kind", "having_metadata-0-how": "any"}
    wizard.press("manifest", "check", **CSV, manifest_object=manifest, **typed)
    rows = found(wizard)["rows_exact"]
    assert facts(wizard)["Requests to ask the objects"] == f"{2 * rows:,}, while the job prepares"
    assert "Only those with these tags and metadata belong" in found(wizard)["count_note"]


def test_requests_of_pinned_versions_are_said_and_the_warning_of_newest_ones_is_gone(
    wizard, region, role, manifest, s3, photos
):
    s3.put_bucket_versioning(Bucket=photos, VersioningConfiguration={"Status": "Enabled"})
    wizard.press("manifest", "check", **CSV, manifest_object=manifest)
    assert "newest-versions" in [one["id"] for one in found(wizard)["problems"]]
    wizard.press("manifest", "check", **CSV, manifest_object=manifest, pins_versions="on")
    assert "newest-versions" not in [one["id"] for one in found(wizard)["problems"]]
    rows = found(wizard)["rows_exact"]
    assert facts(wizard)["Requests to pin versions"].startswith(f"At most {rows:,};")


def test_job_has_the_filter_and_the_pin(wizard, region, role, manifest, bucket):
    wizard.press("manifest", **CSV, manifest_object=manifest, pins_versions="on", **TAGGED)
    job = made(wizard, bucket)
    assert job.listed_by["BatchConsole"]["PinCurrentVersions"] is True
    assert job.listed_by["BatchConsole"]["Filter"] == {"Tags": [{"Key": "team", "Value": "red"}]}


def test_review_says_size_and_requests(wizard, region, role, photos, s3):
    for key in ("two/a", "two/b"):
        s3.put_object(Bucket=photos, Key=key, Body=b"xx")
    wizard.press("manifest", source=f"s3://{photos}/two/")
    assert facts(wizard)["Size of the objects"] == "4 bytes"
    wizard.press("operation", "show", operation="S3PutObjectTagging")
    wizard.press("operation", **{"new_tags-0-key": "team", "new_tags-0-value": "red"})
    wizard.press("options", report_enabled="")
    assert "4 bytes" in wizard.open("review").html


def test_inventory_with_sizes_says_how_much_its_objects_are(wizard, region, role, put, bucket):
    columns = ("Bucket", "Key", "Size")
    data = csv_file([["photos", "a", "5"], ["photos", "b", "7"]])
    put("inv/1.csv.gz", data)
    path = put("inv/manifest.json", manifest_json([("inv/1.csv.gz", data)], columns, bucket=bucket))
    wizard.press("manifest", "check", **INVENTORY, inventory_object=path)
    assert facts(wizard)["Size of the objects"] == "12 bytes"


def test_glob_that_is_too_long_gets_a_sentence_at_its_row(wizard, region, role, manifest):
    typed = TAGGED | {"having_tags-0-how": "like", "having_tags-0-value": "x" * 1025}
    wizard.press("manifest", **CSV, manifest_object=manifest, **typed)
    assert '<a href="#having_tags-0-' in wizard.html


def test_what_was_typed_comes_back_from_the_spec_it_made(region, role):
    spec = ManifestSpec(
        *("photos", "list.csv", "e", (ManifestField.BUCKET, ManifestField.KEY)),
        plus_is_space=False,
        filter_sql="SELECT * FROM list",
        tags=(Pair("team", value="red"), Pair("site", glob="b*"), Pair("any")),
        metadata=(Pair("kind", value="x"),),
        pins_versions=True,
    )
    typed = typed_of(spec) | {"region": region.slug}
    form = form_for(typed)(typed)
    assert form.is_valid(), form.errors
    assert form.spec("e") == spec
    assert ManifestSpec.from_wire(spec.to_wire()) == spec


def test_generated_list_keeps_owner_rules_and_pin_through_its_form(region, role):
    spec = GeneratorSpec.from_wire(
        {
            "ManifestGenerator": {
                "S3JobManifestGenerator": {
                    "ExpectedBucketOwner": "123456789012",
                    "SourceBucket": "arn:aws:s3:::photos",
                    "Filter": {"EligibleForReplication": False},
                    "EnableManifestOutput": False,
                }
            },
            "BatchConsole": {"PinCurrentVersions": True},
        }
    )
    typed = typed_of(spec) | {"region": region.slug}
    form = form_for(typed)(typed)
    assert form.is_valid(), form.errors
    assert form.spec("") == spec


def test_listing_that_turns_out_to_be_out_of_order_begins_anew_and_says_so(
    wizard, region, role, photos, s3, monkeypatch
):
    s3.put_object(Bucket=photos, Key="anew/a", Body=b"x")
    blocks, anew = generated.listed_blocks, {"place": 0, "within": None, "unordered": [0]}

    def out_of_order(asked, reading, checkpoint=None, **more):
        if checkpoint is None:
            yield from blocks(asked, reading, checkpoint, **more)
            raise ListAnewError("ListingNotUsable", "Out of order.", anew)
        yield from blocks(asked, reading, checkpoint, **more)

    monkeypatch.setattr(generated, "listed_blocks", out_of_order)
    wizard.press("manifest", "check", source=f"s3://{photos}/anew/")
    assert found(wizard)["count_note"] == generated.ANEW
    assert found(wizard)["rows_estimated"] == 0
    wizard.press("manifest", "check")
    assert found(wizard)["rows_exact"] == 1
    assert len(found(wizard)["rows"]) == 1
