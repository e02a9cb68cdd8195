"""Upload a file, slice by slice as the script does, and in one form without it."""

import io
import threading
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.console.wizard.lists import slices, upload
from jobs.errors import StorageError
from jobs.lifecycle import list_uploads
from jobs.lifecycle.clean_up import clean_up
from jobs.models import Draft, ListUpload
from jobs.s3.multipart import Parts
from tests.make import make_user

SLICE = 5 * 1024 * 1024
"""The least that S3 takes: large ones only take longer."""

LINE = b"photos,a/key/of/sixty-four/bytes/in/all/that/is/long/enough.jpg\n"


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch):
    for module in (list_uploads, slices):
        monkeypatch.setattr(module, "SLICE_BYTES", SLICE)


def a_list(size_bytes):
    lines = LINE * (size_bytes // len(LINE))
    return lines + LINE[-(size_bytes - len(lines)) :] if size_bytes > len(lines) else lines


class Sender:
    """Does what the script does."""

    def __init__(self, client, draft, data, name="list.csv", modified=17):
        self.client, self.draft, self.data = client, draft, data
        self.facts = {"name": name, "size": len(data), "modified": modified}

    def begin(self, **facts):
        head = io.BytesIO(self.data[: 64 * 1024])
        url = reverse("list-upload-begin", args=[self.draft.pk])
        self.answer = self.client.post(url, {**self.facts, "head": head, **facts})
        self.told = self.answer.json()
        return self

    def send(self, number, data=None):
        piece = self.data[(number - 1) * SLICE : number * SLICE] if data is None else data
        url = f"{self.told['slices_url']}{number}/"
        return self.client.post(url, piece, content_type="application/octet-stream")

    def finish(self):
        return self.client.post(self.told["finish_url"])


@pytest.fixture
def sender(client, draft, lists):
    def make(data, **options):
        return Sender(client, draft, data, **options).begin()

    return make


def shown(response):
    return unescape(response.content.decode())


def test_slices_become_one_object_at_which_the_draft_stands(sender, draft, manifest_of, lists):
    data = a_list(2 * SLICE + 640)
    sending = sender(data, name="Meine Übung.csv")
    assert sending.told["next"] == 1 and sending.told["slice_bytes"] == SLICE
    for number in (1, 2, 3):
        answer = sending.send(number)
        assert answer.json()["next"] == number + 1, answer.content
    assert answer.json()["received_bytes"] == len(data)
    assert sending.finish().json() == {"go": f"/jobs/create/{draft.pk}/convert/?new=1"}
    assert manifest_of(draft) == data
    assert draft.data["manifest"]["manifest_object"].endswith("/Meine-Ubung.csv")
    assert draft.data["found"]["etag"] and draft.data["found"]["rows_estimated"]


def test_list_of_a_few_bytes_is_one_slice(sender, draft, manifest_of):
    sending = sender(b"photos,a\n")
    assert sending.send(1).status_code == 200
    assert sending.finish().status_code == 200
    assert manifest_of(draft) == b"photos,a\n"


def test_same_file_goes_on_where_it_was_and_another_one_begins_anew(sender):
    data = a_list(SLICE + 640)
    sending = sender(data)
    sending.send(1)
    assert sender(data).told["next"] == 2
    assert sender(data, modified=18).told["next"] == 1
    assert sender(data, name="other.csv").told["next"] == 1
    assert sender(b"#" + data[1:]).told["next"] == 1
    assert sender(data).told["slices_url"] == sending.told["slices_url"]


def test_doubled_slice_is_refused_and_answered_with_the_next_one(sender):
    sending = sender(a_list(2 * SLICE + 64))
    sending.send(1)
    answer = sending.send(1)
    assert answer.status_code == 409 and answer.json()["next"] == 2
    assert answer.json()["error"] == "Slice 1 is there already. Continue with the next one."


@pytest.mark.parametrize(
    ("number", "status", "says"),
    [
        (2, 409, "too early: send slice 1 first"),
        (0, 409, "is there already"),
        (9, 409, "too early"),
    ],
)
def test_slice_out_of_order_is_refused(sender, number, status, says):
    answer = sender(a_list(2 * SLICE)).send(number, b"x")
    assert answer.status_code == status and says in answer.json()["error"]


@pytest.mark.parametrize(
    ("size", "status", "says"),
    [(SLICE + 1, 413, "are expected"), (SLICE - 1, 400, "Send it again"), (0, 400, "0 bytes")],
)
def test_slice_of_another_size_is_refused(sender, size, status, says):
    answer = sender(a_list(SLICE + 64)).send(1, b"x" * size)
    assert answer.status_code == status and says in answer.json()["error"]


@pytest.mark.parametrize(
    ("facts", "status", "says"),
    [
        ({"size": 0}, 400, "The file is empty"),
        ({"size": 5 * 1000**3 + 1}, 413, "larger than 5 GB"),
        ({"size": "many"}, 400, "size as a whole number"),
        ({"size": "9" * 30}, 400, "size as a whole number"),
        ({"modified": "-1"}, 400, "modified as a whole number"),
        ({"name": ""}, 400, "Send the file's name"),
    ],
)
def test_file_that_cannot_be_is_refused_before_anything_is_sent(
    client, draft, lists, facts, status, says
):
    sending = Sender(client, draft, b"photos,a\n").begin(**facts)
    assert sending.answer.status_code == status and says in sending.told["error"]
    assert not ListUpload.objects.exists()


def test_upload_of_another_person_is_not_found(sender, lists):
    sending = sender(b"photos,a\n")
    thief = make_user("operator", name="thief")
    now = timezone.now()
    own = Draft.objects.create(owner=thief, created_at=now, updated_at=now)
    theirs = Client()
    theirs.force_login(thief)
    upload_id = ListUpload.objects.get().pk
    for draft_id in (own.pk, sending.draft.pk):
        for name, more in (("list-upload-slice", [1]), ("list-upload-finish", [])):
            url = reverse(name, args=[draft_id, upload_id, *more])
            assert theirs.post(url, b"x", content_type="text/plain").status_code == 404


def test_expired_draft_takes_no_list(sender, draft):
    sending = sender(b"photos,a\n")
    Draft.objects.filter(pk=draft.pk).update(updated_at=timezone.now() - timedelta(days=31))
    answer = sending.send(1)
    assert answer.status_code == 410 and "This draft has expired" in answer.json()["error"]


def test_upload_is_not_finished_before_all_of_it_came(sender):
    sending = sender(a_list(SLICE + 64))
    sending.send(1)
    answer = sending.finish()
    assert answer.status_code == 409 and "Send the rest first" in answer.json()["error"]


def test_upload_that_has_ended_takes_no_slice(sender):
    sending = sender(b"photos,a\n")
    sending.send(1)
    sending.finish()
    assert sending.finish().status_code == 409
    assert "has ended" in sending.send(2).json()["error"]


def test_upload_that_the_storage_ended_is_begun_anew(sender, monkeypatch):
    sending = sender(b"photos,a\n")

    def gone(*_):
        raise StorageError("NoSuchUpload", "The upload does not exist.", http_status=404)

    monkeypatch.setattr(Parts, "put", gone)
    answer = sending.send(1)
    assert answer.status_code == 409 and "Choose the file again" in answer.json()["error"]
    assert sender(b"photos,a\n").told["slices_url"] != sending.told["slices_url"]


def test_storage_that_does_not_answer_is_a_passing_trouble(sender, region):
    sending = sender(b"photos,a\n")
    region.endpoint_url = "http://127.0.0.1:9"
    region.save()
    answer = sending.send(1)
    assert answer.status_code == 503 and answer["Retry-After"]
    assert "does not answer" in answer.json()["error"]


def test_at_most_a_quarter_of_the_threads_take_slices(sender, monkeypatch):
    monkeypatch.setattr(slices, "taking", threading.BoundedSemaphore(1))
    sending = sender(b"photos,a\n")
    slices.taking.acquire()
    assert sending.send(1).status_code == 503
    slices.taking.release()
    assert sending.send(1).status_code == 200


def test_slice_without_the_token_of_the_page_is_refused(operator, draft, lists):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    url = reverse("list-upload-begin", args=[draft.pk])
    assert strict.post(url, {"name": "a", "size": 1}).status_code == 403


def test_page_names_uploads_that_stand_still_and_throws_them_away(client, sender, draft, s3):
    sending = sender(a_list(SLICE + 64))
    sending.send(1)
    page = reverse("list-upload", args=[draft.pk])
    assert "(99%)" in shown(client.get(page)) and "list.csv" in shown(client.get(page))
    known = ListUpload.objects.get()
    drop = reverse("list-upload-drop", args=[draft.pk, known.pk])
    assert client.post(drop)["Location"] == page
    assert "list.csv" not in shown(client.get(page))
    assert not s3.list_multipart_uploads(Bucket=known.bucket).get("Uploads")


def test_abandoned_uploads_are_aborted_after_a_day_also_without_their_draft(sender, draft, s3):
    sender(b"photos,a\n")
    sender(b"photos,b\n").send(1)
    known = ListUpload.objects.first()
    day = timezone.now() + timedelta(hours=23)
    clean_up(day)
    assert len(s3.list_multipart_uploads(Bucket=known.bucket)["Uploads"]) == 2
    draft.delete()
    clean_up(day + timedelta(hours=2))
    assert not s3.list_multipart_uploads(Bucket=known.bucket).get("Uploads")
    assert not ListUpload.objects.filter(ended_at=None).exists()


def test_abandoned_upload_is_asked_for_again_while_its_storage_is_silent(sender, region):
    sender(b"photos,a\n")
    region.endpoint_url = "http://127.0.0.1:9"
    region.save()
    clean_up(timezone.now() + timedelta(days=2))
    assert ListUpload.objects.get().ended_at is None
    clean_up(timezone.now() + timedelta(days=9))
    assert not ListUpload.objects.filter(ended_at=None).exists()


# Without scripts


@pytest.fixture
def form(client, draft, lists):
    def send(data, name="list.csv", **headers):
        file = io.BytesIO(data)
        file.name = name
        return client.post(reverse("list-upload", args=[draft.pk]), {"file": file}, **headers)

    return send


def test_form_without_scripts_becomes_an_object_in_parts(form, draft, manifest_of):
    data = a_list(2 * SLICE + 640)
    assert form(data)["Location"] == f"/jobs/create/{draft.pk}/convert/?new=1"
    assert manifest_of(draft) == data
    known = ListUpload.objects.get()
    assert known.slices == 3 and known.ended_at


@pytest.mark.parametrize(("data", "says"), [(b"", "Choose a file"), (None, "Choose a file")])
def test_form_without_a_file_says_so(client, form, draft, data, says):
    url = reverse("list-upload", args=[draft.pk])
    response = form(data) if data is not None else client.post(url, {})
    assert response.status_code == 400
    assert "The file is empty" in shown(response) or says in shown(response)


def test_file_too_large_for_a_form_is_refused_and_nothing_is_left(form, monkeypatch, s3, lists):
    monkeypatch.setattr(upload, "FORM_BYTES", SLICE + 64)
    response = form(a_list(SLICE + 6400))
    assert response.status_code == 413
    assert "Without JavaScript a file may have 100 MB at most" in shown(response)
    assert not s3.list_multipart_uploads(Bucket=lists).get("Uploads")
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0


def test_form_that_is_far_too_large_is_not_even_read(form, monkeypatch):
    monkeypatch.setattr(upload, "FORM_BYTES", 100)
    monkeypatch.setattr(upload, "AROUND_FILE_BYTES", 0)
    assert form(b"photos,a\n" * 100).status_code == 413
    assert not ListUpload.objects.exists()


def test_form_with_a_wrong_token_leaves_nothing_behind(operator, draft, lists, s3):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    file = io.BytesIO(b"photos,a\n")
    file.name = "list.csv"
    url = reverse("list-upload", args=[draft.pk])
    data = {"csrfmiddlewaretoken": "wrong", "file": file}
    assert strict.post(url, data).status_code == 403
    assert not s3.list_multipart_uploads(Bucket=lists).get("Uploads")
    assert s3.list_objects_v2(Bucket=lists)["KeyCount"] == 0


def test_form_with_the_right_token_is_taken(operator, draft, lists, manifest_of):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    url = reverse("list-upload", args=[draft.pk])
    html = strict.get(url).content.decode()
    token = html.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    file = io.BytesIO(b"photos,a\n")
    file.name = "list.csv"
    assert strict.post(url, {"csrfmiddlewaretoken": token, "file": file}).status_code == 303
    assert manifest_of(draft) == b"photos,a\n"


def test_form_whose_storage_refuses_says_so(client, draft, region, role):
    region.manifest_prefix = "s3://no-such-bucket-of-lists"
    region.save()
    file = io.BytesIO(b"photos,a\n")
    file.name = "list.csv"
    response = client.post(reverse("list-upload", args=[draft.pk]), {"file": file})
    assert "the bucket does not exist" in shown(response)
