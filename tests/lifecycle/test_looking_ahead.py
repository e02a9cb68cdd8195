"""What a preflight says of a role, over a real S3 server under a policy."""

from dataclasses import replace

import pytest
from django.utils import timezone

from jobs.choices import ManifestField
from jobs.lifecycle import page_turns
from jobs.lifecycle.ahead import FOUND, MISSING, NOTE, UNTOLD, Line, mark_of
from jobs.lifecycle.permission_checks import CHANGES, HIDDEN, KEYS_FIRST
from jobs.lifecycle.preflight import look_ahead
from jobs.lifecycle.samples import PIECE_BYTES, sample_rows
from jobs.models import Region
from jobs.operations import registry
from jobs.operations.permissions import ASKING, GET_OBJECT, Permission
from jobs.s3.clients import make_client
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.s3.scratch import NAME
from jobs.s3.storage import Storage
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.bent_storage import Answered, bent, refused
from tests.make import ROLE_ARN, make_region, make_role
from tests.policies import Policy, guarded, tutorial_policy

TAGGING = {"TagSet": [{"Key": "team", "Value": "blue"}]}
FIELDS = (ManifestField.BUCKET, ManifestField.KEY)
EVERYTHING = ("GetObject", "PutObject", "PutObjectTagging", "ListBucket", "DeleteObject")


@pytest.fixture
def photos(make_bucket, s3):
    name = make_bucket()
    for key in ("cats/a.jpg", "cats/b.jpg"):
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    return name


@pytest.fixture
def spec(db, photos, bucket, s3):
    return make_spec(s3, photos, bucket)


def make_spec(s3, photos, bucket, operation="S3PutObjectTagging", parameters=TAGGING, rows=None):
    """Of a job whose list and report lie in `bucket`."""
    body = rows or f"{photos},cats/a.jpg\n{photos},cats/b.jpg\n"
    etag = s3.put_object(Bucket=bucket, Key="list.csv", Body=body.encode())["ETag"].strip('"')
    region = make_region("store")
    make_role(region)
    has_versions = body.partition("\n")[0].count(",") == 2
    fields = (*FIELDS, ManifestField.VERSION_ID) if has_versions else FIELDS
    return JobSpec(
        region=region.pk,
        operation=operation,
        parameters=parameters,
        manifest=ManifestSpec(bucket, "list.csv", etag, fields),
        report=ReportSpec(True, bucket, "reports"),
        priority=10,
        role_arn=ROLE_ARN,
        client_request_token="token",
    )


def policy_of(s3, *buckets, without=(), also=()):
    allowed = {(f"s3:{action}", bucket) for action in (*EVERYTHING, *also) for bucket in buckets}
    return Policy(s3, allowed - set(without))


def ahead_at(url, spec):
    Region.objects.filter(pk=spec.region).update(endpoint_url=url)
    return look_ahead(spec, timezone.now())


def kinds(ahead):
    return {line.what: line.kind for line in ahead.lines}


def keys_in(s3, bucket):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def versions_in(s3, bucket):
    page = s3.list_object_versions(Bucket=bucket)
    return [item["Key"] for item in page.get("Versions", []) + page.get("DeleteMarkers", [])]


def test_role_that_may_do_all_is_found_to_and_nothing_stays(spec, s3, s3_server, photos, bucket):
    with guarded(s3_server, policy_of(s3, photos, bucket)) as url:
        ahead = ahead_at(url, spec)
    assert ahead.problems == []
    assert kinds(ahead) == {
        f"s3:GetObject on {bucket}": FOUND,
        f"s3:PutObject on {bucket}": FOUND,
        f"2 sampled objects of {photos}": FOUND,
        f"s3:PutObjectTagging on {photos}": FOUND,
    }
    assert keys_in(s3, photos) == ["cats/a.jpg", "cats/b.jpg"]
    assert keys_in(s3, bucket) == ["list.csv"]


def test_missing_action_is_named_with_its_bucket(spec, s3, s3_server, photos, bucket):
    policy = policy_of(s3, photos, bucket, without={("s3:PutObjectTagging", photos)})
    with guarded(s3_server, policy) as url:
        ahead = ahead_at(url, spec)
    said = "The IAM role is not allowed to do this (403 AccessDenied)."
    assert ahead.missing == [Line(MISSING, f"s3:PutObjectTagging on {photos}", said)]
    assert ahead.problems == []


def test_policy_of_the_tutorial_lacks_nothing_that_can_be_told(spec, s3, s3_server, photos, bucket):
    policy = tutorial_policy(s3, objects=photos, manifests=bucket, reports=bucket)
    with guarded(s3_server, policy) as url:
        ahead = ahead_at(url, spec)
    assert ahead.problems == [] and ahead.missing == []
    assert Line(UNTOLD, f"s3:PutObjectTagging on {photos}", HIDDEN) in ahead.lines
    assert kinds(ahead)[f"s3:PutObject on {bucket}"] == FOUND


def test_storage_that_names_the_action_is_believed_though_nothing_may_be_listed(
    spec, s3, s3_server, photos, bucket
):
    policy = tutorial_policy(s3, objects=photos, manifests=bucket, reports=bucket)
    said = f"User: me is not authorized to perform: s3:PutObjectTagging on resource: {photos}"
    body = f"<Error><Code>AccessDenied</Code><Message>{said}</Message></Error>".encode()

    def names_it(sent):
        return Answered(403, body) if sent.is_about("tagging") else policy(sent)

    with bent(s3_server, names_it) as url:
        ahead = ahead_at(url, spec)
    assert [line.what for line in ahead.missing] == [f"s3:PutObjectTagging on {photos}"]


def test_storage_that_looks_for_keys_before_it_looks_at_rights_tells_nothing(
    spec, s3, s3_server, photos, bucket
):
    """As Ceph does where the role may list: objects are refused, and a key that nobody has is not."""
    policy = policy_of(
        s3, photos, bucket, without={("s3:PutObjectTagging", photos), ("s3:GetObject", photos)}
    )

    def keys_first(sent):
        is_probe = NAME in sent.target and sent.target.startswith(f"/{photos}/")
        return sent if is_probe else policy(sent)

    with bent(s3_server, keys_first) as url:
        ahead = ahead_at(url, spec)
    assert Line(UNTOLD, f"s3:PutObjectTagging on {photos}", KEYS_FIRST) in ahead.lines


def test_probe_is_asked_for_below_the_place_of_the_listed_objects(
    spec, s3, s3_server, photos, bucket
):
    policy = policy_of(s3, photos, bucket)
    with guarded(s3_server, policy) as url:
        ahead_at(url, spec)
    asked = [key for action, _, key in policy.log if action == "s3:PutObjectTagging"]
    assert len(asked) == 1 and asked[0].startswith(f"cats/{NAME}")


def test_list_with_versions_asks_for_the_actions_of_versions(db, s3, s3_server, make_bucket):
    photos = make_bucket(versioned=True)
    version = s3.put_object(Bucket=photos, Key="a", Body=b"x")["VersionId"]
    spec = make_spec(s3, photos, make_bucket(), rows=f"{photos},a,{version}\n")
    ahead = ahead_at(s3_server, spec)
    assert kinds(ahead)[f"s3:PutObjectVersionTagging on {photos}"] == FOUND
    assert versions_in(s3, photos) == ["a"]


def test_copy_is_never_tried_and_what_it_writes_is_not_told(db, s3, s3_server, photos, bucket):
    parameters = {"TargetResource": f"arn:aws:s3:::{bucket}", "NewObjectTagging": []}
    spec = make_spec(s3, photos, bucket, "S3PutObjectCopy", parameters)
    policy = policy_of(s3, photos, bucket)
    with guarded(s3_server, policy) as url:
        ahead = ahead_at(url, spec)
    assert kinds(ahead)[f"s3:GetObject on {photos}"] == FOUND
    assert Line(UNTOLD, f"s3:PutObject on {bucket}", CHANGES) in ahead.lines
    written = {key for action, name, key in policy.log if action == "s3:PutObject"}
    assert written == {"reports/.batchconsole-write-test"}


@pytest.mark.parametrize(
    ("operation", "parameters", "what"),
    [
        ("S3DeleteObject", {}, "s3:DeleteObject"),
        ("S3PutObjectLegalHold", {"LegalHold": {"Status": "ON"}}, "s3:PutObjectLegalHold"),
    ],
)
def test_deletion_and_locks_are_never_tried(
    db, s3, s3_server, photos, bucket, operation, parameters, what
):
    spec = make_spec(s3, photos, bucket, operation, parameters)
    policy = policy_of(s3, photos, bucket)
    with guarded(s3_server, policy) as url:
        ahead = ahead_at(url, spec)
    assert kinds(ahead)[f"{what} on {photos}"] == UNTOLD
    assert not [entry for entry in policy.log if entry[:2] == (what, photos)]


def test_bucket_without_object_lock_is_missing_for_a_lock(db, s3, s3_server, photos, bucket):
    parameters = {"LegalHold": {"Status": "ON"}}
    spec = make_spec(s3, photos, bucket, "S3PutObjectLegalHold", parameters)
    ahead = ahead_at(s3_server, spec)
    said = f"Object Lock is not enabled on bucket {photos}."
    assert Line(MISSING, f"Whether Object Lock is enabled on {photos}", said) in ahead.missing


@pytest.mark.parametrize(
    ("subresource", "body", "does"),
    [
        (
            "object-lock",
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
            "<DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
            "</ObjectLockConfiguration>",
            "locked by default",
        ),
        (
            "replication",
            "<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Priority>1"
            "</Priority><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule>"
            "</ReplicationConfiguration>",
            "replicated",
        ),
    ],
)
def test_bucket_that_does_something_with_new_objects_is_not_asked(
    spec, s3, s3_server, photos, bucket, subresource, body, does
):
    policy = policy_of(
        s3, photos, bucket, also=("GetBucketObjectLockConfiguration", "GetReplicationConfiguration")
    )

    def rules(sent):
        if sent.target.startswith(f"/{photos}") and sent.is_about(subresource):
            return Answered(200, body.encode())
        return policy(sent)

    with bent(s3_server, rules) as url:
        ahead = ahead_at(url, spec)
    [line] = [one for one in ahead.lines if one.what == f"s3:PutObjectTagging on {photos}"]
    assert line.kind == UNTOLD and f"New objects in the bucket {photos} are {does}" in line.sentence
    assert ("s3:PutObjectTagging", photos) not in {entry[:2] for entry in policy.log}


@pytest.mark.parametrize("versioned", [False, True])
def test_object_that_a_storage_made_of_the_question_is_deleted_again(
    db, s3, s3_server, make_bucket, versioned
):
    photos = make_bucket(versioned=versioned)
    s3.put_object(Bucket=photos, Key="a", Body=b"x")
    spec = make_spec(s3, photos, make_bucket(), rows=f"{photos},a\n")

    def takes_tags_for_content(sent):
        if sent.method == "PUT" and sent.is_about("tagging"):
            return replace(sent, target=sent.target.partition("?")[0])
        return sent

    with bent(s3_server, takes_tags_for_content) as url:
        ahead = ahead_at(url, spec)
    [line] = ahead.missing
    assert "This storage has no object tags" in line.sentence
    assert versions_in(s3, photos) == ["a"]


def test_storage_without_the_call_is_missing_it(spec, s3_server, photos):
    with bent(
        s3_server, lambda sent: refused(501, "NotImplemented") if sent.is_about("tagging") else sent
    ) as url:
        ahead = ahead_at(url, spec)
    [line] = ahead.missing
    assert line.sentence == "This storage has no object tags (501 NotImplemented)."


def test_sampled_object_that_is_not_there_is_a_note_and_nothing_is_missing(
    db, s3, s3_server, photos, bucket
):
    spec = make_spec(s3, photos, bucket, rows=f"{photos},cats/a.jpg\n{photos},gone.jpg\n")
    ahead = ahead_at(s3_server, spec)
    [note] = [line for line in ahead.lines if line.kind == NOTE]
    assert f"s3://{photos}/gone.jpg does not exist" in note.sentence
    assert ahead.missing == []


def test_listed_bucket_that_does_not_exist_is_missing(db, s3, s3_server, photos, bucket):
    spec = make_spec(s3, photos, bucket, rows="no-such-photos,a\n")
    ahead = ahead_at(s3_server, spec)
    said = "The bucket no-such-photos does not exist."
    assert ahead.missing == [Line(MISSING, "no-such-photos", said)]


def test_what_is_not_answered_in_time_is_not_told(spec, s3_server, photos, monkeypatch):
    """The storage falls silent after the report was tried."""
    monkeypatch.setattr(page_turns, "PAGE_S", 60.0)

    def silent(sent):
        return Answered(0) if sent.target.startswith(f"/{photos}") else sent

    with bent(s3_server, silent) as url:
        ahead = ahead_at(url, spec)
    assert ahead.problems == [] and ahead.missing == []
    assert kinds(ahead)[f"s3:PutObjectTagging on {photos}"] == UNTOLD


def test_manifest_that_cannot_be_read_is_a_refusal(spec, s3, s3_server, photos, bucket):
    policy = policy_of(s3, photos, bucket, without={("s3:GetObject", bucket)})
    with guarded(s3_server, policy) as url:
        ahead = ahead_at(url, spec)
    assert [problem.field for problem in ahead.problems] == ["Manifest.Location.ObjectArn"]
    assert ahead.lines == []


def test_report_that_cannot_be_written_is_a_refusal(spec, s3, s3_server, photos, bucket):
    policy = policy_of(s3, photos, bucket, without={("s3:PutObject", bucket)})
    with guarded(s3_server, policy) as url:
        ahead = ahead_at(url, spec)
    assert [problem.field for problem in ahead.problems] == ["Report.Bucket"]


# --- Rows


class _Text(Storage):
    """A storage with one object, of which pieces are read."""

    def __init__(self, data):
        endpoint = Endpoint("http://127.0.0.1:9", "us-east-1", "path")
        super().__init__(make_client(endpoint, Credentials("a", "b")))
        self.data, self.read_bytes = data, 0

    def read_range(self, bucket, key, start, length, version_id=None, if_match=None):
        self.read_bytes += length
        return self.data[start : start + length]


def rows_of(data):
    storage = _Text(data)
    rows = sample_rows(storage, ManifestSpec("b", "list.csv", "e", FIELDS), len(data))
    return storage, [row.key for row in rows]


def test_samples_are_of_the_beginning_the_middle_and_the_end():
    data = "".join(f"photos,{number:08}\n" for number in range(100_000)).encode()
    storage, keys = rows_of(data)
    numbers = [int(key) for key in keys]
    assert numbers[0] == 0 and numbers[-1] == 99_999
    assert len(numbers) == 5 and 40_000 < numbers[2] < 60_000
    assert storage.read_bytes == 3 * PIECE_BYTES


def test_short_list_is_read_whole_and_its_rows_are_the_samples():
    assert rows_of(b"photos,a\r\nphotos,b")[1] == ["a", "b"]


def test_row_that_is_none_is_passed_over():
    assert rows_of(b'photos,a\n"photos\nphotos,b\n')[1] == ["a", "b"]


# --- The table


def test_every_operation_says_its_permissions():
    silent = [
        operation.name
        for operation in registry.OPERATIONS
        for example in operation.examples[:1]
        if not [one for one in operation.parse(example).permissions() if not one.is_look]
        and not operation.parse(example).connections()  # what is connected brings its own keys
    ]
    assert silent == []


def test_nothing_is_asked_by_a_call_that_could_change_something():
    may_ask = {"PutObjectTagging", "DeleteObjectTagging", "PutObjectAcl", "RestoreObject"}
    assert {name for name in ASKING if not name.startswith("Get")} == may_ask
    with pytest.raises(ValueError, match="CopyObject may change something"):
        Permission("s3:PutObject", asked_by="CopyObject")


def test_permission_for_a_list_with_versions_has_its_own_name():
    assert GET_OBJECT.name(versions=True) == "s3:GetObjectVersion"
    assert GET_OBJECT.at_target().name(versions=True) == "s3:GetObject"


def test_mark_is_of_what_is_missing_alone():
    lines = [Line(FOUND, "a", ""), Line(MISSING, "b", "Said.")]
    assert mark_of(lines) == mark_of([Line(MISSING, "b", "Said otherwise.")])
    assert mark_of(lines) != mark_of([Line(MISSING, "c", "")])
    assert mark_of([Line(FOUND, "b", "")]) == ""


# --- Where it is asked


def test_bucket_of_another_region_is_asked_there(photos, bucket, s3, s3_server, make_bucket, db):
    there = make_bucket()
    make_role(make_region("away", endpoint_url=s3_server))
    parameters = {"TargetResource": f"arn:aws:s3:::{there}", "TargetRegion": "away"}
    spec = make_spec(s3, photos, bucket, "S3PutObjectCopy", parameters)
    # The job's own storage refuses whatever is asked about that bucket.
    with guarded(s3_server, policy_of(s3, photos, bucket)) as url:
        ahead = ahead_at(url, spec)
    assert ahead.problems == []
    assert f"s3:PutObject on {there}" in kinds(ahead)
    assert not [line for line in ahead.missing if there in line.what]


def test_delete_of_every_old_version_asks_whether_there_are_versions(
    photos, bucket, s3, s3_server, db
):
    spec = make_spec(s3, photos, bucket, "S3DeleteObject", {"Mode": "DELETE_MARKERS"})
    ahead = ahead_at(s3_server, spec)
    assert any(line.kind == MISSING and "versions" in line.sentence for line in ahead.lines)
