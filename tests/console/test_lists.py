import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.console.views.listing import pack_ids, unpack_ids
from tests.make import make_job, make_region

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
