from datetime import UTC, datetime, timedelta

import pytest

from jobs.choices import Risk
from jobs.console.forms.operations.table import FORMS
from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE, Finding, Outcome
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.operations.put_object_retention import MEMBERS, MODES, ON_OFF, SPANS, PutObjectRetention
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target
from tests.operations.places import GATEWAY
from tests.operations.test_wire_model import CONTROL, S3, enum, members
from tests.operations.walking import walk
from tests.sequential import context_at
from tests.servers import eventually

CONTEXT = context_at(Endpoint("http://127.0.0.1:1", "us-east-1", "path"), None)
UNTIL = datetime(2039, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOVERNED = {"Mode": "GOVERNANCE", "RetainUntilDate": "2039-01-02T03:04:05Z"}
COMPLIANT = {**GOVERNED, "Mode": "COMPLIANCE"}
HEAD = Answer(200, "", "", {"ContentLength": 1, "ETag": '"a"'})
DATE, SPAN = "Retention.RetainUntilDate", "Retention.EventHoldDuration"


def parse(retention, **more):
    return PutObjectRetention.parse({"Retention": retention, **more})


def problems(parameters):
    with pytest.raises(ValidationFailedError) as caught:
        PutObjectRetention.parse(parameters)
    return [(problem.field, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        ({}, "Retention", "Retention is missing. An empty one removes the retention."),
        ({"Retention": "GOVERNANCE"}, "Retention", "must be a structure."),
        ({"Retention": {"Mode": "GOVERNANCE"}}, DATE, "is missing. Enter the date"),
        (
            {"Retention": {"RetainUntilDate": "2039-01-02T03:04:05Z"}},
            "Retention.Mode",
            "is missing",
        ),
        ({"Retention": {**GOVERNED, "Mode": "LEGAL"}}, "Retention.Mode", "must be one of"),
        ({"Retention": {**GOVERNED, "RetainUntilDate": "2039-01-02"}}, DATE, "must be a moment"),
        ({"Retention": {**GOVERNED, "RetainUntilDate": 5}}, DATE, "must be a moment"),
        (
            {"Retention": {**GOVERNED, "RetainUntilDate": "9999-12-31T23:59:59-05:00"}},
            DATE,
            "must be a moment",
        ),
        ({"Retention": {**GOVERNED, "Days": 5}}, "Retention.Days", "is not a parameter here."),
        ({"Retention": {}, "Mode": "GOVERNANCE"}, "Mode", "is not a parameter here."),
        (
            {"Retention": {}, "BypassGovernanceRetention": "true"},
            "BypassGovernanceRetention",
            "must be true or false.",
        ),
        ({"Retention": {**GOVERNED, "EventHold": "on"}}, "Retention.EventHold", "must be one of"),
        (
            {"Retention": {**GOVERNED, "EventHoldDuration": {"Days": 1}}},
            "Retention.EventHold",
            "is missing. Choose ON or OFF.",
        ),
        (
            {"Retention": {"EventHold": "ON", "EventHoldDuration": {}}},
            SPAN,
            "needs either Days or Years.",
        ),
        (
            {"Retention": {"EventHold": "ON", "EventHoldDuration": {"Days": 1, "Years": 1}}},
            SPAN,
            "needs either Days or Years.",
        ),
        (
            {"Retention": {"EventHold": "ON", "EventHoldDuration": {"Weeks": 1}}},
            f"{SPAN}.Weeks",
            "is not a parameter here.",
        ),
        *(
            (
                {"Retention": {"EventHold": "ON", "EventHoldDuration": {unit: number}}},
                f"{SPAN}.{unit}",
                f"must be a whole number from 1 to {most}.",
            )
            for unit, most, numbers in (
                ("Days", "36,500", (0, 36_501, 1.5, True, "1", None)),
                ("Years", "100", (0, 101)),
            )
            for number in numbers
        ),
    ],
)
def test_wrong_retention_gets_a_sentence_at_its_place(parameters, field, words):
    found = problems(parameters)
    assert [place for place, _ in found] == [field]
    assert words in found[0][1]


def test_members_and_limits_are_those_of_the_model():
    assert members("S3Retention") == MEMBERS
    assert members("S3SetObjectRetentionOperation") == {"Retention", "BypassGovernanceRetention"}
    assert (
        set(MODES)
        == enum("S3ObjectLockRetentionMode")
        <= set(S3.shape_for("ObjectLockRetentionMode").enum)
    )
    assert set(ON_OFF) == enum("S3ObjectLockRetentionEventHold")
    spans = members("S3ObjectLockRetentionEventHoldDuration")
    limits = {
        unit: CONTROL.shape_for(f"S3ObjectLockRetentionEventHoldDuration{unit}").metadata
        for unit in spans
    }
    assert limits == {unit: {"min": 1, "max": most} for unit, most in SPANS.items()}


@pytest.mark.parametrize("shift_s", [-3600, -1, 0])
def test_date_that_has_passed_is_refused_when_a_job_is_made(shift_s):
    until = (NOW + timedelta(seconds=shift_s)).isoformat()
    operation = parse({**GOVERNED, "RetainUntilDate": until})
    assert [(problem.field, problem.message) for problem in operation.too_late(NOW)] == [
        (DATE, f"{DATE} has passed. Enter a date in the future.")
    ]


def test_date_to_come_and_no_date_are_in_time():
    assert parse({**GOVERNED, "RetainUntilDate": "2026-01-01T00:00:01Z"}).too_late(NOW) == []
    # The same moment, written elsewhere.
    assert parse({**GOVERNED, "RetainUntilDate": "2026-01-01T02:00:00+02:00"}).too_late(NOW)
    assert parse({}).too_late(NOW) == []


def test_form_says_at_its_field_that_a_date_has_passed():
    form = FORMS["S3PutObjectRetention"](
        {"mode": "GOVERNANCE", "retain_until": "2020-01-02T03:04:05"}
    )
    assert not form.is_valid()
    assert form.errors == {"retain_until": ["Retain until has passed. Enter a date in the future."]}


def test_form_asks_for_the_date_at_its_field():
    form = FORMS["S3PutObjectRetention"]({"mode": "COMPLIANCE"})
    assert not form.is_valid()
    assert form.errors == {
        "retain_until": ["Retain until is missing. Enter the date until which to protect."]
    }


def test_bypass_has_an_acknowledgement_of_its_own():
    typed = {"mode": "remove", "bypass": "on"}
    form = FORMS["S3PutObjectRetention"](typed)
    assert not form.is_valid()
    assert list(form.errors) == ["bypass_acknowledged"]
    form = FORMS["S3PutObjectRetention"]({**typed, "bypass_acknowledged": "on"})
    assert form.is_valid(), form.errors
    assert form.wire() == {"Retention": {}, "BypassGovernanceRetention": True}
    assert FORMS["S3PutObjectRetention"]({"mode": "remove"}).is_valid()


def test_choosing_an_event_hold_alone_never_removes_a_retention():
    form = FORMS["S3PutObjectRetention"]({"mode": "hold-on"})
    assert form.is_valid(), form.errors
    assert form.wire() == {"Retention": {"EventHold": "ON"}}


def test_person_reads_what_will_happen():
    assert parse(COMPLIANT).consequence(2, ["photos"]) == (
        "Protects 2 objects in photos in compliance mode until 2039-01-02 03:04:05 UTC."
        " Nobody can shorten this."
    )
    assert parse({}).consequence(2, ["photos"]) == (
        "Removes the retention of 2 objects in photos. What has no legal hold can then be deleted."
    )
    held = parse({"EventHold": "ON", "EventHoldDuration": {"Years": 7}})
    assert held.effect_on("k") == "The event hold of k becomes on, then 7 years."
    assert parse(GOVERNED, BypassGovernanceRetention=True).summary() == [
        ("Retention mode", "Governance"),
        ("Retain until", "2039-01-02 03:04:05 UTC"),
        ("Bypass governance retention", "Yes"),
    ]


def test_risk_is_that_of_what_is_asked():
    assert parse(COMPLIANT).danger() is Risk.IRREVERSIBLE
    assert parse(GOVERNED).danger() is Risk.CAUTION
    assert parse(GOVERNED, BypassGovernanceRetention=True).danger() is Risk.DESTRUCTIVE
    assert parse({}).danger() is Risk.DESTRUCTIVE
    assert PutObjectRetention.preconditions == (OBJECT_LOCK,)


@pytest.mark.parametrize(
    ("operation", "sent"),
    [
        (parse(GOVERNED), {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}}),
        (parse({}, BypassGovernanceRetention=False), {"Retention": {}}),
        (
            parse({}, BypassGovernanceRetention=True),
            {"Retention": {}, "BypassGovernanceRetention": True},
        ),
        (parse({"EventHold": "OFF"}), {"Retention": {"EventHold": "OFF"}}),
    ],
)
@pytest.mark.parametrize(("version", "named"), [(None, {}), ("v1", {"VersionId": "v1"})])
def test_task_is_one_call_about_the_version_that_the_list_names(operation, sent, version, named):
    (call,), outcome = walk(operation.run(Target("photos", "k", version), CONTEXT), HEAD)
    assert (call.action, call.params) == ("PutObjectRetention", {"Key": "k", **named, **sent})
    assert outcome == DONE


def test_shortening_compliance_is_the_storages_own_refusal():
    refusal = Answer(403, "AccessDenied", "Access Denied because object protected by object lock.")
    _, outcome = walk(parse(GOVERNED).run(Target("photos", "k"), CONTEXT), refusal)
    assert outcome == Outcome(False, 403, "AccessDenied", refusal.message)


def retained(**members):
    return Answer(200, "", "", {"Retention": members})


def head_of(mode, until):
    lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until}
    return Answer(200, "", "", {**HEAD.data, **lock})


def found(retention, *answers):
    operation, target = parse(retention), Target("photos", "k")
    _, facts = walk(operation.survey(target, CONTEXT), HEAD)
    _, finding = walk(operation.check(target, CONTEXT, facts), *answers)
    return finding


NONE_SET = Answer(404, "NoSuchObjectLockConfiguration", "")


@pytest.mark.parametrize(
    ("retention", "answers"),
    [
        (GOVERNED, [head_of("GOVERNANCE", UNTIL)]),
        (GOVERNED, [HEAD, retained(Mode="GOVERNANCE", RetainUntilDate=UNTIL)]),
        (
            GOVERNED,
            [
                HEAD,
                retained(Mode="GOVERNANCE", RetainUntilDate=UNTIL + timedelta(milliseconds=400)),
            ],
        ),
        ({}, [HEAD, NONE_SET]),
        ({}, [HEAD, retained()]),
        ({}, [HEAD, retained(Mode="GOVERNANCE", RetainUntilDate=datetime(2020, 1, 1, tzinfo=UTC))]),
        ({"EventHold": "ON"}, [HEAD, retained(EventHold="ON")]),
        (
            {"EventHold": "OFF", "EventHoldDuration": {"Days": 3}},
            [HEAD, retained(Mode="GOVERNANCE", RetainUntilDate=UNTIL)],
        ),
        (
            {"EventHold": "ON", "EventHoldDuration": {"Days": 3}},
            [HEAD, retained(EventHold="ON", EventHoldDuration={"Days": 3})],
        ),
    ],
)
def test_retention_that_is_as_asked_is_seen(retention, answers):
    assert found(retention, *answers) == Finding()


@pytest.mark.parametrize(
    ("retention", "answers", "lost"),
    [
        (GOVERNED, [HEAD, NONE_SET], "retention"),
        (GOVERNED, [HEAD, Answer(501, "NotImplemented", "")], "retention"),
        (GOVERNED, [HEAD, retained(Mode="COMPLIANCE", RetainUntilDate=UNTIL)], "retention"),
        (
            GOVERNED,
            [
                head_of("GOVERNANCE", UNTIL - timedelta(days=1)),
                retained(Mode="GOVERNANCE", RetainUntilDate=UNTIL - timedelta(days=1)),
            ],
            "retention",
        ),
        (
            {},
            [HEAD, retained(Mode="GOVERNANCE", RetainUntilDate=UNTIL)],
            "removal of the retention",
        ),
        ({"EventHold": "ON"}, [HEAD, retained(Mode="GOVERNANCE")], "retention"),
        (
            {"EventHold": "ON", "EventHoldDuration": {"Days": 3}},
            [HEAD, retained(EventHold="ON", EventHoldDuration={"Days": 4})],
            "retention",
        ),
    ],
)
def test_retention_that_was_accepted_and_not_set_is_said(retention, answers, lost):
    assert found(retention, *answers).lost == lost


def test_look_that_is_refused_proves_nothing():
    finding = found(GOVERNED, HEAD, Answer(403, "AccessDenied", ""))
    assert (finding.lost, finding.unseen) == (
        "",
        "GetObjectRetention was answered with 403 AccessDenied",
    )


def test_storage_that_takes_the_retention_for_new_content_is_found_out():
    other = Answer(200, "", "", {"ContentLength": 90, "ETag": '"b"'})
    assert "took the retention for the object's new content" in found(GOVERNED, other).sentence


@pytest.fixture(scope="module")
def locked(place):
    return place.make_bucket(locked=True)


def retention_of(place, bucket, version):
    facts = place.client.head_object(Bucket=bucket, Key="k", VersionId=version)
    return facts.get("ObjectLockMode"), facts.get("ObjectLockRetainUntilDate")


def retain(place, bucket, version, retention, **more):
    parameters = {"Retention": retention, **more}
    return place.run("S3PutObjectRetention", parameters, Target(bucket, "k", version))


def test_named_version_is_retained_and_no_other_until_it_is_removed(place, locked):
    first, second = (
        place.client.put_object(Bucket=locked, Key="k", Body=body)["VersionId"]
        for body in (b"first", b"second")
    )
    assert retain(place, locked, first, GOVERNED) == DONE
    assert retention_of(place, locked, first) == ("GOVERNANCE", UNTIL)
    assert retention_of(place, locked, second) == (None, None)
    with pytest.raises(place.client.exceptions.ClientError, match="AccessDenied"):
        place.client.delete_object(Bucket=locked, Key="k", VersionId=first)
    removed = retain(place, locked, first, {}, BypassGovernanceRetention=True)
    if place.endpoint is GATEWAY:
        assert (removed.http_status, removed.code) == (400, "MalformedXML"), "Ceph needs a mode"
    else:
        assert removed == DONE
        place.client.delete_object(Bucket=locked, Key="k", VersionId=first)
    assert retain(place, locked, None, GOVERNED) == DONE
    assert retention_of(place, locked, second) == ("GOVERNANCE", UNTIL)


def test_compliance_is_extended_and_shortening_it_is_refused_by_the_storage(place, locked):
    if place.endpoint is not GATEWAY:
        pytest.skip("Gateway: the test server lets anybody shorten it.")
    # Over in seconds, so that the bucket can be removed.
    near, later = (datetime.now(UTC) + timedelta(seconds=s) for s in (10, 14))
    made = place.client.put_object(Bucket=locked, Key="k", Body=b"x")["VersionId"]
    written = [{"Mode": "COMPLIANCE", "RetainUntilDate": at.isoformat()} for at in (near, later)]
    assert retain(place, locked, made, written[0]) == DONE
    assert retain(place, locked, made, written[1]) == DONE
    outcome = retain(place, locked, made, written[0], BypassGovernanceRetention=True)
    assert (outcome.http_status, outcome.code) == (403, "AccessDenied")
    eventually(lambda: is_deleted(place, locked, made), every_s=1)


def is_deleted(place, bucket, version):
    try:
        place.client.delete_object(Bucket=bucket, Key="k", VersionId=version)
    except place.client.exceptions.ClientError:
        return False
    return True
