"""What the upload script asks for: an upload begun, its slices one by one, and its end. Answers are JSON."""

import functools
import hashlib
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from jobs import conf
from jobs.console.access import draft_or_404, signed_in, user_of
from jobs.console.forms.typed import storable
from jobs.console.wizard.lists.upload import BUSY, RETRY_AFTER_S, stored, taking
from jobs.console.wizard.lists.where import where_of
from jobs.errors import StorageError
from jobs.lifecycle import list_uploads
from jobs.lifecycle.list_uploads import SLICE_BYTES, FileFacts, UploadRefusedError
from jobs.models import Draft, ListUpload

HEAD_BYTES = 64 * 1024
"""A file's first bytes, by which it is known again."""

SLICE_S = 300.0
"""How long a slice may take to come: 55 KB a second."""

_READ_BYTES = 256 * 1024


def for_script(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """POST for a draft of one's own; what is refused is a sentence in "error"."""

    @functools.wraps(view)
    def answering(request: HttpRequest, draft_id: UUID, **kwargs: Any) -> HttpResponse:
        draft = draft_or_404(request, draft_id, write=True)
        try:
            _check_open(draft)
            return view(request, draft, **kwargs)
        except UploadRefusedError as error:
            return _error(error.message, error.http_status)
        except StorageError as error:
            place = where_of(request, draft).place
            sentence = list_uploads.sentence(error, place.path if place else "The Region")
            if not error.retryable:
                return _error(sentence, 409)
            response = _error(sentence, 503)
            response["Retry-After"] = str(RETRY_AFTER_S)
            return response

    return require_POST(signed_in(cast(Callable[..., HttpResponseBase], answering)))


def _check_open(draft: Draft) -> None:
    """Raises UploadRefusedError."""
    if draft.job_id:
        raise UploadRefusedError(409, "This draft became a job meanwhile. Its list stays as it is.")
    if timezone.now() - draft.updated_at > conf.DRAFT_LIFETIME:
        raise UploadRefusedError(
            410, "This draft has expired. Choose Create job to begin another one."
        )


def _error(sentence: str, status: int) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status)


@for_script
def list_upload_begin(request: HttpRequest, draft: Draft) -> HttpResponse:
    """The form has name, size, modified (in ms), and head, a file of the first 64 KiB."""
    where = where_of(request, draft)
    if where.place is None:
        raise UploadRefusedError(409, where.error)
    upload = list_uploads.begin(
        draft, user_of(request), where.place, _facts(request), now=timezone.now()
    )
    return JsonResponse(_told(draft, upload) | {"slice_bytes": SLICE_BYTES})


def _facts(request: HttpRequest) -> FileFacts:
    head = request.FILES.get("head")
    if head is None or not request.POST.get("name"):
        raise UploadRefusedError(400, "Send the file's name, size and first bytes.")
    first = head.read(HEAD_BYTES)
    return FileFacts(
        name=storable(request.POST["name"]),
        size_bytes=_number(request, "size"),
        modified_ms=_number(request, "modified"),
        head_sha256=hashlib.sha256(first).hexdigest(),
    )


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise UploadRefusedError(400, f"Send the file's {name} as a whole number.")
    return int(text)


@for_script
def list_upload_slice(
    request: HttpRequest, draft: Draft, upload_id: UUID, number: int
) -> HttpResponse:
    """The body is the slice. What comes twice, too early or from somebody else is refused unread."""
    upload = _upload(request, draft, upload_id)
    try:
        list_uploads.check_slice(upload, number)
        data = _body(request, list_uploads.size_of_slice(upload, number))
        list_uploads.add_slice(upload, number, data, now=timezone.now())
    except UploadRefusedError as error:
        told = _told(draft, upload) | {"error": error.message}
        return JsonResponse(told, status=error.http_status)
    return JsonResponse(_told(draft, upload))


def _body(request: HttpRequest, size_bytes: int) -> bytes:
    """Raises UploadRefusedError unless it has exactly that size and comes soon."""
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced > size_bytes:
        raise UploadRefusedError(
            413, f"The slice has {announced:,} bytes, and {size_bytes:,} are expected."
        )
    if not taking.acquire(blocking=False):
        raise UploadRefusedError(503, BUSY)
    try:
        return _read(request, size_bytes)
    except UnreadablePostError as error:
        raise UploadRefusedError(400, "The slice broke off. Send it again.") from error
    finally:
        taking.release()


def _read(request: HttpRequest, size_bytes: int) -> bytes:
    data, until_s = bytearray(), time.monotonic() + SLICE_S
    while len(data) < size_bytes:
        piece = request.read(min(_READ_BYTES, size_bytes - len(data)))
        if not piece:
            break
        data += piece
        if time.monotonic() > until_s:
            raise UploadRefusedError(408, "The slice came too slowly. Send it again.")
    return bytes(data)


@for_script
def list_upload_finish(request: HttpRequest, draft: Draft, upload_id: UUID) -> HttpResponse:
    """All slices are there: the object is made, and the draft stands at it."""
    upload = _upload(request, draft, upload_id)
    list_uploads.finish(upload, now=timezone.now())
    return JsonResponse({"go": stored(draft, upload)})


def _upload(request: HttpRequest, draft: Draft, upload_id: UUID) -> ListUpload:
    """One's own, of this draft, of known size. Raises Http404."""
    rows = ListUpload.objects.select_related("region", "role")
    mine = rows.filter(pk=upload_id, draft=draft, owner=user_of(request)).exclude(size_bytes=0)
    upload = mine.first()
    if upload is None:
        raise Http404
    return upload


def _told(draft: Draft, upload: ListUpload) -> dict[str, object]:
    """Where the next slice goes, or the end."""
    ids = (draft.pk, upload.pk)
    return {
        "slices_url": reverse("list-upload-slice", args=[*ids, 0]).removesuffix("0/"),
        "finish_url": reverse("list-upload-finish", args=ids),
        "next": upload.slices + 1,
        "received_bytes": upload.received_bytes,
    }
