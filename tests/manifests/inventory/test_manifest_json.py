import botocore.session
import pytest

from jobs.errors import ManifestError, StorageError
from jobs.manifests.inventory.columns import OPTIONAL, columns_of
from jobs.manifests.inventory.manifest_json import FORMATS, MAX_FILES, parsed
from tests.inventories import BUCKET, MANIFEST, Files, given, key_of_part, manifest_json

ROWS = [["photos", "a"]]


def refusal(data):
    with pytest.raises(ManifestError) as refused:
        parsed(data)
    assert refused.value.code == "InvalidManifestContent"
    return refused.value.message


def model():
    return botocore.session.get_session().get_service_model("s3")


def test_every_optional_column_of_s3s_model_is_known():
    assert set(OPTIONAL) == set(model().shape_for("InventoryOptionalField").enum)


def test_every_format_of_s3s_model_is_read():
    assert set(FORMATS) == set(model().shape_for("InventoryFormat").enum)


def test_manifest_says_bucket_files_columns_and_time():
    found = parsed(manifest_json([("d/1.csv.gz", b"x")], ("Bucket", "Key", "Size")))
    assert (found.bucket, found.source_bucket, found.file_format) == (BUCKET, "photos", "CSV")
    assert [(file.key, file.size_bytes) for file in found.files] == [("d/1.csv.gz", 1)]
    assert found.files[0].md5 == "9dd4e461268c8034f5c8564e155c67a6"
    assert found.columns.names == ("Bucket", "Key", "Size")
    assert found.created_ms == 1763596800000


PARQUET = (
    "message s3.inventory {  required binary bucket (STRING);  required binary key (UTF8);"
    "  optional binary version_id (STRING);  optional boolean is_delete_marker;  optional int64"
    " last_modified_date (TIMESTAMP(MILLIS,true));  optional binary e_tag (STRING);}"
)
ORC = (
    "struct<bucket:string,key:string,version_id:string,is_delete_marker:boolean,"
    "last_modified_date:timestamp,e_tag:string>"
)


@pytest.mark.parametrize(
    ("file_format", "schema"),
    [
        ("CSV", "Bucket, Key, VersionId, IsDeleteMarker, LastModifiedDate, ETag"),
        ("CSV", "Bucket,Key,VersionId,IsDeleteMarker,LastModifiedDate,ETag"),
        ("Parquet", PARQUET),
        ("ORC", ORC),
    ],
)
def test_schema_of_every_format_names_the_same_columns(file_format, schema):
    columns = columns_of(schema, file_format)
    assert columns.names == (
        "Bucket", "Key", "VersionId", "IsDeleteMarker", "LastModifiedDate", "ETag",
    )  # fmt: skip
    assert columns.has_versions
    assert columns.is_delete_marker == 3


def test_column_that_nobody_knows_is_passed_over():
    assert columns_of("Bucket, Key, NewThing", "CSV").names == ("Bucket", "Key", "NewThing")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("Bucket, Size", "Required fields are missing in the schema: Key."),
        ("Bucket, Key, Key", "More than one column is named Key."),
        (", ".join(["Bucket", "Key", *["Other"] * 99]), "101 columns are named"),
        ("x" * 70_000, "fileSchema of manifest.json is longer than 65,536 characters"),
    ],
)
def test_schema_that_cannot_be_used_is_refused(schema, words):
    assert words in refusal(manifest_json([("d", b"")], fileSchema=schema))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fileFormat": "Avro"}, 'has the fileFormat "Avro". It must be CSV, Parquet or ORC.'),
        ({"fileFormat": None}, "has the fileFormat (none)."),
        ({"fileFormat": ["CSV"] * 9}, "has the fileFormat (a list)."),
        ({"destinationBucket": "arn:aws:s3:::a/b"}, "has the destinationBucket"),
        ({"destinationBucket": 7}, "has no destinationBucket."),
        ({"sourceBucket": ""}, "has no sourceBucket."),
        ({"fileSchema": None}, "has no fileSchema."),
        ({"files": {}}, "has no list of files."),
        ({"files": []}, "names no files: the inventory lists no objects."),
        ({"files": ["x"]}, "number 1 is no object with key, size and MD5checksum"),
        ({"files": [{"key": "", "size": 1, "MD5checksum": "0" * 32}]}, "number 1 has the key"),
        ({"files": [{"key": "\ud800", "size": 1, "MD5checksum": "0" * 32}]}, "1 has the key"),
        ({"files": [{"key": "k", "size": -1, "MD5checksum": "0" * 32}]}, 'number 1 ("k") has the size -1'),
        ({"files": [{"key": "k", "size": True, "MD5checksum": "0" * 32}]}, "has the size True"),
        ({"files": [{"key": "k", "size": 10**300, "MD5checksum": "0" * 32}]}, "has the size 1000"),
        ({"files": [{"key": "k", "size": 1}]}, "has the MD5checksum (none)"),
        ({"files": [{"key": "k", "size": 1, "MD5checksum": "0" * 32}] * 2}, "a file more than once"),
    ],
)  # fmt: skip
def test_member_that_is_wrong_is_named(changes, words):
    assert words in refusal(manifest_json([], **changes))


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"[" * 100_000, b'{"a": ' * 100_000, b"photos,a.jpg\n", b"\xff\xfe\0", b"1" * 9_999],
)  # fmt: skip
def test_what_is_no_json_is_said_to_be_none(data):
    assert refusal(data) == "manifest.json is no JSON. Name the manifest.json of an S3 Inventory."


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b'{"Results": []}'])
def test_json_of_something_else_is_no_inventory(data):
    assert "is not that of an inventory." in refusal(data)


def test_more_files_than_are_read_are_refused_before_they_are_looked_at():
    assert f"names {MAX_FILES + 1:,} files" in refusal(
        manifest_json([], files=[0] * (MAX_FILES + 1))
    )


def test_manifest_that_is_too_large_is_not_read_to_its_end(monkeypatch):
    inventory = given([ROWS], padding=" " * 17 * 1024 * 1024)
    asked = []
    read_range = Files.read_range

    def noting(self, bucket, key, start, length, **options):
        asked.append(length)
        return read_range(self, bucket, key, start, length, **options)

    monkeypatch.setattr(Files, "read_range", noting)
    with pytest.raises(ManifestError, match=r"is larger than 16,777,216 bytes"):
        list(inventory.blocks())
    assert asked == [16 * 1024 * 1024 + 1]


# --- Encryption and refusals


def test_manifest_that_was_overwritten_is_not_read():
    inventory = given([ROWS])
    inventory.files.objects[BUCKET, MANIFEST] += b" "
    with pytest.raises(ManifestError) as refused:
        inventory.blocks()
    assert refused.value.code == "ManifestChanged"


def test_inventory_that_a_kms_key_encrypts_is_read():
    inventory = given([ROWS])
    inventory.files.encryption = dict.fromkeys(inventory.files.objects, "aws:kms")
    assert [block.rows.rows for block in inventory.blocks()] == [1]


def test_manifest_under_a_customers_key_is_refused():
    inventory = given([ROWS])
    inventory.files.customer_keys.add((BUCKET, MANIFEST))
    with pytest.raises(ManifestError, match="SSE-C") as refused:
        inventory.blocks()
    assert refused.value.code == "ManifestEncryptionNotSupported"


KMS = "User is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:1:key/x"
DENIED = StorageError("AccessDenied", "Access Denied", http_status=403)


@pytest.mark.parametrize(
    ("key", "file"), [(MANIFEST, ""), (key_of_part(1), key_of_part(1))], ids=["manifest", "file"]
)
@pytest.mark.parametrize("error", [StorageError("AccessDenied", KMS, http_status=403), DENIED])
def test_denial_that_may_be_the_keys_names_both_actions(key, file, error):
    inventory = given([ROWS])
    inventory.files.refused[BUCKET, key] = error
    if error is DENIED:
        inventory.files.encryption[BUCKET, key] = "aws:kms"
    with pytest.raises(ManifestError) as refused:
        list(inventory.blocks())
    assert refused.value.code == "AccessDenied"
    assert refused.value.file == file
    assert "kms:Decrypt and kms:GenerateDataKey" in refused.value.message


def test_denial_of_a_file_without_a_kms_key_speaks_of_none():
    inventory = given([ROWS])
    inventory.files.refused[BUCKET, key_of_part(1)] = DENIED
    with pytest.raises(ManifestError, match=f"may not read s3://{BUCKET}/{key_of_part(1)}") as said:
        list(inventory.blocks())
    assert "kms" not in said.value.message
