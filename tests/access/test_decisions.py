"""Who may do what, by policies: the matrix of roles and actions, commands, limits and four eyes."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.access.actions import Action
from jobs.access.approval import needs_approval
from jobs.access.asking import ANY, Context, of_job, requesting_status
from jobs.access.decisions import could, may
from jobs.access.policy.ready_made import DOCUMENTS
from jobs.access.principals import principal_of
from jobs.access.visibility import visible_jobs
from jobs.choices import ManifestField
from jobs.errors import AccessDeniedError
from jobs.lifecycle import commands
from jobs.lifecycle.creation import create_job
from jobs.lifecycle.priorities import reprioritise
from jobs.lifecycle.tagging import replace_tags
from jobs.models import AccessPolicy, Job, PrincipalTag
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.make import TAGS, make_job, make_region, make_role, make_user

pytestmark = pytest.mark.django_db

FRIDAY_NOON = Context(datetime(2026, 11, 27, 12, tzinfo=UTC), "10.0.0.1")
READY, CANCELLED = requesting_status("Ready"), requesting_status("Cancelled")
READS = {"s3:ListJobs", "s3:DescribeJob", "s3:GetJobTagging", "batchconsole:GetJobReport"}
OPERATES = READS | {
    *("s3:CreateJob", "s3:UpdateJobPriority", "s3:UpdateJobStatus", "s3:PutJobTagging"),
    *("s3:DeleteJobTagging", "iam:PassRole", "batchconsole:PauseJob", "batchconsole:ResumeJob"),
    *("batchconsole:RetryJob", "batchconsole:UpdateJobLimits"),
}
MATRIX = {
    None: set(),
    "Viewer": READS,
    "Approver": READS | {"s3:UpdateJobStatus"},
    "Operator": OPERATES,
    "Admin": {action.value for action in Action},
}


def person(*policies, tags=None):
    """Someone with these policies: names of ready-made ones, or documents."""
    user = make_user(None)
    for number, found in enumerate(policies):
        if isinstance(found, str):
            AccessPolicy.objects.get(name=found).users.add(user)
        else:
            document = json.dumps({"Version": "2012-10-17", "Statement": found})
            name = f"{user.pk}-{number}"
            AccessPolicy.objects.create(name=name, document=document).users.add(user)
    for key, value in (tags or {}).items():
        PrincipalTag.objects.create(user=user, key=key, value=value)
    return user


def deny(action, **condition):
    named = {name.replace("__", ":"): of for name, of in condition.items()}
    return {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": named}


def by(user, action, about=ANY, keys=None, context=FRIDAY_NOON):
    return may(principal_of(user), Action(action), about, context.asking(keys or {}))


@pytest.mark.parametrize("action", Action.values)
@pytest.mark.parametrize("role", MATRIX)
def test_role_may_do_its_actions_and_no_other(role, action):
    user = person(*([role] if role else []))
    asked = by(user, action, make_job("Suspended"), READY)
    assert asked.allowed is (action in MATRIX[role])
    assert (asked.why_not == "") is asked.allowed


def test_approver_confirms_and_does_not_cancel():
    approver = person("Approver")
    job = make_job("Suspended")
    with pytest.raises(AccessDeniedError):
        commands.cancel(job.pk, by=by(approver, "s3:UpdateJobStatus"), now=timezone.now())
    job = commands.confirm(job.pk, by=by(approver, "s3:UpdateJobStatus"), now=timezone.now())
    assert (job.status, job.confirmed_by) == ("Ready", approver)


def test_command_asks_again_about_the_job_as_it_is():
    ours = [
        {
            "Effect": "Allow",
            "Action": "s3:UpdateJobPriority",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"},
                "NumericLessThanEquals": {"s3:RequestJobPriority": 100},
            },
        }
    ]
    job, user = make_job("Active", tags={"team": "blue"}), person(ours, tags={"Team": "blue"})
    asked = could(principal_of(user), Action.UPDATE_JOB_PRIORITY, FRIDAY_NOON, about=job)
    assert asked.allowed
    assert reprioritise(job.pk, 100, by=asked, now=timezone.now()).priority == 100
    with pytest.raises(AccessDeniedError):
        reprioritise(job.pk, 101, by=asked, now=timezone.now())
    job.tags.update(value="red")
    with pytest.raises(AccessDeniedError):
        reprioritise(job.pk, 1, by=asked, now=timezone.now())
    job.refresh_from_db()
    assert job.priority == 100


def test_tags_may_not_be_given_that_a_policy_does_not_allow():
    only_ours = deny("s3:PutJobTagging", StringNotEquals={"aws:RequestTag/team": "blue"})
    user, job = person("Operator", [only_ours]), make_job("Suspended", tags={"team": "blue"})
    asked = by(user, "s3:PutJobTagging", job, {"aws:requesttag/team": ("blue",)})
    replace_tags(job.pk, {"team": "blue", "x": "y"}, by=asked, now=timezone.now())
    with pytest.raises(AccessDeniedError):
        replace_tags(job.pk, {"team": "red"}, by=asked, now=timezone.now())
    with pytest.raises(AccessDeniedError):  # two keys that are one for policies
        replace_tags(job.pk, {"team": "blue", "Team": "red"}, by=asked, now=timezone.now())


IS_READY = {"batchconsole:RequestedJobStatus": "Ready"}
FOUR_EYES = deny(
    "s3:UpdateJobStatus", StringEquals=IS_READY, Bool={"batchconsole:IsJobOwner": "true"}
)


def test_with_four_eyes_another_one_has_to_confirm():
    owner, other = person("Operator", [FOUR_EYES]), person("Operator", [FOUR_EYES])
    job = make_job("Suspended", owner=owner)
    assert not by(owner, "s3:UpdateJobStatus", job, READY).allowed
    assert by(owner, "s3:UpdateJobStatus", job, CANCELLED).allowed
    assert by(other, "s3:UpdateJobStatus", job, READY).allowed
    with pytest.raises(AccessDeniedError):
        commands.confirm(job.pk, by=by(owner, "s3:UpdateJobStatus"), now=timezone.now())


@pytest.mark.parametrize(
    ("condition", "facts", "allowed"),
    [
        ({"NumericGreaterThan": {"batchconsole:TotalTasks": 1000}}, {"total": 1000}, True),
        ({"NumericGreaterThan": {"batchconsole:TotalTasks": 1000}}, {"total": 1001}, False),
        ({"NumericGreaterThan": {"batchconsole:JobBytes": 1000}}, {"listed_bytes": 1000}, True),
        ({"NumericGreaterThan": {"batchconsole:JobBytes": 1000}}, {"listed_bytes": 1001}, False),
        ({"NumericGreaterThan": {"batchconsole:JobBytes": 1000}}, {"listed_bytes": None}, True),
        ({"Null": {"batchconsole:JobBytes": True}}, {"listed_bytes": None}, False),
        ({"Null": {"batchconsole:JobBytes": True}}, {"listed_bytes": 0}, True),
        ({"StringLike": {"s3:ExistingJobOperation": "S3Delete*"}}, {}, True),
        (
            {"StringLike": {"s3:ExistingJobOperation": "S3Delete*"}},
            {"operation": "S3DeleteObject"},
            False,
        ),
        ({"StringEquals": {"aws:ResourceTag/stage": "prod"}}, {"tags": {"stage": "qa"}}, True),
        ({"StringEquals": {"aws:ResourceTag/stage": "prod"}}, {"tags": {"Stage": "prod"}}, False),
        (
            {"ForAnyValue:StringNotEquals": {"batchconsole:TargetBucket": ["photos"]}},
            {"buckets": {"photos": [1, 1, ""]}},
            True,
        ),
        (
            {"ForAnyValue:StringNotEquals": {"batchconsole:TargetBucket": ["photos"]}},
            {"buckets": {"photos": [1, 1, ""], "attic": [1, 1, ""]}},
            False,
        ),
        ({"StringEquals": {"batchconsole:DayOfWeek": ["Saturday", "Sunday"]}}, {}, True),
        ({"StringEquals": {"batchconsole:DayOfWeek": "Friday"}}, {}, False),
        ({"NumericGreaterThanEquals": {"batchconsole:HourOfDay": 13}}, {}, True),
        ({"NumericGreaterThanEquals": {"batchconsole:HourOfDay": 12}}, {}, False),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.2"}}, {}, False),
    ],
)
def test_limit_is_a_statement_that_denies(condition, facts, allowed):
    user = person("Operator", [deny("s3:UpdateJobStatus", **condition)])
    assert by(user, "s3:UpdateJobStatus", make_job("Suspended", **facts), READY).allowed is allowed


def test_hours_are_those_of_the_installation(settings):
    settings.BATCHCONSOLE_TIME_ZONE = "Pacific/Auckland"  # 13 hours ahead: Saturday, 1 o'clock
    facts = FRIDAY_NOON.asking_nothing().facts
    assert (facts["batchconsole:hourofday"], facts["batchconsole:dayofweek"]) == (
        ("1",),
        ("Saturday",),
    )


# Without confirmation.


def spec_of(region, **changes):
    fields = (ManifestField.BUCKET, ManifestField.KEY)
    spec = JobSpec(
        region=region.pk,
        operation="S3PutObjectTagging",
        parameters=TAGS,
        manifest=ManifestSpec("lists", "all.csv", "0" * 32, fields),
        report=ReportSpec(enabled=False),
        priority=10,
        role_arn=make_role(region).arn,
        client_request_token="once",
        confirmation_required=False,
    )
    return replace(spec, **changes)


@pytest.mark.parametrize(
    ("policies", "needs"),
    [
        (["Operator"], False),
        (["Operator", [FOUR_EYES]], True),
        (["Viewer"], True),
        (
            [
                "Operator",
                [
                    deny(
                        "s3:UpdateJobStatus",
                        NumericGreaterThan={"batchconsole:TotalTasks": 1000},
                    )
                ],
            ],
            False,
        ),
        (
            ["Operator", [deny("s3:UpdateJobStatus", StringLike={"s3:ExistingJobOperation": "*"})]],
            True,
        ),
    ],
)
def test_job_needs_approval_where_its_creator_may_not_confirm_it(policies, needs):
    asked = by(person(*policies), "s3:CreateJob")
    assert needs_approval(asked, spec_of(make_region())) is needs


@pytest.mark.parametrize(("total", "status"), [(1000, "Ready"), (1001, "Suspended")])
def test_job_that_is_larger_than_its_creator_may_confirm_waits(total, status, monkeypatch):
    monkeypatch.setattr("jobs.queueing.call_runners", lambda: None)
    small = deny("s3:UpdateJobStatus", NumericGreaterThan={"batchconsole:TotalTasks": 1000})
    job = make_job("Preparing", owner=person("Operator", [small]), confirmation_required=False)
    commands.end_preparing(job, total_tasks=total, now=timezone.now())
    job.refresh_from_db()
    assert (job.status, job.confirmation_required) == (status, status == "Suspended")


@pytest.mark.parametrize(("size", "status"), [(1000, "Ready"), (1001, "Suspended")])
def test_job_that_weighs_more_than_its_creator_may_confirm_waits(size, status, monkeypatch):
    monkeypatch.setattr("jobs.queueing.call_runners", lambda: None)
    light = deny("s3:UpdateJobStatus", NumericGreaterThan={"batchconsole:JobBytes": 1000})
    owner = person("Operator", [light])
    assert not needs_approval(by(owner, "s3:CreateJob"), spec_of(make_region()))
    job = make_job("Preparing", owner=owner, confirmation_required=False, listed_bytes=size)
    commands.end_preparing(job, total_tasks=3, now=timezone.now())
    job.refresh_from_db()
    assert (job.status, job.confirmation_required) == (status, status == "Suspended")


def test_job_with_tags_needs_to_be_allowed_to_tag(monkeypatch):
    monkeypatch.setattr("jobs.queueing.call_control", lambda: None)
    region = make_region()
    spec = spec_of(region, tags={"team": "blue"})
    ours = deny("s3:PutJobTagging", StringNotEquals={"aws:ResourceTag/team": "blue"})
    user = person("Operator", [ours])
    assert create_job(spec, by=by(user, "s3:CreateJob"), now=timezone.now()).owner == user
    other = replace(spec, tags={"team": "red"}, client_request_token="twice")
    with pytest.raises(AccessDeniedError):
        create_job(other, by=by(user, "s3:CreateJob"), now=timezone.now())
    assert Job.objects.count() == 1


# What is seen.


def test_jobs_of_one_team_among_a_thousand_take_a_constant_number_of_queries():
    of_the_team = {
        "Effect": "Allow",
        "Action": ["s3:DescribeJob", "s3:ListJobs"],
        "Resource": "arn:aws:s3:*:*:job/*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    }
    user, now = person([of_the_team], tags={"team": "blue"}), timezone.now()

    def listed():
        with CaptureQueriesContext(connection) as asked:
            found = list(visible_jobs(principal_of(user), Context(now)).select_related("region"))
        return len(found), len(asked)

    first = make_job(tags={"team": "blue"})
    make_job(tags={"team": "red"})
    few, queries = listed()
    jobs = [
        Job(
            **{
                field.attname: getattr(first, field.attname)
                for field in Job._meta.concrete_fields
                if field.name not in ("id", "client_request_token")
            },
            client_request_token=f"copy-{number}",
        )
        for number in range(998)
    ]
    Job.objects.bulk_create(jobs)
    tag = first.tags.model
    tag.objects.bulk_create(
        tag(job=job, key="team", value="blue" if number % 2 else "red")
        for number, job in enumerate(jobs)
    )
    assert (few, listed()) == (1, (500, queries))
    assert queries == 4  # policies, tags of the person, Regions, jobs


@pytest.mark.parametrize("role", ["Viewer", "Operator", "Admin"])
def test_policy_that_shows_everything_adds_nothing_to_the_query(role):
    shown = visible_jobs(principal_of(person(role)), FRIDAY_NOON)
    assert str(shown.query) == str(Job.objects.all().query)


def test_job_is_shown_where_its_page_may_be_opened():
    in_north = {
        "Effect": "Allow",
        "Action": "s3:DescribeJob",
        "Resource": "arn:aws:s3:north:*:job/*",
    }
    user = person([in_north])
    jobs = [make_job(region=make_region(name)) for name in ("north", "south")]
    shown = visible_jobs(principal_of(user), FRIDAY_NOON)
    assert list(shown) == jobs[:1]
    assert [by(user, "s3:DescribeJob", of_job(job)).allowed for job in jobs] == [True, False]


def test_fragment_is_shared_by_those_alone_who_see_the_same():
    of_the_team = {
        "Effect": "Allow",
        "Action": "s3:DescribeJob",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    }
    viewers = [principal_of(person("Viewer")).sees_as for _ in range(2)]
    assert len(set(viewers)) == 1
    shared = AccessPolicy.objects.create(
        name="Team", document=json.dumps({"Version": "2012-10-17", "Statement": of_the_team})
    )
    users = [make_user(None), make_user(None)]
    shared.users.set(users)
    assert len({principal_of(user).sees_as for user in users}) == 2


def test_unreadable_policy_denies_everything_to_whom_it_is_attached():
    user = person("Admin")
    assert by(user, "s3:ListJobs").allowed
    AccessPolicy.objects.create(name="Broken", document="{").users.add(user)
    assert not by(user, "s3:ListJobs").allowed
    assert not visible_jobs(principal_of(user), FRIDAY_NOON).exists()
    assert set(DOCUMENTS) <= set(AccessPolicy.objects.values_list("name", flat=True))
