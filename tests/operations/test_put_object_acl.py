import pytest

from jobs.choices import Risk
from jobs.errors import ValidationFailedError
from jobs.operations import acl
from jobs.operations.base import DONE, NoSuchCall, Outcome
from jobs.operations.looks import Facts
from jobs.operations.put_object_acl import REPLACED, Before, PutObjectAcl
from jobs.s3.answers import UNCLEAR, Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.proof import Proof
from jobs.spec.target import Target
from tests.operations.walking import walk
from tests.sequential import context_at

ENDPOINT = Endpoint("http://127.0.0.1:1", "us-east-1", "path")
TARGET = Target("photos", "a b.jpg", "v1")
OF_S3 = {"x-amz-request-id": "R1"}
LISTED = f"{acl.FIELD}.{acl.LISTED}"
GRANTS = f"{LISTED}.Grants"
OWNER = {"ID": "o"}


def canned(name):
    return {acl.FIELD: {acl.CANNED: name}}


def listed(*grants, owner=OWNER):
    return {acl.FIELD: {acl.LISTED: {"Owner": owner, "Grants": list(grants)}}}


def grant(identifier="u", permission="READ", kind="id", **more):
    return {
        "Grantee": {"TypeIdentifier": kind, "Identifier": identifier, **more},
        "Permission": permission,
    }


def problems(parameters):
    with pytest.raises(ValidationFailedError) as caught:
        PutObjectAcl.parse(parameters)
    return [(problem.field, problem.message) for problem in caught.value.problems]


NOTHING = [(acl.FIELD, "Choose a canned ACL, or enter the owner and the grants.")]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, NOTHING),
        ({acl.FIELD: None}, NOTHING),
        ({acl.FIELD: {}}, NOTHING),
        ({acl.FIELD: []}, [(acl.FIELD, f"{acl.FIELD} must be a structure."), *NOTHING]),
        (
            {acl.FIELD: {acl.CANNED: "private", acl.LISTED: {"Owner": OWNER}}},
            [(LISTED, "Give either a canned ACL or a list with its owner and grants, not both.")],
        ),
        (
            canned("public"),
            [
                (
                    f"{acl.FIELD}.{acl.CANNED}",
                    f"{acl.FIELD}.{acl.CANNED} must be one of private, public-read,"
                    " public-read-write, aws-exec-read, authenticated-read, bucket-owner-read,"
                    " bucket-owner-full-control.",
                )
            ],
        ),
        (
            {acl.FIELD: {acl.LISTED: {"Grants": [grant()]}}},
            [(f"{LISTED}.Owner.ID", "Enter the ID of the owner that the objects have.")],
        ),
        (
            listed(owner={"ID": "o" * 1025}),
            [
                (
                    f"{LISTED}.Owner.ID",
                    f"{LISTED}.Owner.ID must have 1 to 1,024 characters, not 1,025.",
                )
            ],
        ),
        (
            listed(owner={"ID": "o", "Email": "x"}),
            [(f"{LISTED}.Owner.Email", '"Email" is not a parameter here. Take it out.')],
        ),
        (
            listed(*[grant(f"u{n}") for n in range(101)]),
            [(GRANTS, "A list has at most 100 grants, not 101.")],
        ),
        (
            listed(grant(), grant(permission="DELETE")),
            [
                (
                    f"{GRANTS}[1].Permission",
                    f"{GRANTS}[1].Permission must be one of FULL_CONTROL, READ, WRITE, READ_ACP,"
                    " WRITE_ACP.",
                )
            ],
        ),
        (
            listed(grant(kind="user")),
            [
                (
                    f"{GRANTS}[0].Grantee.TypeIdentifier",
                    f"{GRANTS}[0].Grantee.TypeIdentifier must be one of id, emailAddress, uri.",
                )
            ],
        ),
        (
            listed(grant(acl.ALL_USERS, kind="uri", DisplayName="all")),
            [
                (
                    f"{GRANTS}[0].Grantee.DisplayName",
                    "Only a grantee that is named by its ID has a display name. Take it out.",
                )
            ],
        ),
        (
            listed(grant(identifier="")),
            [
                (
                    f"{GRANTS}[0].Grantee.Identifier",
                    f"{GRANTS}[0].Grantee.Identifier must have 1 to 1,024 characters, not 0.",
                )
            ],
        ),
        (
            {**canned("private"), "ExpectedBucketOwner": "1"},
            [
                (
                    "ExpectedBucketOwner",
                    '"ExpectedBucketOwner" is not a parameter here. Take it out.',
                )
            ],
        ),
    ],
)
def test_wrong_acl_gets_a_sentence_at_its_place(parameters, expected):
    assert problems(parameters) == expected


def sent(parameters):
    context = context_at(ENDPOINT, None)
    context.habits_of(context.bucket("photos")).known.add("PutObjectAcl")
    return PutObjectAcl.parse(parameters).only_call(TARGET, context)


def test_canned_acl_is_sent_with_key_and_version():
    call = sent(canned("bucket-owner-read"))
    assert (call.action, call.to.name) == ("PutObjectAcl", "photos")
    assert call.params == {"Key": "a b.jpg", "VersionId": "v1", "ACL": "bucket-owner-read"}


def test_owner_and_grants_are_sent_as_the_call_takes_them():
    given = (
        grant("u", "FULL_CONTROL", DisplayName="Ümit"),
        grant("b@example.com", "WRITE", "emailAddress"),
        grant(acl.ALL_USERS, "READ", "uri"),
    )
    policy = sent(listed(*given, owner={"ID": "o", "DisplayName": "Ana"})).params[acl.FIELD]
    assert policy["Owner"] == {"ID": "o", "DisplayName": "Ana"}
    assert [(g["Grantee"], g["Permission"]) for g in policy["Grants"]] == [
        ({"Type": "CanonicalUser", "ID": "u", "DisplayName": "Ümit"}, "FULL_CONTROL"),
        ({"Type": "AmazonCustomerByEmail", "EmailAddress": "b@example.com"}, "WRITE"),
        ({"Type": "Group", "URI": acl.ALL_USERS}, "READ"),
    ]


@pytest.mark.parametrize("asked", [{"Owner": OWNER}, {"Owner": OWNER, "Grants": []}])
def test_list_without_grants_is_sent_as_an_empty_list_and_written_as_it_came(asked):
    parameters = {acl.FIELD: {acl.LISTED: asked}}
    assert sent(parameters).params[acl.FIELD] == {"Owner": OWNER, "Grants": []}
    assert PutObjectAcl.parse(parameters).to_wire() == parameters


@pytest.mark.parametrize(
    ("parameters", "risk", "words"),
    [
        (canned("private"), Risk.CAUTION, ""),
        (canned("bucket-owner-read"), Risk.CAUTION, ""),
        (canned("public-read"), Risk.DESTRUCTIVE, "on the internet"),
        (canned("public-read-write"), Risk.DESTRUCTIVE, "on the internet"),
        (canned("authenticated-read"), Risk.DESTRUCTIVE, "has an account at this storage"),
        (listed(grant()), Risk.CAUTION, ""),
        (listed(grant(), grant(acl.ALL_USERS, kind="uri")), Risk.DESTRUCTIVE, "on the internet"),
        (listed(grant(acl.SIGNED_IN_USERS, kind="uri")), Risk.DESTRUCTIVE, "has an account"),
    ],
)
def test_objects_that_become_public_are_a_greater_danger_and_it_is_said(parameters, risk, words):
    operation = PutObjectAcl.parse(parameters)
    told = operation.consequence(12_000, ["photos"])
    assert told.startswith("Replaces who can read or change 12,000 objects in photos.")
    assert words in told and bool(words) == told.endswith("gets access to them.")
    assert operation.danger() is risk


def test_person_reads_who_gets_what():
    operation = PutObjectAcl.parse(listed(grant("u", "READ"), grant("v", "WRITE_ACP")))
    assert operation.summary() == [("Owner", "o"), ("Grants", "READ to u, WRITE_ACP to v")]
    assert operation.effect_on("k") == (
        "k gets exactly these grants: READ to u, WRITE_ACP to v."
        " Any other grant it has now is removed."
    )
    nothing = PutObjectAcl.parse(listed())
    assert nothing.summary()[1] == ("Grants", "None: only the owner has rights")
    assert PutObjectAcl.parse(canned("private")).summary() == [("Canned ACL", "private")]


# --- How a task runs


PRIVATE = PutObjectAcl.parse(canned("private"))
ME = {"Type": "CanonicalUser", "ID": "o"}
THEM = {"Type": "CanonicalUser", "ID": "u"}
ALL = {"Type": "Group", "URI": acl.ALL_USERS}


def found(*grants, owner="o"):
    named = [{"Grantee": who, "Permission": right} for who, right in grants]
    return Answer(200, "", "", {"Owner": {"ID": owner}, "Grants": named}, headers=OF_S3)


MINE = (ME, "FULL_CONTROL")
SET = Answer(200, "", "", headers=OF_S3)
REFUSED = Answer(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")


def test_first_task_asks_for_the_acl_and_the_next_is_one_call():
    context = context_at(ENDPOINT, None)
    assert PRIVATE.only_call(TARGET, context) is None
    steps, outcome = walk(PRIVATE.run(TARGET, context), found(MINE), SET)
    assert [step.action for step in steps] == ["GetObjectAcl", "PutObjectAcl"]
    assert outcome == DONE
    assert PRIVATE.only_call(TARGET, context) == steps[1]


def test_storage_that_answers_with_the_object_is_sent_nothing():
    context = context_at(ENDPOINT, None)
    content = Answer(200, UNCLEAR, "", proof=Proof.ODD, headers={**OF_S3, "etag": '"ab"'})
    steps, outcome = walk(PRIVATE.run(TARGET, context), content)
    assert [step.action for step in steps] == ["GetObjectAcl"]
    assert isinstance(outcome, NoSuchCall)
    assert outcome.message == (
        "This storage has no access control lists of objects: asked for them, it answers with the"
        " object."
    )


def test_bucket_that_allows_no_acls_fails_each_task_with_the_storages_own_answer():
    _, outcome = walk(PRIVATE.run(TARGET, context_at(ENDPOINT, None)), found(MINE), REFUSED)
    assert outcome == Outcome(False, 400, REFUSED.code, REFUSED.message)


# --- Whether it was kept


@pytest.mark.parametrize(
    ("parameters", "answer", "is_kept"),
    [
        (canned("private"), found(MINE), True),
        (canned("private"), found(MINE, (ALL, "READ")), False),
        (canned("private"), found(MINE, (THEM, "READ")), False),
        (canned("private"), found(MINE, owner=""), True),
        (canned("public-read"), found(MINE, (ALL, "READ")), True),
        (canned("public-read"), found(MINE), False),
        (canned("public-read"), found(MINE, (ALL, "FULL_CONTROL")), False),
        (canned("public-read-write"), found(MINE, (ALL, "READ"), (ALL, "WRITE")), True),
        (canned("public-read-write"), found(MINE, (ALL, "READ")), True),
        (canned("authenticated-read"), found(MINE, (ALL, "READ")), False),
        (canned("bucket-owner-full-control"), found(MINE, (THEM, "FULL_CONTROL")), True),
        (canned("bucket-owner-read"), found(MINE), True),
        (canned("bucket-owner-read"), found(MINE, (ALL, "READ")), False),
        (listed(grant("u")), found((THEM, "READ")), True),
        (listed(grant("u")), found(MINE), False),
        (listed(grant("u")), found(MINE, (THEM, "READ")), False),
        (listed(grant("u")), found((THEM, "READ_ACP")), False),
        (
            listed(grant("u", "FULL_CONTROL")),
            found((THEM, "READ"), (THEM, "READ_ACP"), (THEM, "WRITE_ACP")),
            True,
        ),
        (listed(grant("u"), grant("u", "WRITE")), found((THEM, "READ")), True),
        (listed(), found(), True),
        (listed(), found(MINE), False),
        (listed(grant("b@c.d", kind="emailAddress")), found((THEM, "READ")), True),
        (listed(grant("b@c.d", kind="emailAddress")), found(MINE, (THEM, "READ")), False),
    ],
)
def test_acl_that_is_read_back_is_compared_with_what_was_asked(parameters, answer, is_kept):
    assert acl.is_kept(PutObjectAcl.parse(parameters).policy, answer.data) is is_kept


FACTS = Facts(2, '"ab"', None, {})


def head(etag='"ab"'):
    data = {"ContentLength": 2, "ETag": etag}
    return Answer(200, "", "", data, headers=OF_S3)


def look(before, *answers):
    return walk(PRIVATE.check(TARGET, context_at(ENDPOINT, None), before), *answers)[1]


def test_acl_that_was_not_kept_is_said():
    finding = look(Before(FACTS, False), head(), found(MINE, (ALL, "READ")))
    assert finding.sentence == ("The storage accepted the access control list and did not keep it.")


def test_content_that_was_replaced_by_the_acl_is_said():
    assert look(Before(FACTS, False), head('"cd"')).sentence == REPLACED


def test_acl_that_the_object_had_before_shows_nothing():
    assert look(Before(FACTS, True), head(), found(MINE)).is_unsure
    assert not look(Before(FACTS, False), head(), found(MINE)).is_unsure


def test_look_that_is_refused_proves_nothing():
    forbidden = Answer(403, "AccessDenied", "Access Denied", headers=OF_S3)
    finding = look(Before(None, False), forbidden, forbidden)
    assert (finding.lost, finding.is_unsure) == ("", False)
    assert finding.unseen == "GetObjectAcl was answered with 403 AccessDenied"


# --- Of a real server


def test_object_gets_the_acl_and_no_other_does(place, source):
    for key in ("a b", "other"):
        place.client.put_object(Bucket=source, Key=key, Body=b"content")
    assert place.run("S3PutObjectAcl", canned("public-read"), Target(source, "a b")) == DONE
    public = {
        key: acl.is_kept(
            {acl.CANNED: "public-read"}, place.client.get_object_acl(Bucket=source, Key=key)
        )
        for key in ("a b", "other")
    }
    assert public == {"a b": True, "other": False}
    assert place.read(source, "a b") == b"content"


def test_missing_object_fails_alone_with_the_storages_answer(place, source):
    missing = Outcome(False, 404, "NoSuchKey", "The specified key does not exist.")
    assert place.run("S3PutObjectAcl", canned("private"), Target(source, "missing")) == missing
