"""Upload a file: its page, and the one form of those who have no scripts."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.files.uploadhandler import FileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from jobs import conf
from jobs.console.access import draft_or_404, signed_in, user_of
from jobs.console.see_other import SeeOther
from jobs.console.wizard.lists.use_manifest import role_arn_of, use_manifest
from jobs.console.wizard.lists.where import Where, where_of
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST
from jobs.errors import BatchConsoleError, StorageError
from jobs.lifecycle import list_uploads
from jobs.lifecycle.list_places import ListPlace
from jobs.lifecycle.list_uploads import FileFacts, UploadRefusedError
from jobs.models import Draft, ListUpload

FORM_BYTES = 100 * 1000**2
"""Of a file that comes in one form."""

RETRY_AFTER_S = 5
AROUND_FILE_BYTES = 64 * 1024
"""What a form has besides the file, at most."""

taking = threading.BoundedSemaphore(conf.WEB_THREADS // 4)
"""Held while a file or a slice comes in: a browser may take its time, and pages need threads, too."""

BUSY = "Other uploads are coming in just now. Try again in a minute."


@require_http_methods(["GET", "POST"])
@csrf_exempt
@signed_in
def list_upload(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The token of a form is checked behind its upload, which is thrown away where it is wrong: to look
    for it earlier would be to read the whole form.
    """
    draft = draft_or_404(request, draft_id, write=True)
    if draft.job_id:
        raise Http404
    where = where_of(request, draft)
    if request.method != "POST" or where.place is None:
        return page(request, draft, where)
    size_bytes = int(request.META.get("CONTENT_LENGTH") or 0)
    if size_bytes > 2 * FORM_BYTES:
        # Nobody waits for so much to be read and dropped.
        return _refused(request, draft, where, _too_large())
    handler = _Slicing(request, draft, where.place)
    if size_bytes > FORM_BYTES + AROUND_FILE_BYTES:
        handler.error = _too_large()
    request.upload_handlers = [handler]
    if not taking.acquire(blocking=False):
        response = page(request, draft, where, error=BUSY, status=503)
        response["Retry-After"] = str(RETRY_AFTER_S)
        return response
    try:
        return _take(request, draft, where, handler)
    finally:
        taking.release()
        handler.give_up_unless_used()


@csrf_protect
def _take(request: HttpRequest, draft: Draft, where: Where, handler: "_Slicing") -> HttpResponse:
    _ = request.FILES  # is read now, if it was not for the token
    upload = handler.upload
    try:
        if handler.error is not None:
            raise handler.error
        if upload is None:
            raise UploadRefusedError(400, "Choose a file.")
        list_uploads.check_size(upload.received_bytes)
        list_uploads.finish(upload, now=timezone.now())
    except BatchConsoleError as error:
        return _refused(request, draft, where, error)
    return SeeOther(stored(draft, upload))


def _refused(
    request: HttpRequest, draft: Draft, where: Where, error: BatchConsoleError
) -> HttpResponse:
    status = error.http_status if isinstance(error, UploadRefusedError) else 200
    return page(request, draft, where, error=sentence_of(error, where.place), status=status)


def sentence_of(error: BatchConsoleError, place: ListPlace | None) -> str:
    if isinstance(error, StorageError) and place:
        return list_uploads.sentence(error, place.path)
    return error.message


def stored(draft: Draft, upload: ListUpload) -> str:
    """The draft stands at the list that was uploaded. Returns where the browser goes next."""
    use_manifest(draft, upload.region, upload.bucket, upload.key, role_arn=role_arn_of(draft))
    return reverse("list-convert", args=[draft.pk], query={"new": "1"})


class _Slicing(FileUploadHandler):
    """Cuts a form's file into the slices that the script would send. What goes wrong is kept, and the
    rest of the form read and dropped, since a browser shows no answer before it has sent all.
    """

    def __init__(self, request: HttpRequest, draft: Draft, place: ListPlace) -> None:
        super().__init__(request)
        self._owner = user_of(request)
        self._draft = draft
        self._place = place
        self._buffer = bytearray()
        self.upload: ListUpload | None = None
        self.error: BatchConsoleError | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.upload is not None:
            self.error = UploadRefusedError(400, "Choose one file at a time.")
        self._try(self._begin)

    def _begin(self) -> None:
        name = self.file_name or "list"
        facts = FileFacts(name, 0, 0, "")
        self.upload = list_uploads.begin_unknown(
            self._draft, self._owner, self._place, facts, now=timezone.now()
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._buffer += raw_data
        if start + len(raw_data) > FORM_BYTES:
            self.error = self.error or _too_large()
        if len(self._buffer) >= list_uploads.SLICE_BYTES:
            self._try(lambda: self._send(list_uploads.SLICE_BYTES))
        if self.error is not None:
            self._buffer.clear()

    def file_complete(self, file_size: int) -> None:
        if self._buffer:
            self._try(lambda: self._send(len(self._buffer)))

    def _send(self, size_bytes: int) -> None:
        upload = self.upload
        if upload is None:
            return
        slice_bytes = bytes(memoryview(self._buffer)[:size_bytes])
        del self._buffer[:size_bytes]
        list_uploads.add_slice(upload, upload.slices + 1, slice_bytes, now=timezone.now())

    def _try(self, act: Callable[[], None]) -> None:
        if self.error is None:
            try:
                act()
            except BatchConsoleError as error:
                self.error = error

    def give_up_unless_used(self) -> None:
        if self.upload is not None and self.upload.ended_at is None:
            list_uploads.give_up(self.upload, now=timezone.now())


def _too_large() -> UploadRefusedError:
    return UploadRefusedError(
        413,
        "Without JavaScript a file may have 100 MB at most. Allow scripts on this page to upload up to"
        " 5 GB.",
    )


@require_POST
@signed_in
def list_upload_drop(request: HttpRequest, draft_id: UUID, upload_id: UUID) -> HttpResponse:
    """What was begun of an upload goes."""
    draft = draft_or_404(request, draft_id, write=True)
    upload = ListUpload.objects.filter(pk=upload_id, draft=draft).first()
    if upload is not None and upload.ended_at is None:
        list_uploads.give_up(upload, now=timezone.now())
    return SeeOther(reverse("list-upload", args=[draft.pk]))


def page(
    request: HttpRequest, draft: Draft, where: Where, *, error: str = "", status: int = 200
) -> HttpResponse:
    begun = ListUpload.objects.filter(draft=draft, owner=request.user.pk, ended_at=None)
    context = {
        "draft": draft,
        "where": where,
        "error": error,
        "has_errors": bool(error),
        "begun": [(one, _percent(one)) for one in begun.exclude(size_bytes=0)],
        "back_url": step_url(draft, MANIFEST),
    }
    return render(request, "console/wizard/lists/upload.html", context, status=status)


def _percent(upload: ListUpload) -> int:
    return upload.received_bytes * 100 // (upload.size_bytes or 1)
