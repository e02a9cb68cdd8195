"""The pages of access policies: written, checked, attached, tried; and what the one denied is told."""

import json

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from jobs.access.policy.ready_made import DOCUMENTS
from jobs.models import AccessPolicy, PrincipalTag
from tests.make import make_job, make_user

pytestmark = pytest.mark.django_db
OF_THE_TEAM = {
    "Sid": "Team",
    "Effect": "Allow",
    "Action": "s3:DescribeJob",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
}


def text_of(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


def make_policy(name="Team", *statements, user=None):
    policy = AccessPolicy.objects.create(name=name, document=text_of(*statements or [OF_THE_TEAM]))
    if user:
        policy.users.add(user)
    return policy


def post(client, name, data, *args):
    answer = client.post(reverse(name, args=args), data)
    return answer, answer.content.decode()


def test_policy_that_is_saved_keeps_its_text_and_is_attached(as_admin, operator):
    text = text_of(OF_THE_TEAM) + "\n"
    group = Group.objects.create(name="Blue")
    data = {"name": "Team", "document": text, "people": operator.username, "groups": [group.pk]}
    answer, _ = post(as_admin, "policy-new", data)
    policy = AccessPolicy.objects.get(name="Team")
    assert answer["Location"] == reverse("policy-edit", args=[policy.pk])
    assert policy.document.replace("\r\n", "\n") == text.strip()
    assert (list(policy.users.all()), list(policy.groups.all())) == ([operator], [group])
    page = as_admin.get(answer["Location"]).content.decode()
    assert operator.username in page
    assert "aws:ResourceTag/team" in page
    post(as_admin, "policy-edit", data | {"people": "", "groups": []}, policy.pk)
    assert not policy.users.exists()
    assert not policy.groups.exists()


def test_problems_are_told_with_line_and_place_and_nothing_is_saved(as_admin):
    text = '{"Version": "2012-10-17",\n"Statement": [\n{"Effect": "allow",\n"Action": "s3:No",\n"Resource": "*"}]}'
    for go in ("check", "save"):
        answer, page = post(as_admin, "policy-new", {"name": "Odd", "document": text, "go": go})
        assert answer.status_code == 200
        assert '<td class="num" data-l="Line">3</td>' in page
        assert "<code>Statement[0].Action</code>" in page
        assert "There is no action &quot;s3:No&quot; here." in page
    assert not AccessPolicy.objects.filter(name="Odd").exists()


def test_check_saves_nothing(as_admin):
    data = {"name": "Team", "document": text_of(OF_THE_TEAM), "go": "check"}
    _, page = post(as_admin, "policy-new", data)
    assert "It is not saved yet." in page
    assert not AccessPolicy.objects.filter(name="Team").exists()


@pytest.mark.parametrize("document", ["", "{", "\x00", "[" * 500, "1" * 30_000])
def test_document_of_any_kind_gets_a_sentence(as_admin, document):
    for name in ("policy-new", "policy-try"):
        data = {"name": "x", "document": document, "person": "a@example.com", "policy": "9" * 5000}
        answer, page = post(as_admin, name, data | {"groups": ["9" * 30, "x"]})
        assert answer.status_code == 200
        assert "There is a problem" in page


def test_person_that_there_is_not_is_named(as_admin):
    data = {"name": "Team", "document": text_of(OF_THE_TEAM), "people": "nobody@example.org"}
    _, page = post(as_admin, "policy-new", data)
    assert "There is no account nobody@example.org. Check the email." in page


def test_ready_made_role_is_attached_and_never_changed(as_admin, operator):
    admin = AccessPolicy.objects.get(name="Admin")
    data = {"people": operator.username, "name": "Mine", "document": text_of(OF_THE_TEAM)}
    post(as_admin, "policy-edit", data, admin.pk)
    admin.refresh_from_db()
    assert (admin.name, admin.document) == ("Admin", DOCUMENTS["Admin"])
    assert list(admin.users.all()) == [operator]
    post(as_admin, "policy-delete", {}, admin.pk)
    assert AccessPolicy.objects.filter(pk=admin.pk).exists()


def test_own_policy_is_deleted(as_admin):
    policy = make_policy()
    answer, _ = post(as_admin, "policy-delete", {}, policy.pk)
    assert answer["Location"] == reverse("policy-list")
    assert not AccessPolicy.objects.filter(pk=policy.pk).exists()


def test_list_says_how_many_have_each_policy(as_admin, operator):
    make_policy(user=operator)
    page = as_admin.get(reverse("policy-list")).content.decode()
    assert "Team" in page
    assert page.count("Ready-made role") == 4


# Try a request.


def tried(client, person, action, resource="", **more):
    data = {"person": person, "action": action, "resource": resource, **more}
    return " ".join(post(client, "policy-try", data)[1].split())


def test_answer_names_the_statement_that_decides(as_admin):
    user = make_user(None)
    make_policy(user=user)
    PrincipalTag.objects.create(user=user, key="team", value="blue")
    blue, red = (make_job(tags={"team": team}) for team in ("blue", "red"))
    page = tried(as_admin, user.username, "s3:DescribeJob", blue.pk)
    assert "Allowed" in page
    assert "Statement &quot;Team&quot; of the policy <b>Team</b> allows it" in page
    page = tried(as_admin, user.username, "s3:DescribeJob", red.pk)
    assert "Denied" in page
    assert "No statement of a policy of" in page
    assert "<code>StringEquals aws:ResourceTag/team</code>" in page


def test_policy_is_tried_in_the_place_of_the_saved_one(as_admin):
    user = make_user(None)
    policy = make_policy(user=user)
    document = text_of({"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"})
    AccessPolicy.objects.get(name="Viewer").users.add(user)
    assert "Allowed" in tried(as_admin, user.username, "s3:ListJobs")
    page = tried(as_admin, user.username, "s3:ListJobs", document=document, policy=policy.pk)
    assert "Statement &quot;No&quot; of the policy <b>Team</b> denies it" in page
    policy.refresh_from_db()
    assert policy.document == text_of(OF_THE_TEAM)


def test_what_the_request_brings_is_named_line_by_line(as_admin):
    user = make_user(None)
    limited = {
        "Effect": "Allow",
        "Action": "s3:CreateJob",
        "Resource": "*",
        "Condition": {"NumericLessThanEquals": {"s3:RequestJobPriority": 100}},
    }
    make_policy("Limited", limited, user=user)
    for priority, answer in ((100, "Allowed"), (101, "Denied")):
        context = f"S3:requestjobpriority = {priority}\n"
        assert answer in tried(as_admin, user.username, "s3:CreateJob", context=context)
    page = tried(as_admin, user.username, "s3:CreateJob", context="s3:Priority = 1")
    assert "There is no condition key s3:Priority." in page


def test_superuser_is_told_to_need_no_policy(as_admin, admin):
    page = tried(as_admin, admin.username, "s3:CreateJob")
    assert "Allowed" in page
    assert "for whom no policy counts" in page


# Why something was denied.


def test_one_denied_is_told_what_was_needed_and_nothing_of_policies(client):
    user = make_user("operator")
    deny = {"Sid": "Secret", "Effect": "Deny", "Action": "s3:UpdateJobPriority", "Resource": "*"}
    make_policy("Hidden rule", deny, user=user)
    job = make_job("Active")
    client.force_login(user)
    answer = client.get(reverse("job-priority", args=[job.pk]))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "needs the Operator role, or another policy that allows s3:UpdateJobPriority" in page
    assert "Hidden rule" not in page
    assert "Secret" not in page
    assert reverse("policy-try") in page


def test_link_of_the_one_denied_shows_an_admin_which_statement_decided(client, as_admin):
    user = make_user("operator")
    deny = {"Sid": "Secret", "Effect": "Deny", "Action": "s3:UpdateJobPriority", "Resource": "*"}
    make_policy("Hidden rule", deny, user=user)
    job = make_job("Active")
    query = {"person": user.username, "action": "s3:UpdateJobPriority", "resource": job.pk}
    page = " ".join(as_admin.get(reverse("policy-try"), query).content.decode().split())
    assert "Statement &quot;Secret&quot; of the policy <b>Hidden rule</b> denies it" in page
    client.force_login(user)
    assert client.get(reverse("policy-try"), query).status_code == 403


def test_approver_has_run_job_and_not_cancel(client):
    user, job = make_user("viewer"), make_job("Suspended", total=10)
    AccessPolicy.objects.get(name="Approver").users.add(user)
    client.force_login(user)
    assert client.get(reverse("job-run", args=[job.pk])).status_code == 200
    assert client.get(reverse("job-cancel", args=[job.pk])).status_code == 403


def test_job_of_another_team_is_not_found(client):
    user = make_user(None)
    make_policy(user=user)
    PrincipalTag.objects.create(user=user, key="team", value="blue")
    ours, theirs = (make_job(tags={"team": team}) for team in ("blue", "red"))
    client.force_login(user)
    assert client.get(reverse("job-detail", args=[ours.pk])).status_code == 200
    assert client.get(reverse("job-detail", args=[theirs.pk])).status_code == 404
