"""A policy is checked when it is saved, and what cannot be read later fails closed."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.access.policy.evaluation import evaluate
from jobs.access.policy.parsing import parse, parse_text, stored
from jobs.access.policy.ready_made import DOCUMENTS, role_with
from jobs.access.policy.text import MOST_CHARACTERS, read
from jobs.errors import ValidationFailedError
from tests.access.documents import documents

GOOD = {"Effect": "Allow", "Action": "s3:ListJobs", "Resource": "*"}


def text_of(*statements, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def problems_of(text):
    with pytest.raises(ValidationFailedError) as refused:
        parse_text(text)
    return [(problem.field, problem.message) for problem in refused.value.problems]


def with_condition(condition):
    return text_of(GOOD | {"Condition": condition})


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("", "line 1", "not JSON"),
        ("{", "line 1", "not JSON"),
        ('{\n"Version": "2012-10-17",\n}', "line 3", "not JSON"),
        ('{"Statement": [1,]}', "line 1", "not JSON"),
        ('{"Statement": [], "Statement": []}', "line 1", '"Statement" stands here twice'),
        ('{"Statement": [' + "[" * 9 + "]" * 9 + "]}", "line 1", "nested deeper than 8"),
        ('{"Version": NaN}', "line 1", "no number NaN"),
        ('{"Version": 1' + "1" * 5000 + "}", "line 1", "too long"),
        ('{"Id": "\\u0000"}', "line 1", "no database keeps"),
        ('{"Id": "\\ud800"}', "line 1", "no database keeps"),
        ("{} {}", "line 1", "Something follows"),
        (" " * (MOST_CHARACTERS + 1), "", "20,000"),
        ("[]", "", "JSON object"),
        ("{}", "Statement", "at least one"),
        (text_of(), "Statement", "at least one"),
        (text_of(GOOD, Version="2020-01-01"), "Version", '"2012-10-17"'),
        (text_of(GOOD, statement=[]), "statement", 'Write "statement" as Statement'),
        (text_of(1), "Statement[0]", "JSON object"),
        (text_of(GOOD | {"Principal": "*"}), "Statement[0].Principal", "Leave Principal out"),
        (text_of(GOOD | {"Sid": "a b"}), "Statement[0].Sid", "letters A to Z and digits"),
        (text_of(GOOD | {"Sid": "a"}, GOOD | {"Sid": "a"}), "Statement[1].Sid", "its own"),
        (text_of(GOOD | {"Effect": "allow"}), "Statement[0].Effect", '"Allow" or "Deny"'),
        (text_of(GOOD | {"NotAction": "*"}), "Statement[0]", "either Action or NotAction"),
        (text_of(GOOD | {"Action": []}), "Statement[0].Action", "empty"),
        (text_of(GOOD | {"Action": ["*", "s3:GetObject"]}), "Statement[0].Action[1]", "no action"),
        (text_of(GOOD | {"Action": "ec2:*"}), "Statement[0].Action", "s3:, iam: or batchconsole:"),
        (text_of(GOOD | {"Action": 1}), "Statement[0].Action", "must be a text"),
        (text_of(GOOD | {"Resource": "job"}), "Statement[0].Resource", "an ARN"),
        (text_of(GOOD | {"Resource": "arn:${x"}), "Statement[0].Resource", "not closed"),
        (text_of(GOOD | {"Resource": "arn:${x}"}), "Statement[0].Resource", "no condition key"),
        (with_condition([]), "Statement[0].Condition", "JSON object"),
        (with_condition({"StringIs": {}}), "Statement[0].Condition.StringIs", "no operator"),
        (
            with_condition({"NullIfExists": {"aws:username": "true"}}),
            "Statement[0].Condition.NullIfExists",
            "as Null",
        ),
        (
            with_condition({"StringEquals": {"aws:usernames": "a"}}),
            "Statement[0].Condition.StringEquals.aws:usernames",
            "no condition key",
        ),
        (
            with_condition({"NumericEquals": {"aws:username": 1}}),
            "Statement[0].Condition.NumericEquals.aws:username",
            "Use StringEquals",
        ),
        (
            with_condition({"StringEquals": {"aws:TagKeys": "a"}}),
            "Statement[0].Condition.StringEquals.aws:TagKeys",
            "ForAnyValue:StringEquals",
        ),
        (
            with_condition({"NumericEquals": {"s3:RequestJobPriority": ["1", "x"]}}),
            "Statement[0].Condition.NumericEquals.s3:RequestJobPriority[1]",
            "no number",
        ),
        (
            with_condition({"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}),
            "Statement[0].Condition.IpAddress.aws:SourceIp",
            "no IP address",
        ),
        (
            with_condition({"DateLessThan": {"aws:CurrentTime": "tomorrow"}}),
            "Statement[0].Condition.DateLessThan.aws:CurrentTime",
            "no date",
        ),
        (
            with_condition({"Bool": {"batchconsole:IsJobOwner": "yes"}}),
            "Statement[0].Condition.Bool.batchconsole:IsJobOwner",
            "neither true nor false",
        ),
        (
            with_condition({"StringEquals": {"aws:username": {"a": 1}}}),
            "Statement[0].Condition.StringEquals.aws:username",
            "A value is a text",
        ),
        (
            with_condition({"StringEquals": {"aws:username": "${aws:ResourceTag/a}"}}),
            "Statement[0].Condition.StringEquals.aws:username",
            "is the job's",
        ),
        (
            with_condition({"StringEquals": {"aws:username": "${aws:TagKeys}"}}),
            "Statement[0].Condition.StringEquals.aws:username",
            "several values",
        ),
        (
            with_condition({"StringEquals": {"aws:username": "a", "aws:USERNAME": "b"}}),
            "Statement[0].Condition.StringEquals.aws:USERNAME",
            "twice",
        ),
    ],
)
def test_problem_is_told_with_its_place(text, path, words):
    found = problems_of(text)
    assert any(field == path and words in message for field, message in found), found


def test_all_problems_of_a_policy_are_told_at_once():
    found = problems_of(
        text_of(GOOD | {"Effect": "x", "Action": "s3:No"}, GOOD | {"Resource": "x"})
    )
    assert [path for path, _ in found] == [
        "Statement[0].Effect",
        "Statement[0].Action",
        "Statement[1].Resource",
    ]


def test_each_place_of_a_document_has_its_line():
    _, lines = read('{\n  "Statement": [\n    {"Effect": "Allow",\n     "Action": ["a",\n "b"]}]}')
    assert lines["Statement"] == 2
    assert lines["Statement[0].Effect"] == 3
    assert lines["Statement[0].Action[1]"] == 5


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_document_of_any_form_is_read_or_refused_with_a_sentence(document):
    try:
        parse(document)
    except ValidationFailedError as error:
        assert all(problem.message for problem in error.problems)


@given(st.text(alphabet='{}[]":,\\u0 Statement1e.-\n\x00'))
def test_text_of_any_form_is_read_or_refused_with_a_sentence(text):
    try:
        found, _ = read(text)
    except ValidationFailedError as error:
        assert all(problem.message for problem in error.problems)
    else:
        assert found == json.loads(text, parse_float=Decimal)


@given(documents())
def test_what_may_be_saved_is_what_is_read_again(document):
    try:
        saved = parse(document)
    except ValidationFailedError:
        return
    again = stored(json.dumps(document))
    assert [one.actions for one in again.statements] == [one.actions for one in saved.statements]
    assert not any(one.unreadable for one in again.statements)


ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ODD = {"Condition": {"StringIs": {"aws:username": "ana"}}}


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (text_of(ALL), True),
        (text_of(ALL | ODD), False),
        (text_of(ALL, ALL | ODD), True),
        (text_of(ALL, ALL | ODD | {"Effect": "Deny"}), False),
        (text_of(ALL, ALL | {"Effect": "Deny", "Action": "s3:Gone"}), False),
        (text_of(ALL, ALL | {"Effect": "deny"}), False),
        (text_of(ALL, 7), False),
        (text_of(ALL, Version="2031-01-01"), False),
        (text_of(ALL)[:-1], False),
        ("", False),
    ],
)
def test_what_cannot_be_read_any_more_allows_nothing_and_denies_what_it_may_have_denied(
    text, allowed
):
    found = [stored(text), stored(DOCUMENTS["Admin"])]
    assert evaluate(found[:1], "s3:ListJobs", "*", {}).allowed is allowed
    denies = not allowed and text != text_of(ALL | ODD)
    assert evaluate(found, "s3:ListJobs", "*", {}).allowed is not denies


def test_ready_made_policies_have_no_problems():
    assert [parse_text(text).statements for text in DOCUMENTS.values()]


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("s3:DescribeJob", "Viewer"),
        ("s3:CreateJob", "Operator"),
        ("s3:UpdateJobStatus", "Operator"),
        ("batchconsole:ManageAccess", "Admin"),
    ],
)
def test_role_that_is_named_to_the_one_denied_is_the_least_that_has_it(action, role):
    assert role_with(action) == role
