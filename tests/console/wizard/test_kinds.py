"""Step 1: every kind of object list, from what is typed to the job."""

import gzip
from html import unescape

import pytest
from django.urls import reverse

from jobs.choices import ManifestFormat
from jobs.console.forms.sources.table import typed_of
from jobs.models import Draft, Job
from jobs.spec.generator import GeneratorSpec
from tests.inventories import manifest_json

CSV = {"kind": "csv", "kind_shown": "csv"}
INVENTORY = {"kind": "inventory", "kind_shown": "inventory"}


@pytest.fixture
def cats(s3, photos):
    for number in range(3):
        s3.put_object(Bucket=photos, Key=f"cats/{number} +ä.jpg", Body=b"x" * number)
    s3.put_object(Bucket=photos, Key="dogs/a.jpg", Body=b"")
    return photos


@pytest.fixture
def inventory(put, bucket):
    """The path of a manifest.json that lists two rows and a delete marker."""
    data = gzip.compress(
        b'"photos","cats/a+cat%2B.jpg","v1","true","false"\n'
        b'"photos","dog.jpg","v2","true","false"\n'
        b'"photos","gone.jpg","v3","true","true"\n'
    )
    put("inventory/data/1.csv.gz", data)
    columns = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker")
    return put(
        "inventory/manifest.json",
        manifest_json([("inventory/data/1.csv.gz", data)], columns, bucket=bucket),
    )


def found(wizard):
    return wizard.draft.data["found"]


def made(wizard, bucket):
    """The job of a draft whose list is chosen."""
    wizard.press("operation", "show", operation="S3PutObjectTagging")
    wizard.press("operation", **{"new_tags-0-key": "team", "new_tags-0-value": "red"})
    wizard.press("options", report_path=f"s3://{bucket}/reports")
    response = wizard.create_despite()
    assert response.status_code == 303, wizard.html
    return Job.objects.get()


# --- A whole bucket or prefix


def test_first_kind_is_a_whole_bucket_and_it_is_chosen_from_the_start(wizard, region):
    assert wizard.open("manifest").values["kind"] == "generated"
    places = [wizard.html.index(f'id="kind-{name}"') for name in ("generated", "csv", "inventory")]
    assert places == sorted(places)


def test_prefix_shows_its_first_matches_and_counts_them_to_the_end(wizard, region, role, cats):
    wizard.press("manifest", "check", region="store", source=f"s3://{cats}/cats/")
    assert found(wizard)["rows_exact"] == 3
    html = unescape(wizard.open("manifest").html)
    assert "Exactly 3<small>Listed to the end" in html
    assert "cats/1 +ä.jpg" in html
    assert "dogs/a.jpg" not in html


def test_filters_of_aws_and_ours_narrow_the_list_and_make_one_job(
    wizard, region, role, cats, bucket
):
    response = wizard.press(
        "manifest",
        source=f"s3://{cats}",
        **{"key_filters-0-how": "glob", "key_filters-0-text": "*.jpg", "larger_than": "0"},
    )
    assert response.status_code == 303, wizard.html
    assert found(wizard)["rows_exact"] == 2
    spec = made(wizard, bucket).manifest
    assert isinstance(spec, GeneratorSpec)
    assert spec.filter.larger_than_bytes == 0
    assert spec.more.globs == ("*.jpg",)


def test_one_bucket_with_one_prefix_has_nothing_in_it_that_aws_does_not_know(
    wizard, region, role, cats, bucket
):
    wizard.press("manifest", source=f"s3://{cats}/cats/")
    wire = made(wizard, bucket).listed_by
    assert list(wire) == ["ManifestGenerator"]
    generator = wire["ManifestGenerator"]["S3JobManifestGenerator"]
    assert generator["Filter"] == {"KeyNameConstraint": {"MatchAnyPrefix": ["cats/"]}}


def test_list_without_a_match_stops_next_and_says_why(wizard, region, role, cats):
    assert wizard.press("manifest", source=f"s3://{cats}/birds/").status_code == 200
    assert "No objects of s3://photos match." in unescape(wizard.html)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("source", {"source": ""}, "Enter the bucket, or the bucket and a prefix."),
        ("source", {"source": "photos"}, "Write the path as s3://bucket or s3://bucket/prefix."),
        ("more_sources-0-path", {"more_sources-0-path": "dogs"}, "Write the path as s3://bucket"),
        (
            "smaller_than",
            {"larger_than": "5", "smaller_than": "6"},
            "No size is greater than 5 and less than 6 bytes.",
        ),
        (
            "key_filters-0-text",
            {"key_filters-0-how": "expression", "key_filters-0-text": "(("},
            "",
        ),
        ("saved_path", {"saves": "on"}, "Enter the path to save the list at."),
        ("encryption", {"encryption": "SSE-KMS", "encryption_key": "me"}, ""),
    ],
)
def test_field_of_a_generated_list_that_is_wrong_gets_a_sentence_at_its_place(
    wizard, region, role, cats, field, typed, sentence
):
    wizard.open("manifest")
    assert wizard.press("manifest", **{"source": f"s3://{cats}"} | typed).status_code == 200
    html = unescape(wizard.html)
    assert f'<a href="#{field}">' in html
    assert sentence in html


def test_bucket_that_does_not_exist_gets_a_sentence_at_the_source(wizard, region, role):
    assert wizard.press("manifest", source="s3://no-such-bucket").status_code == 200
    assert '<a href="#source">' in wizard.html
    assert "does not exist" in wizard.html


def test_look_that_is_not_at_its_end_says_at_least_and_the_next_goes_on(
    wizard, region, role, cats, monkeypatch
):
    from jobs.console.wizard.looks import generated  # noqa: PLC0415

    monkeypatch.setattr(generated, "LOOK_S", -1.0)
    places = {"source": f"s3://{cats}/cats/", "more_sources-0-path": f"s3://{cats}/dogs/"}
    wizard.press("manifest", "check", **places)
    assert found(wizard)["checkpoint"] is not None
    assert "At least 3<small>" in wizard.open("manifest").html
    monkeypatch.undo()
    wizard.press("manifest", "check")
    assert found(wizard)["checkpoint"] is None
    assert found(wizard)["rows_exact"] == 4
    assert len(found(wizard)["rows"]) == 4


def test_filter_that_no_listing_answers_says_how_many_requests_it_takes(wizard, region, role, cats):
    wizard.press("manifest", "check", source=f"s3://{cats}", **{"tags-0-key": "team"})
    html = wizard.open("manifest").html
    assert "At most 4<small>" in html
    assert "GetObjectTagging" in html


def test_what_was_typed_comes_back_from_the_spec_it_made(wizard, region, role, cats, bucket):
    typed = {
        "source": f"s3://{cats}/cats/",
        "more_sources-0-path": f"s3://{bucket}",
        "versions": "All",
        "created_after": "2020-01-02T03:04:00",
        "class-GLACIER_IR": "on",
        "class-STANDARD": "on",
        "status-NONE": "on",
        "encryption": "SSE-KMS",
        "bucket_key": "off",
        "key_filters-0-how": "ends",
        "key_filters-0-text": ".jpg",
        "key_filters-1-how": "ends",
        "key_filters-1-text": " .png",
        "metadata-0-key": "color",
        "metadata-0-how": "like",
        "metadata-0-value": "re*",
        "saves": "on",
        "saved_path": f"s3://{bucket}/lists",
        "saved_encryption": "SSE-S3",
    }
    wizard.press("manifest", "check", **typed)
    from jobs.console.wizard.assemble import Reading  # noqa: PLC0415

    form = Reading(wizard.draft).manifest
    assert form.is_valid(), form.errors
    again = typed_of(form.spec(""))
    assert {name: again[name] for name in typed} == typed


# --- An S3 Inventory report


def test_inventory_shows_its_facts_and_rows_and_makes_its_job(
    wizard, region, role, photos, inventory, bucket
):
    response = wizard.press("manifest", inventory_object=inventory, **INVENTORY)
    assert response.status_code == 303, wizard.html
    assert found(wizard)["rows_exact"] == 2
    html = unescape(wizard.open("manifest").html)
    for text in ("1 CSV file in", "cats/a cat+.jpg", "1 in what was read", "Inventory of"):
        assert text in html
    manifest = made(wizard, bucket).manifest
    assert manifest.format == ManifestFormat.INVENTORY
    assert manifest.place == inventory


def test_data_file_that_is_missing_stops_next_with_its_name(
    wizard, region, role, inventory, s3, bucket
):
    s3.delete_object(Bucket=bucket, Key="inventory/data/1.csv.gz")
    assert wizard.press("manifest", inventory_object=inventory, **INVENTORY).status_code == 200
    assert "inventory/data/1.csv.gz" in wizard.html
    assert "The inventory has a problem." in wizard.html


def test_inventory_given_as_csv_is_called_what_it_is_and_turned_with_one_press(
    wizard, region, role, inventory
):
    wizard.press("manifest", "check", manifest_object=inventory)
    assert "is the manifest.json of an S3 Inventory report" in wizard.html
    assert 'value="turn:inventory"' in wizard.html
    response = wizard.send("manifest", "turn:inventory")
    assert response.status_code == 303
    assert wizard.draft.data["manifest"]["inventory_object"] == inventory
    assert found(wizard)["rows_exact"] == 2


def test_csv_given_as_an_inventory_is_turned_with_one_press(wizard, region, role, manifest):
    wizard.press("manifest", "check", inventory_object=manifest, **INVENTORY)
    assert 'value="turn:csv"' in wizard.html
    assert wizard.send("manifest", "turn:csv").status_code == 303
    assert wizard.draft.data["manifest"]["kind"] == "csv"
    assert found(wizard)["rows_exact"] == 2


# --- All of them


def test_change_of_the_kind_and_back_loses_nothing(wizard, region, role, manifest, inventory):
    wizard.press("manifest", "check", manifest_object=manifest)
    wizard.press("manifest", "kind", kind="inventory")
    wizard.press("manifest", "kind", inventory_object=inventory)
    wizard.press("manifest", "kind", kind="generated")
    wizard.press("manifest", "kind", source="s3://photos/cats", **{"class-GLACIER": "on"})
    wizard.press("manifest", "kind", kind="csv")
    assert wizard.open("manifest").values["manifest_object"] == manifest
    wizard.press("manifest", "kind", kind="generated")
    values = wizard.open("manifest").values
    assert (values["source"], values["class-GLACIER"]) == ("s3://photos/cats", "on")
    typed = wizard.draft.data["manifest"]
    assert typed["inventory_object"] == inventory


def test_draft_of_before_there_were_kinds_opens_as_a_csv_manifest(wizard, region, role, manifest):
    old = {"region": "store", "format": "x", "manifest_object": manifest, "version_id": ""}
    Draft.objects.filter(pk=wizard.draft.pk).update(
        data={"manifest": old, "found": {"place": ["store", manifest, ""], "checked_at": "x"}}
    )
    values = wizard.open("manifest").values
    assert (values["kind"], values["manifest_object"]) == ("csv", manifest)
    assert wizard.press("manifest").status_code == 303


@pytest.mark.parametrize(("kind", "page"), [("upload", "list-upload"), ("paste", "list-paste")])
def test_list_from_the_browser_has_a_page_of_its_own_and_next_says_that_it_is_missing(
    wizard, region, role, kind, page
):
    wizard.press("manifest", "kind", kind=kind)
    assert wizard.press("manifest").status_code == 200
    assert "There is no list yet." in wizard.html
    response = wizard.send("manifest", f"page:{kind}")
    assert response["Location"] == reverse(page, args=[wizard.draft.pk])


def test_fragment_of_a_kind_shows_its_fields_and_its_empty_preview(wizard, region, role):
    wizard.open("manifest")
    typed = wizard.values | {"kind": "inventory"}
    html = wizard.client.post(
        reverse("draft-source", args=[wizard.draft.pk]), typed
    ).content.decode()
    assert 'name="inventory_object"' in html
    assert 'name="kind_shown" value="inventory"' in html
    assert 'id="preview"' in html
    assert "manifest.json and check the inventory" in html


def test_row_of_a_condition_is_added_and_removed_without_scripts(wizard, region, role):
    wizard.press("manifest", "add:key_filters", **{"key_filters-0-text": "a"})
    assert "key_filters-1-text" in wizard.open("manifest").values
    wizard.press("manifest", "remove:key_filters:0")
    assert wizard.open("manifest").values["key_filters-0-text"] == ""


def test_browsing_for_a_source_chooses_a_folder_and_looks_at_once(wizard, region, role, cats):
    wizard.press("manifest", "previous", region="store")
    url = reverse("wizard-browse", args=[wizard.draft.pk, "source"])
    page = wizard.client.get(url, {"bucket": cats, "prefix": "cats/"}).content.decode()
    assert "Choose this folder" in page
    wizard.client.post(url, {"path": f"s3://{cats}/cats/"})
    wizard.draft.refresh_from_db()
    assert found(wizard)["rows_exact"] == 3


def test_bucket_of_the_first_rows_that_is_not_there_is_a_warning(wizard, region, role, put):
    wizard.press("manifest", "check", manifest_object=put("list.csv", "nowhere-to-be,a.jpg\n"))
    assert 'The bucket "nowhere-to-be" does not exist.' in unescape(wizard.open("manifest").html)


# --- Afterwards


def cloned(wizard, job):
    assert wizard.client.post(reverse("job-clone", args=[job.pk])).status_code == 303
    wizard.draft = Draft.objects.latest("created_at")
    return wizard


def test_clone_of_a_generated_job_lists_anew_or_uses_its_saved_list_by_choice(
    wizard, region, role, cats, bucket, inventory, s3
):
    wizard.press("manifest", source=f"s3://{cats}/cats/")
    job = made(wizard, bucket)
    key = inventory.partition(f"{bucket}/")[2]
    etag = s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    saved = {"ObjectArn": f"arn:aws:s3:::{bucket}/{key}", "ETag": etag}
    job.generated_manifest = {"Format": ManifestFormat.SAVED_LIST, "Location": saved}
    job.save(update_fields=["generated_manifest"])
    cloned(wizard, job)
    assert "The objects are listed again." in wizard.open("manifest").html
    assert wizard.values["source"] == f"s3://{cats}/cats/"
    assert wizard.send("manifest", "list:saved").status_code == 303
    assert wizard.open("manifest").values["inventory_object"] == inventory
    assert found(wizard)["rows_exact"] == 2
    assert wizard.send("manifest", "list:anew").status_code == 303
    assert wizard.open("manifest").values["source"] == f"s3://{cats}/cats/"
    assert found(wizard)["rows_exact"] == 3


def test_clone_names_what_the_form_of_generated_lists_has_no_field_for(
    wizard, region, role, cats, bucket
):
    wizard.press("manifest", source=f"s3://{cats}/cats/")
    job = made(wizard, bucket)
    generator = job.listed_by["ManifestGenerator"]["S3JobManifestGenerator"]
    generator["EnableManifestOutput"] = True
    generator["ManifestOutputLocation"] = {
        "Bucket": f"arn:aws:s3:::{bucket}",
        "ManifestFormat": "S3InventoryReport_CSV_20211130",
        "ExpectedManifestBucketOwner": "123456789012",
    }
    job.save(update_fields=["listed_by"])
    (note,) = cloned(wizard, job).draft.data["notes"]
    assert "no field for these members of the list" in note
    assert "ExpectedManifestBucketOwner" in note


def test_clone_of_a_job_over_an_inventory_is_one_over_it(
    wizard, region, role, photos, inventory, bucket
):
    wizard.press("manifest", inventory_object=inventory, **INVENTORY)
    job = made(wizard, bucket)
    cloned(wizard, job)
    assert wizard.open("manifest").values["inventory_object"] == inventory
    assert "Use the saved list" not in wizard.html
    assert found(wizard)["rows_exact"] == 2


def test_review_says_what_is_listed_and_how_much_of_it_is_known(wizard, region, role, cats, bucket):
    wizard.press("manifest", source=f"s3://{cats}/cats/", larger_than="1")
    made(wizard, bucket)
    html = unescape(cloned(wizard, Job.objects.get()).open("review").html)
    for text in ("A whole bucket or prefix", "s3://photos/cats/", "Larger than", "1 byte"):
        assert text in html


def test_list_over_several_buckets_says_what_that_means_for_the_operation(
    wizard, region, role, put, photos, bucket
):
    path = put("list.csv", f"{photos},a.jpg\n{bucket},b.jpg\n")
    wizard.press("manifest", manifest_object=path)
    html = wizard.open("manifest").html
    assert "A job acts on each object in its own bucket." in html
    assert "need all in one bucket" in html
    wizard.press("operation", "show", operation="S3PutObjectCopy")
    assert "needs all objects in one bucket. Choose another" in wizard.open("manifest").html
    wizard.press("operation", "show", operation="S3PutObjectTagging")
    assert "acts on each object in its own bucket" in wizard.open("manifest").html


def test_run_page_names_what_was_listed(wizard, region, role, cats, bucket):
    wizard.press("manifest", source=f"s3://{cats}/cats/")
    job = made(wizard, bucket)
    html = unescape(wizard.client.get(reverse("job-run", args=[job.pk])).content.decode())
    assert "Made by listing" in html
    assert "Manifest object" not in html
