"""Review says what the job needs; what is missing has to be said to be known of."""

from html import unescape

import pytest

from jobs.models import Job, Region
from tests.bent_storage import bent, refused
from tests.wizard_walk import Form

WITHOUT = "The IAM role is not allowed to do this (403 AccessDenied)."


@pytest.fixture
def no_tagging(s3_server):
    def policy(sent):
        is_one = sent.method == "PUT" and sent.is_about("tagging")
        return refused(403, "AccessDenied") if is_one else sent

    with bent(s3_server, policy) as url:
        yield url


def page_of(wizard):
    return unescape(wizard.html)


def test_review_shows_what_was_found_on_the_way_to_it(at_review):
    html = page_of(at_review.open("review"))
    assert "What the job needs" in html and "s3:PutObjectTagging on photos" in html
    assert "Missing" not in html.partition('id="ahead"')[2].partition("</section>")[0]
    assert "Check again" in html and 'name="despite"' not in html


def test_missing_permission_keeps_create_job_back_until_the_box_is_ticked(
    at_options, bucket, no_tagging
):
    Region.objects.update(endpoint_url=no_tagging)
    at_options.press("options", report_path=f"s3://{bucket}/reports")
    html = page_of(at_options.open("review"))
    assert "s3:PutObjectTagging on photos" in html and WITHOUT in html
    assert at_options.send("review").status_code == 200
    assert "#despite" in at_options.html and "or tick the box" in page_of(at_options)
    assert not Job.objects.exists()
    assert at_options.send("review", despite=at_options.mark).status_code == 303
    assert Job.objects.count() == 1


def test_box_that_was_ticked_for_something_else_does_not_count(at_review, no_tagging):
    Region.objects.update(endpoint_url=no_tagging)
    assert at_review.press("review", despite="0123456789abcdef").status_code == 200
    assert WITHOUT in page_of(at_review) and not Job.objects.exists()


def test_dry_run_lacks_nothing(at_review, no_tagging):
    Region.objects.update(endpoint_url=no_tagging)
    assert at_review.press("review", "dry").status_code == 303
    assert Job.objects.get().dry_run


def test_check_again_finds_what_was_allowed_meanwhile(at_options, bucket, no_tagging, s3_server):
    Region.objects.update(endpoint_url=no_tagging)
    at_options.press("options", report_path=f"s3://{bucket}/reports")
    assert WITHOUT in page_of(at_options.open("review"))
    Region.objects.update(endpoint_url=s3_server)
    response = at_options.send("review", "ahead")
    assert response.status_code == 303 and response["Location"].endswith("#ahead")
    assert WITHOUT not in page_of(at_options.open("review"))


def test_what_was_found_about_another_job_is_not_shown(at_review):
    at_review.press("operation", **{"new_tags-0-value": "blue"})
    html = page_of(at_review.open("review"))
    assert "have not been checked yet" in html and "Check now" in html
    at_review.press("review", "ahead")
    assert "have not been checked yet" not in page_of(at_review.open("review"))


def test_edit_from_review_looks_again(at_review):
    at_review.open("operation", **{"return": "review"})
    at_review.send("operation", **{"new_tags-0-value": "blue"})
    assert "Check again" in page_of(at_review.open("review"))


def test_check_again_of_a_draft_with_a_problem_changes_nothing(at_review):
    at_review.press("operation", "save", **{"new_tags-0-key": ""})
    assert at_review.press("review", "ahead").status_code == 303
    assert at_review.open("review").html


def test_nothing_of_the_look_is_sent_by_the_form_without_a_tick(at_review):
    assert "despite" not in Form(at_review.open("review").html).values
