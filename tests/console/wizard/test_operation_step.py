"""Step 2: one form per operation, and what was typed for another stays."""

from html import unescape

import pytest
from django.urls import reverse

from jobs.console.forms.operations.table import FORMS, GROUPS
from jobs.models import Region
from jobs.operations import registry
from tests.make import make_region, make_role

COPY = "S3PutObjectCopy"
TAGGING = "S3PutObjectTagging"
DELETE = "S3DeleteObject"
UNTAGGING = "S3DeleteObjectTagging"
ACL = "S3PutObjectAcl"
MERGING = "S3MergeObjectTagging"
METADATA = "S3MergeObjectMetadata"
ENCRYPTION = "S3UpdateObjectEncryption"
KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"


@pytest.fixture
def copying(at_operation):
    at_operation.press("operation", "show", operation=COPY)
    return at_operation


@pytest.fixture
def tagging(at_operation):
    at_operation.press("operation", "show", operation=TAGGING)
    return at_operation


def tags(*pairs):
    typed = {}
    for n, (key, value) in enumerate(pairs):
        typed |= {f"new_tags-{n}-key": key, f"new_tags-{n}-value": value}
    return typed


def refused(wizard, sentence, field, **typed):
    response = wizard.press("operation", **typed)
    assert response.status_code == 200
    assert wizard.draft.touched == ["manifest"]
    html = unescape(wizard.html)
    assert f'<a href="#{field}">' in html
    assert html.count(sentence) >= 2
    return html


def test_every_operation_has_a_form_and_is_offered_once():
    offered = [choice.name for _, choices in GROUPS for choice in choices]
    assert len(set(offered)) == len(offered)
    assert set(FORMS) == set(offered) == {operation.name for operation in registry.OPERATIONS}


def test_operation_that_there_is_not_cannot_be_chosen(at_operation):
    refused_html = refused(at_operation, "This operation is not available.",
                           f"operation-{COPY}", operation="S3Undelete")  # fmt: skip
    assert "There is a problem" in refused_html


def test_next_without_an_operation_asks_for_one(at_operation):
    refused(at_operation, "Choose an operation.", f"operation-{COPY}")


def test_values_typed_for_another_operation_stay(tagging):
    tagging.press("operation", "show", operation=COPY, **tags(("team", "red")))
    tagging.press("operation", "show", operation=TAGGING, target_bucket="archive")
    assert tagging.open("operation").values["new_tags-0-key"] == "team"
    tagging.press("operation", "show", operation=COPY)
    assert tagging.open("operation").values["target_bucket"] == "archive"


def test_settings_fragment_shows_the_chosen_operation_and_judges_nothing(at_operation):
    at_operation.open("operation")
    typed = at_operation.values | {"operation": COPY}
    answer = at_operation.client.post(
        reverse("draft-settings", args=[at_operation.draft.pk]), typed
    )
    html = answer.content.decode()
    assert 'id="target_bucket"' in html
    assert "Error" not in html


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        (tags(("", "")), "Enter at least one tag.", "new_tags-0-key"),
        (tags(("a", "1"), ("", "x")), "Key 2 must have 1 to 128 characters", "new_tags-1-key"),
        (tags(("", ""), ("k" * 129, "")), "Key 2 must have 1 to 128 characters", "new_tags-1-key"),
        (tags(("a", "v" * 257)), "Value 1 must have 0 to 256 characters", "new_tags-0-value"),
        (tags(("a!", "1")), "letters, digits, spaces", "new_tags-0-key"),
        (tags(("a", "1"), ("a", "2")), 'The tag "a" is entered twice.', "new_tags-1-key"),
        (tags(("aws:a", "1")), 'Keys that start with "aws:" are reserved.', "new_tags-0-key"),
        (tags(("a\x00", "1")), "contains a character that is not visible", "new_tags-0-key"),
        (tags(("a", "v" * 50_000)), "must be 2,048 characters or fewer", "new_tags-0-value"),
        (tags(*((f"k{n}", "") for n in range(11))), "at most 10 tags, not 11", "new_tags-0-key"),
    ],
)
def test_tag_that_cannot_be_gets_a_sentence_at_its_cell(tagging, typed, sentence, field):
    refused(tagging, sentence, field, **typed)
    name = next(name for name in typed if typed[name]) if any(typed.values()) else field
    assert tagging.values[name] == typed[name].replace("\x00", "\ufffd")


def test_rows_are_added_and_removed_without_scripts_and_keep_their_values(tagging):
    response = tagging.press("operation", "add:new_tags", **tags(("a", "1")))
    assert response["Location"].endswith("?focus=new_tags-1-key")
    tagging.press("operation", "add:new_tags", **tags(("a", "1"), ("b", "2")))
    tagging.press("operation", "remove:new_tags:1")
    values = tagging.open("operation").values
    assert (values["new_tags-0-key"], values["new_tags-1-key"]) == ("a", "")
    assert "new_tags-2-key" not in values


def test_new_row_has_the_focus(tagging):
    html = tagging.open("operation", focus="new_tags-0-value").html
    field = html[html.index('name="new_tags-0-value"') :]
    assert "autofocus" in field[: field.index(">")]


def test_tenth_row_is_the_last_one(tagging):
    for n in range(9):
        tagging.press("operation", "add:new_tags", **{f"new_tags-{n}-key": f"k{n}"})
    html = tagging.open("operation").html
    assert "At most 10." in html
    assert 'value="add:new_tags"' not in html


def test_tagging_settings_become_the_parameters_and_an_example(tagging):
    response = tagging.press("operation", **tags(("team", "red"), ("", ""), ("env", "")))
    assert response.status_code == 303
    html = unescape(tagging.open("operation").html)
    assert "cats/a cat.jpg gets exactly team=red, env=." in html


def test_copy_without_bucket_and_acknowledgement_names_both(copying):
    refused(copying, "Enter the name of the destination bucket.", "target_bucket")
    assert "Tick the box to confirm" in copying.html


def test_copy_to_a_bucket_that_does_not_exist_gets_a_sentence(copying):
    refused(copying, 'The bucket "no-such-bucket" does not exist.', "target_bucket",
            target_bucket="no-such-bucket", acknowledged="on")  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        ({"target_bucket": "A B"}, "is not a bucket name", "target_bucket"),
        ({"target_bucket": "b" * 64}, "must be 63 characters or fewer, not 64.", "target_bucket"),
        ({"target_prefix": "p" * 1025}, "1,024 characters or fewer, not 1,025.", "target_prefix"),
        ({"storage_class": "REDUCED"}, "Select a valid choice.", "storage_class"),
        ({"tagging": "replace"}, "Enter at least one tag, or choose to set none.",
         "new_tags-0-key"),
        ({"metadata_directive": "replace", "metadata-0-key": "ä", "metadata-0-value": "x"},
         "A metadata name holds", "metadata-0-key"),
        ({"metadata_directive": "replace", "metadata-0-value": "x"},
         "Enter the name of this metadata.", "metadata-0-key"),
        ({"metadata_directive": "replace", "content_type": "x" * 1025},
         "1,024 characters or fewer, not 1,025.", "content_type"),
    ],
)  # fmt: skip
def test_copy_setting_that_cannot_be_gets_a_sentence(copying, bucket, typed, sentence, field):
    good = {"target_bucket": bucket, "acknowledged": "on"}
    refused(copying, sentence, field, **(good | typed))


def test_copy_value_that_its_directive_ignores_stops_nobody(copying, bucket):
    typed = {"target_bucket": bucket, "acknowledged": "on", "content_type": "x" * 2000}
    assert copying.press("operation", **typed).status_code == 303
    assert copying.open("operation").values["content_type"] == "x" * 2000


def test_copy_settings_become_the_wire_parameters(copying, bucket):
    typed = {
        "target_bucket": bucket,
        "target_prefix": "backup",
        "storage_class": "GLACIER_IR",
        "acknowledged": "on",
        "metadata_directive": "replace",
        "content_type": "image/jpeg",
        "cache_control": "max-age=60",
        "metadata-0-key": "origin",
        "metadata-0-value": "photos",
        "tagging": "replace",
        **tags(("env", "prod")),
        "acl": "private",
    }
    assert copying.press("operation", **typed).status_code == 303
    form = FORMS[COPY](copying.draft.data["settings"][COPY])
    assert form.is_valid()
    assert form.parsed().to_wire() == {
        "TargetResource": f"arn:aws:s3:::{bucket}",
        "TargetKeyPrefix": "backup",
        "StorageClass": "GLACIER_IR",
        "CannedAccessControlList": "private",
        "MetadataDirective": "REPLACE",
        "NewObjectMetadata": {
            "ContentType": "image/jpeg",
            "CacheControl": "max-age=60",
            "UserMetadata": {"origin": "photos"},
        },
        "NewObjectTagging": [{"Key": "env", "Value": "prod"}],
    }
    assert f"s3://{bucket}/backup/cats/a cat.jpg" in copying.open("operation").html


def test_every_other_setting_of_a_copy_becomes_its_wire_parameter(copying, bucket):
    typed = {
        "target_bucket": bucket,
        "acknowledged": "on",
        "encryption": "KMS",
        "kms_key": "alias/photos",
        "bucket_key": "on",
        "acl": "grants",
        "grants-0-kind": "id",
        "grants-0-who": "abc",
        "grants-0-may": "READ",
        "lock_mode": "GOVERNANCE",
        "retain_until": "2999-01-02T03:04",
        "legal_hold": "ON",
        "event_hold": "ON",
        "event_unit": "days",
        "event_days": "30",
        "modified_since": "2020-01-02T03:04",
        "unmodified_since": "2999-01-02T03:04",
        "checksum_algorithm": "SHA256",
        "redirect": "/elsewhere",
        "requester_pays": "on",
        "annotations": "EXCLUDE",
    }
    assert copying.press("operation", **typed).status_code == 303
    form = FORMS[COPY](copying.draft.data["settings"][COPY])
    assert form.is_valid()
    expected = {
        "TargetResource": f"arn:aws:s3:::{bucket}",
        "MetadataDirective": "COPY",
        "NewObjectMetadata": {"SSEAlgorithm": "KMS"},
        "SSEAwsKmsKeyId": "alias/photos",
        "BucketKeyEnabled": True,
        "AccessControlGrants": [
            {"Grantee": {"TypeIdentifier": "id", "Identifier": "abc"}, "Permission": "READ"}
        ],
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": "2999-01-02T03:04:00Z",
        "ObjectLockLegalHoldStatus": "ON",
        "ObjectLockEventHold": "ON",
        "ObjectLockEventHoldDuration": {"Days": 30},
        "ModifiedSinceConstraint": "2020-01-02T03:04:00Z",
        "UnModifiedSinceConstraint": "2999-01-02T03:04:00Z",
        "ChecksumAlgorithm": "SHA256",
        "RedirectLocation": "/elsewhere",
        "RequesterPays": True,
        "AnnotationDirective": "EXCLUDE",
    }
    assert form.parsed().to_wire() == expected
    shown = copying.open("operation").values
    assert {name: shown[name] for name in typed} == typed
    again = FORMS[COPY](FORMS[COPY].typed_of(expected) | {"target_bucket": bucket})
    assert again.is_valid() and again.parsed().to_wire() == expected


def test_copy_whose_retention_date_has_passed_is_told_so_at_its_field(copying, bucket):
    base = {"target_bucket": bucket, "acknowledged": "on", "lock_mode": "GOVERNANCE"}
    refused(copying, "has passed. Enter a date in the future.", "retain_until",
            **base, retain_until="2020-01-02T03:04")  # fmt: skip


def test_copy_without_tags_differs_from_keeping_them(copying, bucket):
    base = {"target_bucket": bucket, "acknowledged": "on"}
    copying.press("operation", **base, tagging="none")
    form = FORMS[COPY](copying.draft.data["settings"][COPY])
    assert form.is_valid()
    assert form.wire()["NewObjectTagging"] == []
    copying.press("operation", tagging="keep")
    form = FORMS[COPY](copying.draft.data["settings"][COPY])
    assert form.is_valid()
    assert "NewObjectTagging" not in form.wire()


def test_copy_to_another_region_is_chosen_from_those_there_are(copying, bucket, s3_server):
    away = make_region("away", endpoint_url=s3_server)
    good = {"target_bucket": bucket, "acknowledged": "on"}
    html = copying.open("operation").html
    assert '<option value="away">away</option>' in html
    assert "The Region of the job" in html
    refused(copying, "There is no such Region. Choose one of the list.", "target_region",
            **good, target_region="nowhere")  # fmt: skip
    refused(copying, "has no credentials in Region away. Choose another.", "target_region",
            **good, target_region="away")  # fmt: skip
    make_role(away)
    assert copying.press("operation", **good, target_region="away").status_code == 303
    form = FORMS[COPY](copying.draft.data["settings"][COPY])
    assert form.is_valid()
    assert form.parsed().to_wire() == {
        "TargetResource": f"arn:aws:s3:::{bucket}",
        "TargetRegion": "away",
    }


ONTO_ITSELF = "would be copied onto themselves with nothing changed."


def test_copy_onto_itself_that_changes_nothing_is_refused_at_the_bucket(copying, put):
    copying.press("manifest", manifest_object=put("own.csv", "photos,a.jpg\n"))
    typed = {"target_bucket": "photos", "acknowledged": "on"}
    refused(copying, f'Objects of "photos" {ONTO_ITSELF}', "target_bucket", **typed)
    response = copying.press("operation", **typed, storage_class="GLACIER_IR")
    assert ONTO_ITSELF not in unescape(response.content.decode())


def test_merge_of_metadata_becomes_the_wire_parameters(at_operation):
    at_operation.press("operation", "show", operation=METADATA)
    typed = {
        "cache_control": "max-age=60",
        "expires": "2030-01-02T03:04:05",
        "set_metadata-0-key": "owner",
        "set_metadata-0-value": "me",
        "removed_metadata-0-key": "tmp",
        "no_content_language": "on",
    }
    assert at_operation.press("operation", **typed).status_code == 303
    form = FORMS[METADATA](at_operation.draft.data["settings"][METADATA])
    assert form.is_valid()
    assert form.parsed().to_wire() == {
        "ObjectMetadata": {
            "CacheControl": "max-age=60",
            "HttpExpiresDate": "2030-01-02T03:04:05Z",
            "UserMetadata": {"owner": "me"},
        },
        "RemoveUserMetadata": [{"Key": "tmp"}],
        "RemoveHeaders": {"ContentLanguage": True},
    }


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        ({}, "Enter at least one header or metadata to set or to remove.", "cache_control"),
        (
            {"cache_control": "a", "no_cache_control": "on"},
            "Cache-Control is to be set and to be removed.",
            "no_cache_control",
        ),
        ({"redirect": "x"}, "must start with /, http:// or https://.", "redirect"),
        (
            {"removed_metadata-0-key": "a b"},
            "A metadata name holds letters",
            "removed_metadata-0-key",
        ),
    ],
)
def test_merge_of_metadata_that_cannot_be_gets_a_sentence(at_operation, typed, sentence, field):
    at_operation.press("operation", "show", operation=METADATA)
    html = unescape(at_operation.press("operation", **typed).content.decode())
    assert sentence in html
    assert f'<a href="#{field}">' in html


def test_copy_from_several_buckets_is_stopped_with_their_names(copying, bucket, put):
    path = put("two.csv", "photos,a.jpg\nvideos,b.mp4\n")
    copying.press("manifest", manifest_object=path)
    refused(copying, "Found 2 buckets: photos (1), videos (1).", f"operation-{COPY}",
            target_bucket=bucket, acknowledged="on")  # fmt: skip


def test_manifest_changed_to_one_that_does_not_fit_marks_the_operation(at_operation, bucket, put):
    at_operation.press("operation", "show", operation=COPY)
    at_operation.press("operation", target_bucket=bucket, acknowledged="on")
    path = put("two.csv", "photos,a.jpg\nvideos,b.mp4\n")
    at_operation.press("manifest", manifest_object=path)
    assert "! Check again" in at_operation.open("options").html
    assert at_operation.open("operation").values["target_bucket"] == bucket


@pytest.fixture
def deleting_allowed():
    Region.objects.update(allowed_operations=[DELETE])


def test_deleting_is_refused_where_no_administrator_allowed_it(at_operation):
    at_operation.press("operation", "show", operation=DELETE)
    response = at_operation.press("operation", operation=DELETE)
    html = unescape(response.content.decode())
    assert "Delete objects is turned off in the Region" in html
    assert "An administrator can allow it under Regions." in html
    assert at_operation.draft.touched == ["manifest"]


def test_deleting_asks_for_its_mode_and_says_what_it_does_at_every_step(
    at_operation, deleting_allowed
):
    at_operation.press("operation", "show", operation=DELETE)
    html = unescape(at_operation.open("operation").html)
    assert "Exactly the versions of the list: a row without one fails" in html
    response = at_operation.press("operation", operation=DELETE, mode="NEWEST")
    assert response.status_code == 303
    html = unescape(at_operation.open("operation").html)
    assert "is deleted. Where versions are kept, it gets a delete marker instead." in html
    assert at_operation.draft.touched == ["manifest", "operation"]
    html = unescape(at_operation.open("options").html)
    assert "There is a problem" not in html


def test_bypass_of_governance_retention_is_acknowledged_by_itself(at_operation, deleting_allowed):
    at_operation.press("operation", "show", operation=DELETE)
    settings = {"operation": DELETE, "mode": "EVERY_VERSION", "bypass_governance": "on"}
    html = unescape(at_operation.press("operation", **settings).content.decode())
    assert "Tick the box to confirm that protected versions may be deleted." in html
    response = at_operation.press("operation", **settings, bypass_acknowledged="on")
    assert response.status_code == 303


def test_deleting_tags_has_no_settings_and_needs_no_permission_of_the_region(at_operation):
    at_operation.press("operation", "show", operation=UNTAGGING)
    html = unescape(at_operation.open("operation").html)
    assert "There is nothing to set." in html
    assert "cats/a cat.jpg has no tags afterwards." in html
    assert at_operation.press("operation", operation=UNTAGGING).status_code == 303


@pytest.fixture
def listing(at_operation):
    at_operation.press("operation", "show", operation=ACL)
    return at_operation


def granting(**more):
    first = {"kind": "id", "who": "u", "name": "Ana", "may": "READ"}
    typed = {f"grants-0-{name}": text for name, text in first.items()}
    return {"access": "grants", "owner_id": "o", **typed, **more}


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        ({"access": "canned"}, "Choose a canned ACL.", "canned_acl"),
        ({"access": "canned", "canned_acl": "public"}, "Select a valid choice.", "canned_acl"),
        (granting(owner_id=""), "Enter the ID of the owner that the objects have.", "owner_id"),
        (granting(owner_id="o" * 1025), "must be 1,024 characters or fewer", "owner_id"),
        ({"access": "grants", "owner_id": "o"}, "Enter at least one grant.", "grants-0-who"),
        (granting(**{"grants-0-may": "DELETE"}), "Select a valid choice.", "grants-0-may"),
        (granting(**{"grants-0-who": 'a"b'}), "An identifier holds no quotes", "grants-0-who"),
        (
            granting(**{"grants-0-kind": "uri"}),
            "Only a grantee that is named by its ID has a display name.",
            "grants-0-name",
        ),
    ],
)
def test_acl_that_cannot_be_gets_a_sentence_at_its_control(listing, typed, sentence, field):
    refused(listing, sentence, field, **typed)


def test_acl_settings_become_the_wire_parameters(listing):
    second = {
        "kind": "uri",
        "who": "http://acs.amazonaws.com/groups/global/AllUsers",
        "may": "READ",
    }
    more = {f"grants-1-{name}": text for name, text in second.items()}
    assert listing.press("operation", **granting(owner_name="Ben", **more)).status_code == 303
    form = FORMS[ACL](listing.draft.data["settings"][ACL])
    assert form.is_valid()
    assert form.parsed().to_wire() == {
        "AccessControlPolicy": {
            "AccessControlList": {
                "Owner": {"ID": "o", "DisplayName": "Ben"},
                "Grants": [
                    {
                        "Grantee": {
                            "TypeIdentifier": "id", "Identifier": "u", "DisplayName": "Ana"
                        },
                        "Permission": "READ",
                    },
                    {
                        "Grantee": {"TypeIdentifier": "uri", "Identifier": second["who"]},
                        "Permission": "READ",
                    },
                ],
            }
        }
    }  # fmt: skip
    assert "Anyone on the internet gets access" in form.parsed().consequence(2, ["photos"])


def test_canned_acl_leaves_what_was_typed_for_grants_aside(listing):
    typed = granting(access="canned", canned_acl="private", owner_id="")
    assert listing.press("operation", **typed).status_code == 303
    form = FORMS[ACL](listing.draft.data["settings"][ACL])
    assert form.is_valid()
    assert form.wire() == {"AccessControlPolicy": {"CannedAccessControlList": "private"}}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter the ARN of the KMS key."),
        ("alias/photos", "KMS key must have 20 to 2,048 characters, not 12."),
        ("arn:aws:kms:us-east-1:123456789012:alias/photos", "Write the whole ARN of a key"),
        (f"{KMS_KEY}{'a' * 2048}", "2,048 characters or fewer"),
    ],
)
def test_key_that_cannot_be_gets_a_sentence_at_its_field(at_operation, typed, sentence):
    at_operation.press("operation", "show", operation=ENCRYPTION)
    refused(at_operation, sentence, "kms_key", kms_key=typed)


def test_encryption_settings_become_the_wire_parameters(at_operation):
    at_operation.press("operation", "show", operation=ENCRYPTION)
    response = at_operation.press("operation", kms_key=f" {KMS_KEY} ", bucket_key="on")
    assert response.status_code == 303
    form = FORMS[ENCRYPTION](at_operation.draft.data["settings"][ENCRYPTION])
    assert form.is_valid()
    assert form.parsed().to_wire() == {
        "ObjectEncryption": {"SSEKMS": {"KMSKeyArn": KMS_KEY, "BucketKeyEnabled": True}}
    }


@pytest.fixture
def merging(at_operation):
    at_operation.press("operation", "show", operation=MERGING)
    return at_operation


@pytest.mark.parametrize(
    ("typed", "sentence", "field"),
    [
        ({}, "Enter at least one tag to add, change, remove or rename.", "set_tags-0-key"),
        ({"removed-0-key": "k" * 129}, "must have 1 to 128 characters, not 129.", "removed-0-key"),
        ({"removed-0-key": "aws:x"}, 'Keys that start with "aws:" are reserved.', "removed-0-key"),
        ({"renamed-0-key": "a"}, "must have 1 to 128 characters, not 0.", "renamed-0-new_key"),
        (
            {"removed-0-key": "a", "renamed-0-key": "b", "renamed-0-new_key": "a"},
            'The tag "a" is entered twice.',
            "renamed-0-new_key",
        ),
        ({"removed-0-key": "a", "only_value": "x"}, "must have 1 to 128 characters", "only_key"),
    ],
)
def test_change_of_tags_that_cannot_be_gets_a_sentence(merging, typed, sentence, field):
    refused(merging, sentence, field, **typed)


def test_changes_of_tags_become_the_wire_parameters_and_an_example(merging):
    typed = {
        "set_tags-0-key": "team", "set_tags-0-value": "red", "removed-0-key": "tmp",
        "renamed-0-key": "old", "renamed-0-new_key": "new", "only_key": "env", "only_value": "dev",
    }  # fmt: skip
    assert merging.press("operation", **typed).status_code == 303
    form = FORMS[MERGING](merging.draft.data["settings"][MERGING])
    assert form.is_valid()
    assert form.parsed().to_wire() == {
        "TagSet": [{"Key": "team", "Value": "red"}],
        "RemoveTags": [{"Key": "tmp"}],
        "RenameTags": [{"Key": "old", "NewKey": "new"}],
        "OnlyIf": {"Key": "env", "Value": "dev"},
    }
    assert "keeps its tags but for these changes" in unescape(merging.open("operation").html)


def test_copy_that_only_encrypts_keeps_its_metadata_when_it_is_cloned():
    parameters = {
        "TargetResource": "arn:aws:s3:::archive",
        "MetadataDirective": "COPY",
        "NewObjectMetadata": {"SSEAlgorithm": "AES256"},
    }
    assert FORMS[COPY].typed_of(parameters)["metadata_directive"] == "keep"


def test_draft_without_the_choices_that_came_later_has_the_usual_ones(at_operation, bucket):
    at_operation.press("operation", "show", operation=COPY)
    draft = at_operation.draft
    draft.data["settings"] = {COPY: {"target_bucket": bucket, "acknowledged": "on"}}
    draft.save()
    assert at_operation.open("operation").values["tagging"] == "keep"
    assert at_operation.press("operation").status_code == 303
