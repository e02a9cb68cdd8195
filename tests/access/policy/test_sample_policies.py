"""The sample policies of AWS's guide, "Controlling permissions for S3 Batch Operations using job tags":
departments that run their own jobs, in stages with priorities of their own.
"""

import pytest

from jobs.access.policy.evaluation import evaluate
from jobs.access.policy.parsing import parse

OWN = "${aws:PrincipalTag/department}"
STAGES = ["QA", "Production"]


def allow(*actions, **conditions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    named = {name.replace("__", ":"): of for name, of in conditions.items()}
    return statement | ({"Condition": named} if named else {})


def policy(*statements):
    return parse({"Version": "2012-10-17", "Statement": list(statements)})


REQUESTED, THERE = {"aws:RequestTag/department": OWN}, {"aws:ResourceTag/department": OWN}
IN_DEPARTMENT = policy(
    allow("s3:CreateJob", StringEquals=REQUESTED),
    allow("s3:UpdateJobPriority", "s3:UpdateJobStatus", StringEquals=THERE),
    allow("s3:PutJobTagging", StringEquals=REQUESTED | THERE),
)
UP_TO_100 = {"NumericLessThanEquals": {"s3:RequestJobPriority": 100}}
LOW_PRIORITY = policy(
    allow("s3:CreateJob", StringEquals=REQUESTED | {"aws:RequestTag/stage": "QA"}, **UP_TO_100),
    allow("s3:UpdateJobStatus", StringEquals=THERE),
    allow(
        "s3:UpdateJobPriority", StringEquals=THERE | {"aws:ResourceTag/stage": "QA"}, **UP_TO_100
    ),
    allow(
        "s3:PutJobTagging",
        StringEquals=REQUESTED
        | THERE
        | {"aws:RequestTag/stage": "QA", "aws:ResourceTag/stage": "QA"},
    ),
    allow("s3:GetJobTagging"),
)
UP_TO_300 = {"NumericLessThanEquals": {"s3:RequestJobPriority": 300}}
HIGH_PRIORITY = policy(
    allow(
        "s3:CreateJob",
        ForAnyValue__StringEquals={"aws:RequestTag/stage": STAGES},
        StringEquals=REQUESTED,
        **UP_TO_300,
    ),
    allow("s3:UpdateJobStatus", StringEquals=THERE),
    allow(
        "s3:UpdateJobPriority",
        ForAnyValue__StringEquals={"aws:ResourceTag/stage": STAGES},
        StringEquals=THERE,
        **UP_TO_300,
    ),
    allow(
        "s3:PutJobTagging",
        StringEquals=REQUESTED | THERE,
        ForAnyValue__StringEquals={
            "aws:RequestTag/stage": STAGES,
            "aws:ResourceTag/stage": STAGES,
        },
    ),
)
NAMES = {
    "asked": "aws:requesttag/department",
    "asked_stage": "aws:requesttag/stage",
    "has": "aws:resourcetag/department",
    "has_stage": "aws:resourcetag/stage",
    "priority": "s3:requestjobpriority",
}


def allows(policy, action, *, mine="Finance", **facts):
    keys = {NAMES[name]: (str(value),) for name, value in facts.items()}
    if mine:
        keys["aws:principaltag/department"] = (mine,)
    return evaluate([policy], f"s3:{action}", "*", keys).allowed


@pytest.mark.parametrize(
    ("action", "facts", "expected"),
    [
        ("CreateJob", {"asked": "Finance"}, True),
        ("CreateJob", {"asked": "Compliance"}, False),
        ("CreateJob", {"asked": "finance"}, False),
        ("CreateJob", {}, False),
        ("CreateJob", {"asked": "Finance", "mine": None}, False),
        ("CreateJob", {"mine": None}, False),
        ("UpdateJobStatus", {"has": "Finance"}, True),
        ("UpdateJobPriority", {"has": "Finance"}, True),
        ("UpdateJobPriority", {"has": "Compliance"}, False),
        ("UpdateJobStatus", {}, False),
        ("PutJobTagging", {"has": "Finance", "asked": "Finance"}, True),
        ("PutJobTagging", {"has": "Finance", "asked": "Compliance"}, False),
        ("PutJobTagging", {"has": "Compliance", "asked": "Finance"}, False),
        ("PutJobTagging", {"has": "Finance"}, False),
        ("DeleteJobTagging", {"has": "Finance"}, False),
        ("DescribeJob", {"has": "Finance"}, False),
    ],
)
def test_finance_runs_jobs_of_finance_alone(action, facts, expected):
    assert allows(IN_DEPARTMENT, action, **facts) is expected


QA, PRODUCTION = {"asked_stage": "QA"}, {"asked_stage": "Production"}


@pytest.mark.parametrize(
    ("action", "facts", "low", "high"),
    [
        ("CreateJob", {"asked": "Finance", "priority": 100, **QA}, True, True),
        ("CreateJob", {"asked": "Finance", "priority": 101, **QA}, False, True),
        ("CreateJob", {"asked": "Finance", "priority": 300, **PRODUCTION}, False, True),
        ("CreateJob", {"asked": "Finance", "priority": 301, **PRODUCTION}, False, False),
        ("CreateJob", {"asked": "Finance", "priority": 9}, False, False),
        ("CreateJob", {"asked": "Compliance", "priority": 9, **QA}, False, False),
        ("CreateJob", {"asked": "Finance", **QA}, False, False),
        ("UpdateJobStatus", {"has": "Finance"}, True, True),
        ("UpdateJobPriority", {"has": "Finance", "has_stage": "QA", "priority": 100}, True, True),
        ("UpdateJobPriority", {"has": "Finance", "has_stage": "QA", "priority": 200}, False, True),
        (
            "UpdateJobPriority",
            {"has": "Finance", "has_stage": "Production", "priority": 100},
            False,
            True,
        ),
        ("UpdateJobPriority", {"has": "Finance", "priority": 100}, False, False),
        (
            "PutJobTagging",
            {"has": "Finance", "asked": "Finance", "has_stage": "QA", **QA},
            True,
            True,
        ),
        (
            "PutJobTagging",
            {"has": "Finance", "asked": "Finance", "has_stage": "QA", **PRODUCTION},
            False,
            True,
        ),
        ("PutJobTagging", {"has": "Finance", "asked": "Finance", "has_stage": "QA"}, False, False),
        ("GetJobTagging", {}, True, False),
    ],
)
def test_stage_bounds_the_priority(action, facts, low, high):
    assert allows(LOW_PRIORITY, action, **facts) is low
    assert allows(HIGH_PRIORITY, action, **facts) is high
