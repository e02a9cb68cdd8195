"""From Create job to a job, without a script; and what Review catches before."""

from html import unescape

from django.urls import reverse

from jobs.choices import JobStatus
from jobs.models import Draft, Job, RoleCredentials
from tests.console.wizard.conftest import ROWS, signed_in
from tests.make import make_user
from tests.wizard_walk import Wizard


def test_wizard_when_walked_through_makes_the_job_that_was_described(at_review, bucket, operator):
    response = at_review.press("review")
    job = Job.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert job.owner == operator
    assert job.status == JobStatus.NEW
    assert job.confirmation_required is True
    assert job.operation == "S3PutObjectTagging"
    assert job.parameters == {"TagSet": [{"Key": "team", "Value": "red"}]}
    assert job.manifest.place == f"s3://{bucket}/list.csv"
    assert job.manifest.fields == ("Bucket", "Key")
    assert (job.report_bucket, job.report_prefix) == (bucket, "reports")
    assert job.priority == 10
    assert job.description.endswith(" - Replace all object tags")
    page = at_review.client.get(response["Location"]).content.decode()
    assert f"Successfully created job ID {job.pk}." in page


def test_review_says_what_will_happen_and_repeats_every_choice(at_review, bucket, role):
    html = unescape(at_review.open("review").html)
    assert "Replaces every tag on 2 objects in photos." in html
    for value in (f"s3://{bucket}/list.csv", "team=red", f"s3://{bucket}/reports", role.arn):
        assert value in html
    assert "Not provided" in html
    assert "You confirm again before it runs." in html


def test_second_press_of_create_job_leads_to_the_same_job(at_review):
    page = at_review.open("review").values
    first = at_review.client.post(at_review.url("review"), page | {"go": "next"})
    second = at_review.client.post(at_review.url("review"), page | {"go": "next"})
    assert first["Location"] == second["Location"]
    assert Job.objects.count() == 1


def test_two_presses_that_cross_make_one_job(at_review):
    """Both were let in before either was done: the draft has no job yet for the second."""
    page = at_review.open("review").values | {"go": "next"}
    first = at_review.client.post(at_review.url("review"), page)
    Draft.objects.update(job=None)
    second = at_review.client.post(at_review.url("review"), page)
    assert first["Location"] == second["Location"]
    assert Job.objects.count() == 1


def test_draft_that_became_a_job_leads_there_for_ever(at_review):
    at_review.press("review")
    job_page = f"/jobs/{Job.objects.get().pk}/"
    for step in ("manifest", "operation", "options", "review"):
        assert at_review.client.get(at_review.url(step))["Location"] == job_page
    response = at_review.client.post(reverse("draft-delete", args=[at_review.draft.pk]))
    assert response.status_code == 303
    assert Draft.objects.get().job is not None


def test_edit_from_review_comes_back_to_review(at_review):
    at_review.open("operation", **{"return": "review"})
    response = at_review.send("operation", **{"new_tags-0-value": "blue"})
    assert response["Location"] == at_review.url("review")
    assert "team=blue" in at_review.open("review").html


def test_edit_from_review_that_adds_a_row_still_comes_back(at_review):
    at_review.open("operation", **{"return": "review"})
    response = at_review.send("operation", "add:new_tags")
    at_review.html = at_review.client.get(response["Location"]).content.decode()
    response = at_review.send("operation", **{"new_tags-1-key": "env"})
    assert response["Location"] == at_review.url("review")


def refused(wizard, sentence, target):
    """Create job makes nothing, and says why with a link to the field."""
    response = wizard.press("review")
    assert response.status_code == 200
    html = unescape(wizard.html)
    assert sentence in html
    assert target in html
    assert not Job.objects.exists()


def test_manifest_that_changed_before_create_job_is_caught_and_named(at_review, put):
    put("list.csv", ROWS + "photos,new.jpg\n")
    refused(
        at_review, "was changed after you checked it.", "/manifest/?return=review#manifest_object"
    )
    at_review.press("manifest", "check")
    at_review.press("manifest")
    assert at_review.press("review").status_code == 303
    assert Job.objects.count() == 1


def test_manifest_that_is_gone_before_create_job_is_caught(at_review, s3, bucket):
    s3.delete_object(Bucket=bucket, Key="list.csv")
    refused(at_review, "list.csv does not exist.", "#manifest_object")


def test_credentials_that_are_gone_before_create_job_are_caught(at_review):
    RoleCredentials.objects.all().delete()
    refused(at_review, "This IAM role has no credentials", "/options/?return=review#role")


def test_storage_that_is_down_on_review_is_said_and_nothing_is_lost(at_review, region):
    region.endpoint_url = "http://127.0.0.1:9"
    region.save()
    refused(at_review, "The storage does not answer.", "#manifest_object")
    assert at_review.open("operation").values["new_tags-0-key"] == "team"


def test_review_of_another_tab_that_changed_is_not_created_unseen(at_review):
    mine = Wizard(at_review.client, at_review.draft).open("review")
    at_review.press("options", "next", priority="99")
    response = mine.send("review")
    assert response.status_code == 200
    assert "This draft changed in another tab" in mine.html
    assert not Job.objects.exists()


def test_operator_rights_taken_away_stop_create_job(at_review, operator):
    page = at_review.open("review").values
    operator.groups.clear()
    response = at_review.client.post(at_review.url("review"), page | {"go": "next"})
    assert response.status_code == 403
    assert not Job.objects.exists()


def test_viewer_cannot_clone(at_review):
    at_review.press("review")
    viewer = signed_in(make_user("viewer"))
    assert viewer.post(reverse("job-clone", args=[Job.objects.get().pk])).status_code == 403
