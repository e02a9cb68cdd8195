"""What AWS documents about the policy language, as a table: condition, what the request has, and whether
a statement with that condition applies.
"""

import pytest

from jobs.access.policy.evaluation import evaluate, near_misses, possible
from jobs.access.policy.parsing import parse, stored

ACTION, JOB = "s3:UpdateJobStatus", "arn:aws:s3:north:123456789012:job/4711"
TAG, TAGS = "aws:RequestTag/team", "aws:TagKeys"
NOW = {"aws:currenttime": ("2026-11-27T12:00:00+00:00",)}


def policy(*statements, version="2012-10-17"):
    written = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"} | statement for statement in statements
    ]
    return parse({"Version": version, "Statement": written})


def without(statement, *names):
    return {name: value for name, value in statement.items() if name not in names}


def allows(statement, keys=None, *, action=ACTION, resource=JOB):
    return evaluate([policy(statement)], action, resource, keys or {}).allowed


def holds(condition, keys):
    return allows({"Condition": condition}, keys)


def tagged(*values):
    return {"aws:requesttag/team": values} if values else {}


def with_keys(*keys):
    return {"aws:tagkeys": keys} if keys else {}


TABLE = [
    # Several operators and several keys must all hold; of several values one.
    ({"StringEquals": {TAG: ["red", "blue"]}}, tagged("blue"), True),
    ({"StringEquals": {TAG: ["red", "blue"]}}, tagged("green"), False),
    ({"StringEquals": {TAG: "blue", "aws:username": "ana"}}, tagged("blue"), False),
    ({"StringEquals": {TAG: "blue"}, "StringLike": {"aws:username": "*"}}, tagged("blue"), False),
    # Negated: none of the values.
    ({"StringNotEquals": {TAG: ["red", "blue"]}}, tagged("blue"), False),
    ({"StringNotEquals": {TAG: ["red", "blue"]}}, tagged("green"), True),
    # A key that is absent.
    ({"StringEquals": {TAG: "blue"}}, {}, False),
    ({"StringLike": {TAG: "*"}}, {}, False),
    ({"StringNotEquals": {TAG: "blue"}}, {}, True),
    ({"StringNotLike": {TAG: "*"}}, {}, True),
    ({"StringEqualsIfExists": {TAG: "blue"}}, {}, True),
    ({"StringEqualsIfExists": {TAG: "blue"}}, tagged("red"), False),
    ({"StringNotEqualsIfExists": {TAG: "blue"}}, {}, True),
    ({"NumericLessThan": {"s3:RequestJobPriority": 10}}, {}, False),
    ({"NumericNotEquals": {"s3:RequestJobPriority": 10}}, {}, True),
    ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, {}, False),
    ({"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, {}, True),
    ({"Bool": {"batchconsole:IsJobOwner": "false"}}, {}, False),
    ({"BoolIfExists": {"batchconsole:IsJobOwner": "false"}}, {}, True),
    ({"Null": {TAG: "true"}}, {}, True),
    ({"Null": {TAG: True}}, tagged("blue"), False),
    ({"Null": {TAG: "false"}}, {}, False),
    ({"Null": {TAG: "false"}}, tagged(""), True),
    # Sets.
    ({"ForAllValues:StringEquals": {TAGS: ["team", "stage"]}}, with_keys("team"), True),
    ({"ForAllValues:StringEquals": {TAGS: ["team", "stage"]}}, with_keys("team", "x"), False),
    ({"ForAllValues:StringEquals": {TAGS: ["team"]}}, {}, True),
    ({"ForAnyValue:StringEquals": {TAGS: ["team"]}}, with_keys("team", "x"), True),
    ({"ForAnyValue:StringEquals": {TAGS: ["team"]}}, with_keys("x"), False),
    ({"ForAnyValue:StringEquals": {TAGS: ["team"]}}, {}, False),
    ({"ForAnyValue:StringNotEquals": {TAGS: ["team"]}}, with_keys("team", "x"), True),
    ({"ForAnyValue:StringNotEquals": {TAGS: ["team"]}}, {}, False),
    ({"ForAllValues:StringNotEquals": {TAGS: ["team"]}}, with_keys("team", "x"), False),
    ({"ForAnyValue:StringEqualsIfExists": {TAGS: ["team"]}}, {}, True),
    # Names of keys have no case, values have.
    ({"StringEquals": {"AWS:requesttag/TEAM": "blue"}}, tagged("blue"), True),
    ({"StringEquals": {TAG: "Blue"}}, tagged("blue"), False),
    ({"StringEqualsIgnoreCase": {TAG: "Blue"}}, tagged("bLUE"), True),
    ({"StringNotEqualsIgnoreCase": {TAG: "Blue"}}, tagged("bLUE"), False),
    # Wildcards in StringLike alone.
    ({"StringLike": {TAG: "b*e"}}, tagged("blue"), True),
    ({"StringLike": {TAG: "b?e"}}, tagged("blue"), False),
    ({"StringLike": {TAG: "B*"}}, tagged("blue"), False),
    ({"StringEquals": {TAG: "b*"}}, tagged("blue"), False),
    ({"StringEquals": {TAG: "b*"}}, tagged("b*"), True),
    ({"StringNotLike": {TAG: ["r*", "g*"]}}, tagged("blue"), True),
    # Numbers, as texts and bare.
    (
        {"NumericEquals": {"s3:RequestJobPriority": "10.0"}},
        {"s3:requestjobpriority": ("10",)},
        True,
    ),
    (
        {"NumericLessThanEquals": {"s3:RequestJobPriority": 100}},
        {"s3:requestjobpriority": ("100",)},
        True,
    ),
    ({"NumericLessThan": {"s3:RequestJobPriority": 9}}, {"s3:requestjobpriority": ("10",)}, False),
    (
        {"NumericGreaterThan": {"s3:RequestJobPriority": 9}},
        {"s3:requestjobpriority": ("10",)},
        True,
    ),
    # Dates.
    ({"DateLessThan": {"aws:CurrentTime": "2026-11-27T13:00:00+01:00"}}, NOW, False),
    ({"DateLessThanEquals": {"aws:CurrentTime": "2026-11-27T13:00:00+01:00"}}, NOW, True),
    ({"DateGreaterThan": {"aws:CurrentTime": "2026-11-27"}}, NOW, True),
    ({"DateEquals": {"aws:CurrentTime": "1795780800"}}, NOW, True),
    ({"DateNotEquals": {"aws:CurrentTime": "1795780800"}}, NOW, False),
    # Addresses.
    ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:sourceip": ("203.0.113.9",)}, True),
    ({"IpAddress": {"aws:SourceIp": "203.0.113.7"}}, {"aws:sourceip": ("203.0.113.9",)}, False),
    ({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:sourceip": ("10.0.0.1",)}, True),
    ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, {"aws:sourceip": ("2001:db8::1",)}, True),
    (
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:sourceip": ("::ffff:203.0.113.9",)},
        True,
    ),
    # ARNs: part by part, so that a wildcard crosses no colon; both operators alike.
    (
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/a*"}},
        {"aws:principalarn": ("arn:aws:iam::123456789012:user/ana",)},
        True,
    ),
    (
        {"ArnEquals": {"aws:PrincipalArn": "arn:*:*:*:*:user/ana"}},
        {"aws:principalarn": ("arn:aws:iam::123456789012:user/ana",)},
        True,
    ),
    (
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:*:user/ana:*:*"}},
        {"aws:principalarn": ("arn:aws:iam::123456789012:user/ana",)},
        False,
    ),
    (
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/b*"}},
        {"aws:principalarn": ("arn:aws:iam::123456789012:user/ana",)},
        True,
    ),
    # Variables: of the request, with a value for whoever has none, and signs.
    ({"StringEquals": {TAG: "${aws:PrincipalTag/team}"}}, tagged("blue"), False),
    (
        {"StringEquals": {TAG: "${AWS:principaltag/Team}"}},
        tagged("blue") | {"aws:principaltag/team": ("blue",)},
        True,
    ),
    ({"StringNotEquals": {TAG: "${aws:PrincipalTag/team}"}}, tagged("blue"), True),
    ({"StringEquals": {TAG: "${aws:PrincipalTag/team, 'blue'}"}}, tagged("blue"), True),
    (
        {"StringEquals": {TAG: "${aws:PrincipalTag/team, 'blue'}"}},
        tagged("blue") | {"aws:principaltag/team": ("red",)},
        False,
    ),
    ({"StringLike": {TAG: "${*}${?}${$}"}}, tagged("*?$"), True),
    ({"StringLike": {TAG: "${*}"}}, tagged("blue"), False),
    (
        {"StringLike": {TAG: "${aws:username}*"}},
        tagged("a*na-1") | {"aws:username": ("a*na",)},
        True,
    ),
    (
        {"StringLike": {TAG: "${aws:username}"}},
        tagged("anna") | {"aws:username": ("a*na",)},
        False,
    ),
]


@pytest.mark.parametrize(("condition", "keys", "expected"), TABLE)
def test_condition_holds_as_aws_documents_it(condition, keys, expected):
    assert holds(condition, keys) is expected


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("*", True),
        ("s3:*", True),
        ("S3:updatejobSTATUS", True),
        ("s3:Update*", True),
        ("s3:UpdateJob???????y", False),
        ("s3:UpdateJob?????s", True),
        ("s3:UpdateJobStatu?", True),
        (["s3:ListJobs", "s3:UpdateJobStatus"], True),
        ("s3:UpdateJobPriority", False),
        ("iam:*", False),
    ],
)
def test_action_fits_whatever_its_letters_and_not_action_is_all_others(pattern, fits):
    assert allows({"Action": pattern}) is fits
    negated = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert evaluate([parse({"Statement": negated})], ACTION, JOB, {}).allowed is not fits


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("*", True),
        (JOB, True),
        ("arn:aws:s3:*:*:job/*", True),
        ("arn:aws:s3:*", True),
        ("arn:aws:s3:north:123456789012:job/47?1", True),
        ("arn:aws:s3:south:*:job/*", False),
        ("arn:aws:s3:North:*:job/*", False),
        ("arn:aws:s3:${aws:PrincipalTag/region}:*:job/*", True),
        ("arn:aws:s3:${aws:PrincipalTag/none}:*:job/*", False),
        (["arn:aws:s3:south:*:job/*", "arn:aws:s3:north:*:job/*"], True),
    ],
)
def test_resource_fits_and_not_resource_is_all_others(pattern, fits):
    keys = {"aws:principaltag/region": ("north",)}
    assert allows({"Resource": pattern}, keys) is fits
    negated = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    document = {"Version": "2012-10-17", "Statement": negated}
    assert evaluate([parse(document)], ACTION, JOB, keys).allowed is not fits


def test_statement_about_an_arn_says_nothing_about_what_has_none():
    assert not allows({"Resource": "arn:aws:s3:*:*:job/*"}, action="s3:CreateJob", resource="*")


def test_what_no_policy_allows_is_denied():
    assert not evaluate([], ACTION, JOB, {}).allowed
    verdict = evaluate([policy({"Action": "s3:ListJobs"})], ACTION, JOB, {})
    assert (verdict.allowed, verdict.explicit) == (False, False)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_deny_counts_more_than_every_allow_wherever_it_stands(order):
    both = [policy({"Sid": "Yes"}), policy({"Sid": "No", "Effect": "Deny", "Action": "s3:Update*"})]
    verdict = evaluate([both[place] for place in order], ACTION, JOB, {})
    assert (verdict.allowed, verdict.explicit, verdict.statement.sid) == (False, True, "No")


def test_verdict_names_the_statement_that_allows():
    found = policy({"Action": "s3:ListJobs"}, {"Sid": "Second"})
    verdict = evaluate([found], ACTION, JOB, {})
    assert (verdict.statement.sid, verdict.statement.number) == ("Second", 2)


@pytest.mark.parametrize(
    ("effect", "values", "applies"),
    [
        ("Allow", ("blue", "blue"), True),
        ("Allow", ("blue", "red"), False),
        ("Deny", ("blue", "red"), True),
        ("Deny", ("red", "red"), False),
    ],
)
def test_tags_that_differ_in_case_alone_count_against_the_request(effect, values, applies):
    statement = {"Effect": effect, "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}}
    verdict = evaluate([policy(statement)], ACTION, JOB, {"aws:resourcetag/team": values})
    assert verdict.explicit is applies


def test_variable_is_these_very_signs_before_its_version():
    for version in ("2008-10-17", None):
        document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:${x}:*"}]}
        text = str(document | ({"Version": version} if version else {})).replace("'", '"')
        assert stored(text).statements == ()


def test_near_miss_names_the_condition_that_does_not_hold():
    found = policy(
        {"Sid": "Team", "Condition": {"StringEquals": {TAG: "blue"}}}, {"Action": "iam:*"}
    )
    (miss,) = near_misses([found], ACTION, JOB, tagged("red"))
    assert (miss.statement.sid, miss.condition.written) == ("Team", f"StringEquals {TAG}")


def test_target_bucket_is_no_key_of_a_job_that_is_only_read():
    condition = {"ForAnyValue:StringEquals": {"batchconsole:TargetBucket": "photos"}}
    keys = {"batchconsole:targetbucket": ("photos",)}
    assert allows({"Condition": condition}, keys)
    assert not allows({"Condition": condition}, keys, action="s3:DescribeJob")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([{}], True),
        ([{"Condition": {"StringEquals": {TAG: "blue"}}}], True),
        ([{"Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}], False),
        ([{}, {"Effect": "Deny"}], False),
        ([{}, {"Effect": "Deny", "Condition": {"StringEquals": {TAG: "blue"}}}], True),
        ([{}, {"Effect": "Deny", "Condition": {"StringLike": {"aws:username": "a*"}}}], False),
        ([{}, {"Effect": "Deny", "Resource": "arn:aws:s3:south:*:job/*"}], True),
        ([{"Resource": "arn:aws:s3:south:*:job/*"}], False),
    ],
)
def test_page_opens_when_a_request_may_still_be_allowed(statements, expected):
    known = {"aws:username": ("ana",)}

    def is_open(key):
        return key.startswith("aws:requesttag/")

    assert possible([policy(*statements)], ACTION, JOB, known, is_open=is_open) is expected
