"""Convert: a list in a bucket becomes a manifest beside it, at once or in the background."""

import threading
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs import background, queueing
from jobs.console.wizard.lists import convert_list
from jobs.lifecycle import list_conversions
from jobs.lifecycle.list_conversions import CONVERSION
from tests.wizard_walk import Form

LIST = b"Bucket;Key\r\nphotos;a b.jpg\r\n\r\nphotos;c,d.jpg\r\n"
MADE = b"photos,a%20b.jpg\nphotos,c%2Cd.jpg\n"


@pytest.fixture
def stand_at(draft, put):
    def stand(text, name="list.csv"):
        draft.data = {"manifest": draft.data["manifest"] | {"manifest_object": put(name, text)}}
        draft.save()
        return draft

    return stand


@pytest.fixture
def convert(client, draft, lists):
    url = reverse("list-convert", args=[draft.pk])

    def press(go="make", **typed):
        html = unescape(client.get(url).content.decode())
        etag = html.partition('name="etag" value="')[2].partition('"')[0]
        return client.post(url, {"etag": etag, "go": go, **typed})

    return press


@pytest.fixture
def in_background(monkeypatch):
    """No list is small; the calls are noted."""
    called = []
    monkeypatch.setattr(convert_list, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr(queueing, "call", lambda *call: called.append(call))
    return called


def shown(response):
    return unescape(response.content.decode())


def told(draft):
    draft.refresh_from_db()
    return draft.data["conversion"]


def test_what_becomes_of_a_list_is_shown_and_nothing_is_written(client, stand_at, s3, lists):
    draft = stand_at(LIST)
    html = shown(client.get(reverse("list-convert", args=[draft.pk])))
    assert "photos,a%20b.jpg" in html and "photos,c%2Cd.jpg" in html
    assert "Line 1, which names the columns, is left out." in html
    assert (
        "Semicolons between columns become commas" in html and "Blank lines are left out." in html
    )
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0


def test_small_list_is_converted_at_once_and_stays_as_it_is(
    client, convert, stand_at, manifest_of, s3, bucket
):
    draft = stand_at(LIST)
    assert convert()["Location"] == f"/jobs/create/{draft.pk}/manifest/#preview"
    assert manifest_of(draft) == MADE
    assert draft.data["manifest"]["manifest_object"].endswith("/list-converted.csv")
    assert "conversion" not in draft.data
    assert draft.data["found"]["rows_exact"] == 2 and not draft.data["found"]["problems"][1:]
    assert s3.get_object(Bucket=bucket, Key="list.csv")["Body"].read() == LIST
    page = shown(client.get(reverse("wizard-step", args=[draft.pk, "manifest"])))
    assert "Converted 2 rows to a new manifest. Blank lines left out: 1." in page


@pytest.mark.parametrize(
    ("fix", "text", "made"),
    [
        ("encode-keys", b"photos,a b%20c\n", b"photos,a%20b%20c\n"),
        ("decode-once", b"photos,a%2520b\n", b"photos,a%20b\n"),
        ("drop-slash", b"photos,/a\n", b"photos,a\n"),
        ("drop-header", b"Where,What\nphotos,a\n", b"photos,a\n"),
        ("fill-null", b"photos,a,\nphotos,b,v1\n", b"photos,a,null\nphotos,b,v1\n"),
        ("remove-bom", b"\xef\xbb\xbfphotos,a\n", b"photos,a\n"),
        ("mend-line-ends", b"photos,a\r\rphotos,b\r", b"photos,a\nphotos,b\n"),
    ],
)
def test_each_remedy_of_the_preview_is_set_when_the_page_opens(
    client, stand_at, lists, manifest_of, fix, text, made
):
    draft = stand_at(text)
    url = reverse("list-convert", args=[draft.pk], query={"fix": fix})
    values = form_of(client.get(url).content.decode())
    client.post(url, values | {"go": "make"})
    assert manifest_of(draft) == made


def form_of(html):
    """Its fields as a browser would send them."""
    return Form(html.replace('<form method="post"', '<form id="wizard" method="post"')).values


def test_list_that_changed_since_it_was_shown_is_not_converted(client, stand_at, put, lists, s3):
    draft = stand_at(LIST)
    url = reverse("list-convert", args=[draft.pk])
    response = client.post(url, {"etag": "another", "go": "make"})
    assert "The list changed after you looked at it" in shown(response)
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0


def test_list_that_was_just_stored_and_is_a_manifest_leads_on_to_step_1(client, stand_at, lists):
    draft = stand_at(b"photos,a\n")
    url = reverse("list-convert", args=[draft.pk], query={"new": "1"})
    assert client.get(url)["Location"] == f"/jobs/create/{draft.pk}/manifest/#preview"
    stand_at(b"photos;a\n")
    assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"fileSchema": "Bucket", "files": []}', "manifest.json of an S3 Inventory"),
        (b"<html>", "web page"),
        (b"PK\x03\x04", "spreadsheet"),
    ],
)
def test_file_that_is_no_list_is_called_what_it_is(client, stand_at, lists, text, says):
    draft = stand_at(text)
    assert says in shown(client.get(reverse("list-convert", args=[draft.pk])))


def test_draft_without_a_list_is_asked_for_one(client, draft, lists):
    assert "in step 1 first" in shown(client.get(reverse("list-convert", args=[draft.pk])))


def test_list_that_is_gone_says_so(client, stand_at, lists, s3, bucket):
    draft = stand_at(LIST)
    s3.delete_object(Bucket=bucket, Key="list.csv")
    assert "does not exist" in shown(client.get(reverse("list-convert", args=[draft.pk])))


def test_large_list_is_converted_in_the_background_while_a_page_tells_how_far_it_is(
    client, convert, stand_at, manifest_of, in_background
):
    draft = stand_at(LIST)
    waiting = reverse("list-converting", args=[draft.pk])
    assert convert()["Location"] == waiting
    assert in_background == [("convert_list", str(draft.pk))]
    assert "Waiting for a worker" in shown(client.get(waiting))
    CONVERSION.change(str(draft.pk), read_bytes=20, rows=1)
    live = reverse("list-converting-live", args=[draft.pk])
    assert "Converted 1 row so far" in shown(client.get(live, HTTP_HX_REQUEST="true"))
    step_1 = reverse("wizard-step", args=[draft.pk, "manifest"])
    assert client.get(step_1)["Location"] == waiting
    background_call(draft)
    assert client.get(live, HTTP_HX_REQUEST="true")["HX-Redirect"] == waiting
    assert client.get(waiting)["Location"] == f"/jobs/create/{draft.pk}/manifest/#preview"
    assert manifest_of(draft) == MADE


def background_call(draft, stop=None):
    list_conversions.make_in_turn(str(draft.pk), clock=timezone.now, stop=stop or threading.Event())


def test_row_that_cannot_be_ends_a_conversion_with_its_line_and_nothing_is_written(
    client, convert, stand_at, in_background, s3, lists
):
    draft = stand_at(b"photos;a\n" * 200_000 + b"photos;\n")
    convert()
    background_call(draft)
    page = shown(client.get(reverse("list-converting", args=[draft.pk])))
    assert "Line 200001 has no key." in page
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0
    assert not s3.list_multipart_uploads(Bucket=lists).get("Uploads")


def test_conversion_that_failed_is_tried_again_or_given_up(
    client, convert, stand_at, in_background
):
    draft = stand_at(LIST)
    convert()
    CONVERSION.change(str(draft.pk), state="failed", error="No.")
    url = reverse("list-converting", args=[draft.pk])
    client.post(url, {"go": "again"})
    assert told(draft)["state"] == "making"
    assert client.post(url, {"go": "stop"})["Location"] == reverse("list-convert", args=[draft.pk])
    draft.refresh_from_db()
    assert "conversion" not in draft.data
    background_call(draft)  # a hint that came late finds nothing to do


def test_worker_that_is_stopped_leaves_the_conversion_to_the_next(
    convert, stand_at, in_background, s3, lists
):
    draft = stand_at(LIST)
    convert()
    stop = threading.Event()
    stop.set()
    background_call(draft, stop)
    assert told(draft)["state"] == "making" and told(draft)["seen_s"] == 0
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0
    background_call(draft)
    assert told(draft)["state"] == "ready" and told(draft)["rows"] == 2


def test_list_that_changed_meanwhile_is_not_mixed_from_two(
    convert, stand_at, in_background, put, s3, lists
):
    draft = stand_at(LIST)
    convert()
    put("list.csv", b"photos;other\n")
    background_call(draft)
    assert "changed meanwhile" in told(draft)["error"]
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0


def test_two_workers_do_not_convert_the_same_list(convert, stand_at, in_background):
    draft = stand_at(LIST)
    convert()
    CONVERSION.change(str(draft.pk), seen_s=timezone.now().timestamp())
    list_conversions.make(str(draft.pk), clock=timezone.now)
    assert told(draft)["state"] == "making"


def test_half_of_the_control_workers_are_left_to_jobs(convert, stand_at, in_background, settings):
    settings.BATCHCONSOLE_CONTROL_WORKERS = 2
    draft = stand_at(LIST)
    convert()
    other = type(draft).objects.get(pk=draft.pk)
    other.pk = None
    other._state.adding = True
    other.id = type(draft)._meta.get_field("id").default()
    now_s = timezone.now().timestamp()
    other.data = {"conversion": told(draft) | {"held_s": now_s, "seen_s": now_s}}
    other.save()
    background_call(draft)
    assert told(draft)["state"] == "making" and told(draft)["seen_s"] == 0


def test_background_call_tolerates_a_draft_that_is_gone(db, monkeypatch):
    monkeypatch.setattr(background.connections, "close_all", lambda: None)
    background.convert_list("00000000-0000-0000-0000-000000000000")
