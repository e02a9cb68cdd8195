"""Step 1: what is wrong gets a sentence at its field, and what is there is shown."""

import re
from html import unescape

import pytest
from django.urls import reverse

from jobs.errors import StorageError, StorageUnavailableError
from jobs.models import Draft
from jobs.s3.storage import Storage
from tests.console.wizard.conftest import ROWS
from tests.make import make_region, make_role

MIB = 1024 * 1024
CSV = {"kind": "csv", "kind_shown": "csv"}


def refused(wizard, sentence, field="manifest_object", **typed):
    """Next stays on step 1 and says the sentence in the summary and at the field."""
    response = wizard.press("manifest", **{"region": "store", **typed})
    assert response.status_code == 200
    assert wizard.draft.touched == []
    assert f'<a href="#{field}">' in wizard.html
    said = re.findall(r'<li><a href="#[^>]*>([^<]*)|Error: </span>([^<]*)', unescape(wizard.html))
    assert sum(sentence in "".join(text) for text in said) >= 2, said
    assert "<title>Error: " in wizard.html
    return wizard


def test_next_with_a_good_manifest_freezes_its_etag(wizard, region, role, manifest, s3, bucket):
    response = wizard.press("manifest", region="store", manifest_object=manifest)
    assert response["Location"].endswith("/operation/")
    found = wizard.draft.data["found"]
    assert found["etag"] == s3.head_object(Bucket=bucket, Key="list.csv")["ETag"].strip('"')
    assert found["rows_exact"] == 2
    assert found["role_arn"] == role.arn


def test_step_without_any_region_says_who_connects_one(wizard):
    assert "Ask an administrator to connect a Region" in wizard.open("manifest").html
    make_region("first")
    assert "No storage is connected yet" not in wizard.open("manifest").html


def test_only_region_is_chosen_from_the_start(wizard, region):
    assert wizard.open("manifest").values["region"] == "store"


def test_next_with_nothing_typed_names_both_fields(wizard, region, role):
    make_region("other")
    wizard.press("manifest", region="", manifest_object="")
    assert "Choose a Region." in wizard.html
    assert "Enter the path to the manifest object." in wizard.html


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("list.csv", "Write the path as s3://bucket/key."),
        ("s3://a/list.csv", "is not a bucket name"),
        (f"s3://{'b' * 64}/list.csv", "must be 63 characters or fewer, not 64."),
        ("s3://manifests", "is no object. Enter the path to the manifest object."),
        ("s3://manifests/folder/", "is no object. Enter the path to the manifest object."),
        ("s3://manifests/\x00", "contains a character that is not visible"),
        ("s3://manifests/" + "k" * 1025, "The key has 1,025 bytes; 1,024 are allowed."),
        ("s3://manifests/" + "k" * 100_000, "must be 2,048 characters or fewer, not 100,015."),
    ],
)
def test_path_that_is_none_gets_a_sentence(wizard, region, role, path, sentence):
    refused(wizard, sentence, manifest_object=path)
    assert wizard.values["manifest_object"] == path.replace("\x00", "\ufffd")


def test_manifest_that_does_not_exist_gets_a_sentence(wizard, region, role, bucket):
    refused(
        wizard, f"s3://{bucket}/no.csv does not exist.", manifest_object=f"s3://{bucket}/no.csv"
    )


def test_bucket_that_does_not_exist_gets_a_sentence(wizard, region, role):
    refused(wizard, "s3://no-such-bucket/a.csv: the bucket does not exist.",
            manifest_object="s3://no-such-bucket/a.csv")  # fmt: skip


def test_storage_that_denies_access_gets_a_sentence(wizard, region, role, manifest, monkeypatch):
    def deny(self, *place):
        raise StorageError("403", "Forbidden", http_status=403)

    monkeypatch.setattr(Storage, "head_object", deny)  # the test server lets everybody in
    refused(wizard, "(AccessDenied)", manifest_object=manifest)


def test_storage_that_does_not_answer_gets_a_sentence(wizard, role):
    make_role(make_region("store-down"))
    refused(wizard, "The storage does not answer.", region="store-down",
            manifest_object="s3://manifests/list.csv")  # fmt: skip


def test_storage_that_goes_away_while_reading_gets_a_sentence(
    wizard, region, role, manifest, monkeypatch
):
    def stop(self, *place, **options):
        raise StorageUnavailableError("ReadTimeoutError", "slow")

    monkeypatch.setattr(Storage, "read_range", stop)
    refused(wizard, "The storage did not answer in time.", manifest_object=manifest)


def test_role_without_credentials_in_the_region_gets_a_sentence(wizard, region, role, manifest):
    other = make_role(make_region("elsewhere"), arn="arn:aws:iam::123456789012:role/other")
    refused(wizard, "has no credentials in Region store.", "read_as",
            manifest_object=manifest, read_as=other.arn)  # fmt: skip


def test_role_or_region_that_is_not_there_gets_a_sentence(wizard, region, role, manifest):
    refused(wizard, "This IAM role no longer exists.", "read_as",
            manifest_object=manifest, read_as="arn:aws:iam::123456789012:role/gone")  # fmt: skip
    refused(wizard, "This Region no longer exists.", "region",
            manifest_object=manifest, region="\x00gone")  # fmt: skip


def test_region_without_any_role_says_who_can_help(wizard, region, manifest):
    refused(wizard, "No IAM role has credentials in Region store.", "read_as",
            manifest_object=manifest)  # fmt: skip


def test_kms_encrypted_manifest_is_refused_with_its_remedy(wizard, region, role, put):
    path = put("secret.csv", ROWS, ServerSideEncryption="aws:kms")
    refused(wizard, "is encrypted with a KMS key (SSE-KMS).", manifest_object=path)


def test_manifest_with_problems_shows_line_text_and_remedy_and_stops_next(
    wizard, region, role, put
):
    path = put("bad.csv", "Bucket,Key\nphotos,a b.jpg\nphotos,c.jpg,extra\nphotos,d.jpg\n")
    refused(wizard, "The manifest has 3 problems.", "problems", manifest_object=path)
    assert "Line 1 looks like a header row." in wizard.html
    assert "photos,a b.jpg" in wizard.html
    assert "Encode it as %20" in wizard.html
    assert wizard.values["manifest_object"] == path


def test_warning_does_not_stop_next(wizard, region, role, put):
    path = put("twice.csv", "photos,a.jpg\nphotos,a.jpg\n")
    assert wizard.press("manifest", manifest_object=path).status_code == 303


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00\x01binary\n", b"\xef\xbb\xbfphotos,a.jpg\n"]
)
def test_file_that_is_no_manifest_is_stopped(wizard, region, role, put, content):
    refused(wizard, "The manifest has a problem.", "problems",
            manifest_object=put("odd.csv", content))  # fmt: skip


def test_long_manifest_is_estimated_and_says_so(wizard, region, role, put):
    line = "photos,2024/autumn/a-long-folder-name/IMG_%07d.jpg\n"
    text = "".join(line % number for number in range(2 * MIB // len(line % 0)))
    wizard.press("manifest", "check", manifest_object=put("big.csv", text))
    html = wizard.open("manifest").html
    about = int(re.search(r"About ([\d,]+)<small>Estimated", html)[1].replace(",", ""))
    assert about == pytest.approx(text.count("\n"), rel=0.02)


def test_check_without_scripts_shows_the_first_rows_with_decoded_keys(
    wizard, region, role, manifest
):
    response = wizard.press("manifest", "check", manifest_object=manifest)
    assert response["Location"].endswith("#preview")
    html = wizard.open("manifest").html
    assert "Exactly 2" in html
    assert "cats/a cat.jpg" in html
    assert "written as cats/a%20cat.jpg" in html
    assert wizard.values["column-0"] == "Bucket"


def test_preview_fragment_saves_and_shows_the_same(wizard, region, role, manifest):
    wizard.open("manifest")
    typed = wizard.values | CSV | {"region": "store", "manifest_object": manifest}
    answer = wizard.client.post(reverse("draft-preview", args=[wizard.draft.pk]), typed)
    html = answer.content.decode()
    assert "Exactly 2" in html
    assert 'id="version"' in html
    assert wizard.open("manifest").values["manifest_object"] == manifest


def test_preview_fragment_says_why_it_cannot_look(wizard, region, role):
    wizard.open("manifest")
    typed = wizard.values | CSV | {"region": "store", "manifest_object": "list.csv"}
    answer = wizard.client.post(reverse("draft-preview", args=[wizard.draft.pk]), typed)
    assert answer.status_code == 200
    assert "Write the path as s3://bucket/key." in answer.content.decode()


def test_columns_that_somebody_chose_count_for_the_rows(wizard, region, role, put):
    path = put("swapped.csv", "a.jpg,photos,7\nb.jpg,photos,7\n")
    wizard.press("manifest", "check", manifest_object=path)
    columns = {"column-0": "Key", "column-1": "Bucket", "column-2": "Ignore"}
    assert wizard.press("manifest", **columns).status_code == 303
    found = wizard.draft.data["found"]
    assert found["fields"] == ["Key", "Bucket", "Ignore"]
    assert found["buckets"] == {"photos": 2}


def test_columns_without_exactly_one_key_get_a_sentence(wizard, region, role, manifest):
    wizard.press("manifest", "check", manifest_object=manifest)
    refused(
        wizard,
        "Required fields are missing in the schema: Key.",
        "column-0",
        **{"column-1": "Bucket"},
    )


def test_columns_of_one_manifest_are_forgotten_for_another(wizard, region, role, put):
    wizard.press("manifest", "check", manifest_object=put("a.csv", "a.jpg,photos\n"))
    wizard.press("manifest", "check", **{"column-0": "Key", "column-1": "Bucket"})
    wizard.press("manifest", "check", manifest_object=put("b.csv", "photos,a.jpg,v1\n"))
    assert wizard.draft.data["found"]["fields"] == ["Bucket", "Key", "VersionId"]


def test_next_when_the_manifest_changed_after_the_check_asks_to_look_again(
    wizard, region, role, manifest, put
):
    wizard.press("manifest", "check", manifest_object=manifest)
    put("list.csv", ROWS + "photos,new.jpg\n")
    refused(wizard, "The manifest changed after you checked it.")
    assert "Exactly 3" in wizard.html
    assert wizard.press("manifest").status_code == 303


def test_version_of_a_manifest_is_the_one_that_is_read(wizard, region, role, s3, make_bucket):
    bucket = make_bucket(versioned=True)
    old = s3.put_object(Bucket=bucket, Key="list.csv", Body=b"photos,a.jpg\n")["VersionId"]
    s3.put_object(Bucket=bucket, Key="list.csv", Body=ROWS.encode())
    wizard.press("manifest", "check", manifest_object=f"s3://{bucket}/list.csv", version_id=old)
    assert wizard.draft.data["found"]["rows_exact"] == 1


def test_versioned_bucket_without_version_ids_is_a_warning(wizard, region, role, put, make_bucket):
    photos = make_bucket(versioned=True)
    path = put("list.csv", f"{photos},a.jpg\n")
    assert wizard.press("manifest", manifest_object=path).status_code == 303
    assert f"{photos} keeps versions" in wizard.open("manifest").html


def test_decoded_nul_in_a_key_is_kept_as_a_visible_sign(wizard, region, role, put):
    path = put("nul.csv", "photos,a%00b.jpg\n")
    assert wizard.press("manifest", "check", manifest_object=path).status_code in (200, 303)
    assert "\x00" not in str(Draft.objects.get().data)
