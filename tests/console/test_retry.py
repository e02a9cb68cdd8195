"""Retry failed: a draft over the failed objects of an ended job, and what its pages say of them."""

import threading
from html import unescape

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from jobs.choices import JobStatus
from jobs.console.wizard.looks import csv_manifest
from jobs.models import Draft, Job
from tests.console.ended import failed_row, make_list
from tests.console.wizard.conftest import signed_in
from tests.make import (
    make_failures,
    make_job,
    make_user,
)
from tests.wizard_walk import Wizard

AWKWARD = ["a%20b.jpg", "a+b.jpg", "50%25.jpg", "日本.jpg", 'quo"te.jpg', "com,ma.jpg", "'x'"]
"""Keys as they stand in a manifest, after CSV and before URL-decoding."""


@pytest.fixture
def jobs_in_two_codes(ended):
    return ended.make([("a%20b", "NoSuchKey"), ("c", "AccessDenied"), ("d,e", "NoSuchKey")])


def press(client, job, code=""):
    return client.post(reverse("job-retry", args=[job.pk]), {"code": code} if code else {})


def pressed(client, job, code=""):
    """The wizard of the draft, which stands at Review."""
    answer = press(client, job, code)
    assert answer.status_code == 303, unescape(answer.content.decode())
    wizard = Wizard(client, Draft.objects.latest("created_at"))
    assert answer["Location"] == wizard.url("review")
    return wizard


def created(wizard):
    assert wizard.create_despite().status_code == 303, unescape(wizard.html)
    wizard.draft.refresh_from_db()
    return wizard.draft.job


def see(client, job, name="job-detail"):
    answer = client.get(reverse(name, args=[job.pk]))
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def test_retry_makes_a_job_like_the_old_one_over_exactly_its_failed_objects(as_operator, ended):
    limits = {"requests_per_s": 50, "in_flight": 8, "failure_floor": 20, "failure_percent": 90}
    rows = [(key, "NoSuchKey") for key in AWKWARD]
    job = ended.make(rows, description="Nightly tags", **limits)
    wizard = pressed(as_operator, job)
    html = unescape(wizard.open("review").html)
    assert "Replaces every tag on 7 objects" in html
    assert "was changed since" not in html
    assert f'Retry of <a href="/jobs/{job.pk}/">{job.short_id}</a>: the 7 objects' in html
    made = created(wizard)
    assert (made.retry_of, made.cloned_from) == (job, None)
    assert (made.description, made.status) == ("Retry 1 of Nightly tags", JobStatus.NEW)
    for name in ("region", "role", "priority", "operation", "parameters", "report_bucket", "report_prefix", *limits):  # fmt: skip
        assert getattr(made, name) == getattr(job, name), name
    assert list(made.tags.values_list("key", "value")) == [("team", "blue")]
    assert made.manifest.fields == ("Bucket", "Key")
    assert ended.list_of(wizard.draft).splitlines() == [
        "photos,a%20b.jpg", "photos,a+b.jpg", "photos,50%25.jpg", "photos,日本.jpg",
        'photos,"quo""te.jpg"', 'photos,"com,ma.jpg"', "photos,'x'",
    ]  # fmt: skip


def test_number_of_objects_is_exact_where_a_manifest_would_be_estimated(as_operator, ended):
    job = ended.make([("x" * 120 + str(n), "NoSuchKey") for n in range(12_000)], total=24_000)
    wizard = pressed(as_operator, job)
    assert len(ended.list_of(wizard.draft)) > csv_manifest.SAMPLE_BYTES
    html = wizard.open("review").html
    assert "Replaces every tag on 12,000 objects" in html and "About" not in html.split("<h1")[1].replace("About this step", "")  # fmt: skip
    assert "photos (12,000)" in html


def test_retry_of_one_code_lists_its_objects_only(as_operator, ended, jobs_in_two_codes):
    wizard = pressed(as_operator, jobs_in_two_codes, "NoSuchKey")
    assert ended.list_of(wizard.draft) == 'photos,a%20b\nphotos,"d,e"\n'
    assert "the 2 objects that failed with NoSuchKey" in wizard.open("review").html


def test_retry_of_versions_names_them_again(as_operator, ended):
    job = ended.make(
        [("a", "NoSuchVersion", "v1"), ("b", "NoSuchVersion", "null"), ("c", "InvalidRequest", None)],
        manifest_fields=["Ignore", "Bucket", "Key", "VersionId"],
    )  # fmt: skip
    wizard = pressed(as_operator, job)
    assert ended.list_of(wizard.draft) == "photos,a,v1\nphotos,b,null\nphotos,c,\n"
    assert created(wizard).manifest.fields == ("Bucket", "Key", "VersionId")


def test_list_never_begins_with_a_row_that_reads_like_column_names(as_operator, ended):
    job = ended.make([("key", "NoSuchKey"), ("Object", "NoSuchKey"), ("a", "NoSuchKey")])
    body = b"".join(
        failed_row(key, "NoSuchKey").replace(b"photos", b"bucket") for key in ("key", "Object", "a")
    )
    ended.s3.put_object(Bucket=ended.bucket, Key=f"out/job-{job.pk}/results/0.csv", Body=body)
    wizard = pressed(as_operator, job)
    assert ended.list_of(wizard.draft) == "bucket,a\nbucket,key\nbucket,Object\n"
    created(wizard)


def test_pages_of_both_jobs_lead_to_each_other(as_operator, ended, jobs_in_two_codes):
    job = jobs_in_two_codes
    made = created(pressed(as_operator, job, "NoSuchKey"))
    Job.objects.filter(pk=made.pk).update(description="")
    assert f'Retry of <a href="/jobs/{job.pk}/">{job.short_id}</a>' in see(as_operator, made)
    for name in ("job-detail", "job-failures"):
        assert f'href="/jobs/{made.pk}/">{made.short_id}</a>' in see(as_operator, job, name)
    for query in ("", f"?q={job.short_id}"):
        html = unescape(as_operator.get(reverse("job-list") + query).content.decode())
        assert f'href="/jobs/{job.pk}/">{job.short_id}</a></span>' in html
        assert f'href="/jobs/{made.pk}/">{made.short_id}</a></span>' in html
    assert f'href="/jobs/{job.pk}/">{job.pk}</a>' in see(as_operator, made, "job-configuration")


def test_failures_page_offers_each_code_that_nobody_retries_yet(as_operator, ended):
    job = ended.make([("a", "NoSuchKey"), ("b", "AccessDenied")])
    html = see(as_operator, job, "job-failures")
    assert html.count('name="code"') == 2
    made = created(pressed(as_operator, job, "NoSuchKey"))
    html = see(as_operator, job, "job-failures")
    assert html.count('name="code"') == 1 and 'name="code" value="AccessDenied"' in html
    assert f'Retried by <a class="mono" href="/jobs/{made.pk}/">' in html


@pytest.mark.parametrize("code", ["", "NoSuchKey"])
def test_second_retry_of_the_same_objects_is_refused_with_the_job_that_has_them(
    as_operator, jobs_in_two_codes, code
):
    made = created(pressed(as_operator, jobs_in_two_codes))
    answer = press(as_operator, jobs_in_two_codes, code)
    assert answer.status_code == 409
    assert f"Job {made.short_id} retries these objects already." in answer.content.decode()
    assert Draft.objects.filter(job=None).count() == 0
    assert f"Job {made.short_id} retries these objects already." in see(as_operator, jobs_in_two_codes)  # fmt: skip


def test_retry_of_everything_after_one_code_is_refused_but_the_other_code_is_not(
    as_operator, jobs_in_two_codes
):
    created(pressed(as_operator, jobs_in_two_codes, "NoSuchKey"))
    answer = press(as_operator, jobs_in_two_codes)
    assert answer.status_code == 409 and b"one by one" in answer.content
    assert created(pressed(as_operator, jobs_in_two_codes, "AccessDenied"))


def test_two_drafts_of_the_same_objects_make_one_job(client, jobs_in_two_codes):
    first, second = (signed_in(make_user("operator")) for _ in range(2))
    one, other = pressed(first, jobs_in_two_codes), pressed(second, jobs_in_two_codes)
    made = created(one)
    assert f"Job {made.short_id} retries these objects already." in other.open("review").html
    assert other.press("review").status_code == 200
    assert f"Job {made.short_id} retries these objects already. Delete this draft." in other.html
    assert Job.objects.filter(retry_of=jobs_in_two_codes).count() == 1


def test_retry_that_was_cancelled_is_in_nobodys_way(as_operator, jobs_in_two_codes):
    made = created(pressed(as_operator, jobs_in_two_codes))
    Job.objects.filter(pk=made.pk).update(**{"status": JobStatus.CANCELLED})
    again = created(pressed(as_operator, jobs_in_two_codes))
    assert again.manifest.key == made.manifest.key
    assert again.description.startswith("Retry 2 of Job ")


def test_draft_over_another_manifest_is_a_retry_no_more(as_operator, ended, jobs_in_two_codes):
    wizard = pressed(as_operator, jobs_in_two_codes)
    ended.s3.put_object(Bucket=ended.bucket, Key="other.csv", Body=b"photos,x\n")
    path = f"s3://{ended.bucket}/other.csv"
    assert wizard.press("manifest", manifest_object=path).status_code == 303, wizard.html
    assert "makes a job of its own" in wizard.open("review").html
    assert created(wizard).retry_of is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"report_enabled": False}, "The completion report was not asked for"),
        ({}, "The completion report was not written"),
    ],
)
def test_job_without_a_report_says_so_and_what_to_do(as_operator, fields, sentence):
    job = make_job("Complete", failed=3, **fields)
    make_failures(job, tasks=3)
    answer = press(as_operator, job)
    assert answer.status_code == 409
    for html in (unescape(answer.content.decode()), see(as_operator, job)):
        assert sentence in html and "Clone the job to run all of its objects again." in html
    assert not Draft.objects.exists()


@pytest.mark.parametrize("status", ["Suspended", "Active", "Completing", "Cancelling"])
def test_job_that_has_not_ended_is_not_retried(as_operator, status):
    job = make_job(status, failed=1 if status != "Suspended" else 0)
    assert press(as_operator, job).status_code == 409
    assert 'id="retry"' not in see(as_operator, job)


def test_job_without_failures_has_the_button_switched_off(as_operator):
    job = make_job("Complete")
    assert "No object of this job failed." in see(as_operator, job)
    assert press(as_operator, job).status_code == 409


def test_unknown_code_is_refused(as_operator, jobs_in_two_codes):
    answer = press(as_operator, jobs_in_two_codes, "SlowDown\0")
    assert b"No object of this job failed with SlowDown" in answer.content


def test_cancelled_job_says_how_many_objects_a_retry_leaves_out(as_operator, ended):
    job = ended.make([("a", "NoSuchKey"), ("b", "NoSuchKey")], "Cancelled", total=1000)
    sentence = "500 objects of that job were never run."
    assert sentence in see(as_operator, job)
    assert sentence in pressed(as_operator, job).open("review").html


def test_viewer_may_look_at_retries_and_make_none(client, as_operator, jobs_in_two_codes):
    created(pressed(as_operator, jobs_in_two_codes, "NoSuchKey"))
    viewer = signed_in(make_user("viewer"))
    html = see(viewer, jobs_in_two_codes, "job-failures")
    assert "Retries of the failed objects" in html and 'name="code"' not in html
    assert press(viewer, jobs_in_two_codes).status_code == 403
    assert press(client.__class__(), jobs_in_two_codes).status_code == 302
    draft = Draft.objects.latest("created_at")
    for name in ("retry-list", "retry-list-live"):
        assert viewer.get(reverse(name, args=[draft.pk])).status_code == 403
        assert signed_in(make_user("operator")).get(reverse(name, args=[draft.pk])).status_code == 404  # fmt: skip


def test_retry_is_asked_for_with_post_alone(as_operator, jobs_in_two_codes):
    assert as_operator.get(reverse("job-retry", args=[jobs_in_two_codes.pk])).status_code == 405


# What has become of the objects


def retried(job, rows=None, **fields):
    name = f"retry-of-{job.pk}{f'-{rows}' if rows else ''}.csv"
    return make_job(retry_of=job, manifest_key=f"out/job-{job.pk}/{name}", **fields)


def test_job_page_counts_the_final_state_of_each_failed_object(as_viewer):
    job = make_job("Complete", failed=120)
    retried(job, "NoSuchKey", status="Complete", total=100, succeeded=98, failed=2)
    other = retried(job, "AccessDenied", status="Active", total=20, succeeded=5, failed=3)
    assert "Of 120 failed objects, 103 succeeded in a retry, 5 still fail and 12 were not run again." in see(as_viewer, job)  # fmt: skip
    Job.objects.filter(pk=other.pk).update(tasks_succeeded=17, **{"status": "Complete"})
    retried(other, status="Complete", total=3, succeeded=3)
    assert "Of 120 failed objects, 118 succeeded in a retry and 2 still fail." in see(as_viewer, job)  # fmt: skip


def test_objects_of_a_retry_that_gave_up_count_until_another_runs_them_again(as_viewer):
    job = make_job("Complete", failed=10)
    retried(job, status="Cancelled", total=10, succeeded=4, failed=1)
    assert "4 succeeded in a retry, 1 still fails and 5 were not run again." in see(as_viewer, job)
    retried(job, status="Complete", total=10, succeeded=10, created_at=timezone.now())
    assert "Of 10 failed objects, 10 succeeded in a retry." in see(as_viewer, job)


def test_retries_are_looked_at_again_while_one_moves(as_viewer):
    job = make_job("Complete", failed=10)
    retry_job = retried(job, status="Active", total=10, succeeded=4)
    url = reverse("job-retries", args=[job.pk])
    assert f'hx-get="{url}"' in see(as_viewer, job)
    assert as_viewer.get(url).status_code == 302
    Job.objects.filter(pk=retry_job.pk).update(tasks_succeeded=10, **{"status": "Complete"})
    html = as_viewer.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "10 succeeded in a retry" in html and "hx-get" not in html


def test_overview_needs_nobody_for_failures_that_are_being_retried(as_viewer):
    job = make_job("Complete", failed=10, description="Broken batch")
    assert "Broken batch" in see_needs(as_viewer)
    retried(job, "NoSuchKey", status="Active", total=9, succeeded=4)
    retried(job, "AccessDenied", status="Cancelled", total=1, succeeded=0)
    assert "Broken batch" in see_needs(as_viewer)
    retried(job, "AccessDenied", status="Complete", total=1, succeeded=1)
    assert "Broken batch" not in see_needs(as_viewer)


def see_needs(client):
    html = client.get(reverse("overview")).content.decode()
    return html.partition("Needs you")[2].partition("<h2")[0]


# Lists that take their time, and lists that cannot be made


def test_long_list_is_made_in_the_background_while_a_page_tells(
    as_operator, jobs_in_two_codes, slowly
):
    answer = press(as_operator, jobs_in_two_codes)
    draft = Draft.objects.get()
    page = reverse("retry-list", args=[draft.pk])
    assert answer["Location"] == page
    assert press(as_operator, jobs_in_two_codes)["Location"] == page
    assert slowly == [("make_retry_list", str(draft.pk))]
    html = as_operator.get(page).content.decode()
    assert "The list of 3 objects is being made." in html
    assert '<noscript><meta http-equiv="refresh"' in html
    for step in ("manifest", "review"):
        url = reverse("wizard-step", args=[draft.pk, step])
        assert as_operator.get(url)["Location"] == page
        assert as_operator.post(url)["Location"] == page
    make_list(draft)
    live = as_operator.get(reverse("retry-list-live", args=[draft.pk]), headers={"HX-Request": "1"})
    assert live["HX-Redirect"] == page
    assert as_operator.get(page)["Location"] == reverse("wizard-step", args=[draft.pk, "review"])
    assert created(Wizard(as_operator, draft)).retry_of == jobs_in_two_codes


def test_lost_hint_is_repeated_by_whoever_looks(as_operator, jobs_in_two_codes, slowly):
    press(as_operator, jobs_in_two_codes)
    draft = Draft.objects.get()
    live = reverse("retry-list-live", args=[draft.pk])
    as_operator.get(live, headers={"HX-Request": "true"})
    assert len(slowly) == 1
    draft.refresh_from_db()
    draft.data["retry"]["called_s"] -= 31
    draft.save()
    assert "Waiting for a worker" in as_operator.get(live, headers={"HX-Request": "1"}).content.decode()  # fmt: skip
    assert len(slowly) == 2


def test_list_that_differs_from_what_the_job_counted_is_not_used(as_operator, ended, jobs_in_two_codes):  # fmt: skip
    make_failures(jobs_in_two_codes, "NoSuchKey", 410, tasks=4)
    page = press(as_operator, jobs_in_two_codes, "NoSuchKey")["Location"]
    html = unescape(as_operator.get(page).content.decode())
    assert "lists 2 failed objects with NoSuchKey, but the job counted 6." in html
    keys = [o["Key"] for o in ended.s3.list_objects_v2(Bucket=ended.bucket)["Contents"]]
    assert not [key for key in keys if "retry-of" in key]


def test_report_that_was_deleted_is_named_and_tried_again_on_demand(
    as_operator, ended, jobs_in_two_codes
):
    place = {"Bucket": ended.bucket, "Key": f"out/job-{jobs_in_two_codes.pk}/results/0.csv"}
    body = ended.s3.get_object(**place)["Body"].read()
    ended.s3.delete_object(**place)
    page = press(as_operator, jobs_in_two_codes)["Location"]
    html = unescape(as_operator.get(page).content.decode())
    assert (
        f"s3://{place['Bucket']}/{place['Key']}, a file of the completion report, was moved" in html
    )
    ended.s3.put_object(**place, Body=body)
    assert as_operator.post(page)["Location"] == page
    make_list(Draft.objects.get())
    assert as_operator.get(page)["Location"].endswith("/review/")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a,b\n", b'photos,"a', b"photos,a,,failed\n"])
def test_report_that_was_replaced_by_something_else_is_not_used(
    as_operator, ended, jobs_in_two_codes, body
):
    key = f"out/job-{jobs_in_two_codes.pk}/results/0.csv"
    ended.s3.put_object(Bucket=ended.bucket, Key=key, Body=body)
    page = press(as_operator, jobs_in_two_codes)["Location"]
    assert "was changed since the completion report was written" in see_page(as_operator, page)


def test_report_whose_rows_were_exchanged_is_not_used(as_operator, ended, jobs_in_two_codes):
    job = jobs_in_two_codes
    job.report.files = [job.report.files[0] | {"md5": "0" * 32}]
    job.report.save()
    page = press(as_operator, job)["Location"]
    assert "was changed since the completion report was written" in see_page(as_operator, page)


def see_page(client, page):
    return unescape(client.get(page).content.decode())


def test_storage_that_does_not_answer_is_told_and_waited_for(as_operator, ended, jobs_in_two_codes, slowly):  # fmt: skip
    url = ended.region.endpoint_url
    ended.region.endpoint_url = "http://127.0.0.1:9"
    ended.region.save()
    page = press(as_operator, jobs_in_two_codes)["Location"]
    draft = Draft.objects.get()
    make_list(draft)
    assert "The storage does not answer." in see_page(as_operator, page)
    ended.region.endpoint_url = url
    ended.region.save()
    draft.refresh_from_db()
    draft.data["retry"] |= {"called_s": 0, "seen_s": 0}
    draft.save()
    make_list(draft)
    assert as_operator.get(page)["Location"].endswith("/review/")


def test_draft_that_was_deleted_meanwhile_is_no_trouble(as_operator, jobs_in_two_codes, slowly):
    press(as_operator, jobs_in_two_codes)
    draft = Draft.objects.get()
    as_operator.post(reverse("draft-delete", args=[draft.pk]))
    make_list(draft)
    assert not Draft.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_persons_who_create_at_the_same_moment_make_one_job(ended):
    job = ended.make([("a", "NoSuchKey"), ("b", "NoSuchKey")])
    wizards = [pressed(signed_in(make_user("operator")), job) for _ in range(2)]
    ready, answers = threading.Barrier(2), []

    def create(wizard):
        wizard.open("review")
        ready.wait(60)
        answers.append(wizard.send("review").status_code)
        connection.close()

    threads = [threading.Thread(target=create, args=[wizard]) for wizard in wizards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 303]
    assert Job.objects.filter(retry_of=job).count() == 1


def test_report_that_is_filtered_by_a_code_offers_to_retry_these(as_operator, ended, jobs_in_two_codes):  # fmt: skip
    url = reverse("job-report", args=[jobs_in_two_codes.pk])
    assert "Retry these" not in as_operator.get(url).content.decode()
    html = as_operator.get(url, {"code": "NoSuchKey"}).content.decode()
    assert '<input type="hidden" name="code" value="NoSuchKey"><button class="btn" id="retry-these">' in html  # fmt: skip
    assert "Retry these" not in signed_in(make_user("viewer")).get(url, {"code": "NoSuchKey"}).content.decode()  # fmt: skip


def test_admin_site_shows_what_a_job_retries_and_what_retries_it(as_admin):
    job = make_job("Complete", failed=3)
    retry_job = retried(job, status="Active")
    for one, other in ((job, retry_job), (retry_job, job)):
        html = as_admin.get(reverse("admin:jobs_job_change", args=[one.pk])).content.decode()
        assert other.pk in html
