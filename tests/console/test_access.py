import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from jobs.access.principals import principal_of
from jobs.console.access import draft_or_404
from jobs.models import AccessPolicy, Draft
from tests.make import make_job, make_user

pytestmark = pytest.mark.django_db


def test_policies_of_a_person_are_those_of_their_groups_and_their_own():
    user = make_user("viewer")
    AccessPolicy.objects.get(name="Approver").users.add(user)
    AccessPolicy.objects.get(name="Viewer").users.add(user)
    assert [policy.name for policy in principal_of(user).policies] == ["Approver", "Viewer"]


def test_nobody_who_is_not_signed_in_may_do_anything():
    nobody = principal_of(AnonymousUser())
    assert not nobody.policies
    assert not nobody.is_root


def test_disabled_administrator_may_do_nothing(admin):
    admin.is_active = False
    assert not principal_of(admin).is_root


@pytest.mark.parametrize("name", ["job-run", "job-cancel", "job-priority", "job-tags"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_viewer_is_told_that_changing_a_job_needs_the_operator_role(as_viewer, name, method):
    job = make_job("Suspended")
    answer = getattr(as_viewer, method)(reverse(name, args=[job.pk]))
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "needs the Operator role" in page
    assert reverse("job-detail", args=[job.pk]) in page
    job.refresh_from_db()
    assert job.status == "Suspended"


@pytest.mark.parametrize("name", ["overview", "job-list", "job-detail", "job-live"])
def test_person_without_a_role_sees_no_job(client, name):
    job = make_job()
    client.force_login(make_user(None))
    args = [job.pk] if name.startswith("job-") and name != "job-list" else []
    answer = client.get(reverse(name, args=args), headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert "You have no role yet." in answer.content.decode()


def test_draft_is_its_owners_and_an_admin_may_read_it(rf, operator, admin):
    now = timezone.now()
    draft = Draft.objects.create(owner=operator, created_at=now, updated_at=now)
    request = rf.get("/")
    request.user = operator
    assert draft_or_404(request, draft.pk, write=True) == draft
    request.user = admin
    assert draft_or_404(request, draft.pk) == draft
    with pytest.raises(Http404):
        draft_or_404(request, draft.pk, write=True)
    request.user = make_user("operator")
    with pytest.raises(Http404):
        draft_or_404(request, draft.pk)
