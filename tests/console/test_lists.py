import csv
import io
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.console.views.listing import pack_ids, unpack_ids
from jobs.queries import job_export
from tests.make import make_job, make_region, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def text_of(client, url, **query):
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_list_without_jobs_and_without_matches_say_what_to_do(as_operator):
    assert "A job runs one operation on a list of objects." in text_of(as_operator, "/jobs/")
    make_job()
    text = text_of(as_operator, "/jobs/", q="zzz")
    assert "No job fits these filters." in text and "Clear filters" in text


def test_list_shows_the_controls_as_the_url_sets_them(as_viewer):
    make_region("there")
    make_job("Failed", description="Retag all")
    text = text_of(
        as_viewer,
        "/jobs/",
        q="retag",
        status="Failed",
        region="there",
        tag="a=b",
        op="S3PutObjectCopy",
    )
    for control in ('name="q" value="retag"', 'value="Failed" id="status-Failed" checked',
                    'value="S3PutObjectCopy" selected>Copy<', 'value="there" selected', 'name="tag" value="a=b"'):  # fmt: skip
        assert control in text


@pytest.mark.parametrize("rows", [1, 3])
def test_list_takes_a_fixed_number_of_queries(as_viewer, django_assert_num_queries, rows):
    for _ in range(rows):
        make_job("Active", region=make_region(), tags={"a": "b"})
    as_viewer.get("/jobs/")
    # Session, person, two for permissions, three of the list, Regions, drafts.
    with django_assert_num_queries(8):
        as_viewer.get("/jobs/")


@pytest.mark.parametrize("rows", [1, 3])
def test_live_cells_take_a_fixed_number_of_queries(as_viewer, django_assert_num_queries, rows):
    jobs = [make_job("Active", region=make_region()) for _ in range(rows)]
    query = {"ids": pack_ids(job.pk for job in jobs)}
    with django_assert_num_queries(6):
        answer = as_viewer.get(reverse("list-live"), query, headers=HTMX)
    assert answer.content.decode().count('hx-swap-oob="true"') == 5 * rows


def test_live_cells_are_those_of_the_page_for_the_rows_that_move(as_viewer):
    jobs = [make_job("Active", total=1000, failed=3), make_job("Complete")]
    page = as_viewer.get("/jobs/")
    assert unpack_ids(page.context["poll_ids"]) == [jobs[0].pk]
    live = as_viewer.get(
        reverse("list-live"), {"ids": page.context["poll_ids"]}, headers=HTMX
    ).content.decode()
    cells = [line for line in live.splitlines() if jobs[0].pk in line and "oob" in line]
    assert len(cells) == 5
    for cell in cells:
        assert cell.strip().replace(' hx-swap-oob="true"', "") in page.content.decode()


def test_new_jobs_are_told_above_the_list_and_never_inserted(as_viewer):
    since = timezone.now().timestamp() - 1
    make_job("New", description="Fresh", created_at=timezone.now())
    answer = as_viewer.get(reverse("list-live"), {"since": str(since)}, headers=HTMX)
    text = answer.content.decode()
    assert "1 new job. Show" in text and "Fresh" not in text
    late = {"since": str(since + 100)}
    assert "new job" not in as_viewer.get(reverse("list-live"), late, headers=HTMX).content.decode()


@pytest.mark.parametrize(
    "query", ["ids=%00&since=x", "ids=AAAA&since=1e400", "since=nan", "ids=%C3%A9"]
)
def test_odd_parameters_of_a_poll_are_dropped(as_viewer, query):
    assert as_viewer.get(f"{reverse('list-live')}?{query}", headers=HTMX).status_code == 200


def test_ids_of_a_hundred_rows_fit_into_an_address_and_come_back():
    ids = [str(uuid.uuid4()) for _ in range(100)]
    assert unpack_ids(pack_ids(ids)) == ids
    assert len(pack_ids(ids)) < 2_200


def test_overview_without_a_region_shows_the_first_steps(as_admin):
    text = text_of(as_admin, "/")
    for words in ("Connect storage", "Choose your objects", "Create your first job", "Nothing needs you right now."):  # fmt: skip
        assert words in text
    make_job()
    assert "First steps" not in text_of(as_admin, "/")


def test_overview_live_part_is_the_same_in_the_page_and_alone(as_operator, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    for status in ("Suspended", "Active", "Complete", "Failed"):
        make_job(status, now=now)
    alone = as_operator.get(reverse("overview-live"), headers=HTMX).content.decode()
    assert 'id="overview-live"' in alone
    assert alone.strip() in text_of(as_operator, "/")


def test_drafts_are_offered_to_those_who_can_make_jobs(client, viewer, operator):
    client.force_login(viewer)
    assert reverse("draft-list") not in client.get("/jobs/").content.decode()
    client.force_login(operator)
    assert reverse("draft-list") in client.get("/jobs/").content.decode()


def needs_of(client, **query):
    return client.get("/", query).context["found"]


def test_what_needs_somebody_is_set_aside_by_one_person_and_brought_back(client, operator, viewer):
    waits, failed = make_job("Suspended", description="Waits"), make_job("Failed")
    far = make_region("far", check_error="It does not answer.", checked_at=timezone.now())
    client.force_login(viewer)
    client.post(reverse("set-aside"), {"job": waits.pk})
    client.post(reverse("set-aside"), {"region": "far"})
    found = needs_of(client)
    assert [need.job for need in found.needs] == [failed]
    assert (found.needs_total, found.set_aside) == (1, 2)
    assert "“Waits” awaits confirmation" in text_of(client, reverse("set-aside"))
    client.force_login(operator)
    assert needs_of(client).needs_total == 3
    client.force_login(viewer)
    client.post(reverse("bring-back"), {"job": waits.pk})
    client.post(reverse("bring-back"), {"region": far.slug})
    assert (needs_of(client).needs_total, needs_of(client).set_aside) == (3, 0)


def test_what_was_set_aside_comes_back_when_its_status_changed(as_operator):
    job = make_job("Paused", paused_cause="canary")
    as_operator.post(reverse("set-aside"), {"job": job.pk})
    assert needs_of(as_operator).needs_total == 0
    for before, to in (("Paused", "Active"), ("Active", "Paused")):
        job.status_changes.create(at=timezone.now(), from_status=before, to_status=to)
    assert needs_of(as_operator).needs_total == 1
    as_operator.post(reverse("set-aside"), {"job": job.pk})
    assert needs_of(as_operator).needs_total == 0


def test_region_that_was_set_aside_comes_back_when_it_is_tested_again(as_operator):
    far = make_region("far", check_error="It does not answer.", checked_at=timezone.now())
    as_operator.post(reverse("set-aside"), {"region": "far"})
    assert needs_of(as_operator).needs_total == 0
    far.checked_at = timezone.now()
    far.save()
    assert needs_of(as_operator).needs_total == 1


@pytest.mark.parametrize("body", [{"job": "\0"}, {"region": "\0"}, {"job": "x"}, {}])
def test_nothing_that_is_there_is_set_aside_by_an_odd_request(as_operator, body):
    for name in ("set-aside", "bring-back"):
        assert as_operator.post(reverse(name), body).status_code == 303


def test_export_is_the_list_as_filtered_with_nothing_that_a_spreadsheet_would_run(as_viewer):
    owner = make_user(name="olga.owner")
    make_job("Failed", description="=1+1", owner=owner, failed=7, tags={"b": "2", "a": "1"},
             failure_reason="Too many failed.")  # fmt: skip
    make_job("Complete", description="Other")
    answer = as_viewer.get(
        reverse("job-export"), {"status": "Failed", "owner": "OLGA.owner@example.com"}
    )
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="jobs.csv"'
    assert [(row["Description"], row["Owner"], row["Failed"]) for row in rows] == [
        ("'=1+1", "olga.owner@example.com", "7")
    ]
    assert rows[0]["Status"] == "Failed" and "Tags" not in rows[0]
    assert rows[0]["FailureReason"] == "Too many failed."


def test_export_reads_batch_by_batch_and_every_job_once(
    as_viewer, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(job_export, "BATCH", 2)
    now = timezone.now()
    moments = [now, now, now, now - timedelta(days=1), now - timedelta(days=2)]
    jobs = [make_job(created_at=moment, tags={"a": "b"}) for moment in moments]
    answer = as_viewer.get(reverse("job-export"), {"tag": "a=b"})
    with django_assert_num_queries(3 * 2):
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    ids = [row["JobId"] for row in rows]
    assert sorted(ids) == sorted(job.pk for job in jobs) and ids[3:] == [job.pk for job in jobs[3:]]


def test_region_of_the_url_that_is_none_is_shown_in_its_control(as_viewer):
    make_job()
    text = text_of(as_viewer, "/jobs/", region="gone")
    assert 'value="gone" selected>gone (no such Region)' in text


def test_list_says_who_owns_a_job_and_in_which_region_it_is(as_viewer):
    make_job(owner=make_user(name="olga.owner"), region=make_region("far-away"))
    text = text_of(
        as_viewer,
        "/jobs/",
        owner="olga.owner@example.com",
        **{"from": "2026-01-02", "to": "2099-01-01"},
    )
    text = " ".join(text.split())
    assert "?owner=olga.owner%40example.com" in text.replace("&amp;", "&") and ">far-away<" in text
    for control in ('name="owner" value="olga.owner@example.com"', 'name="from" value="2026-01-02"',
                    'name="to" value="2099-01-01"'):  # fmt: skip
        assert control in text
