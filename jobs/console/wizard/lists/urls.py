"""Lists from the browser, for a draft; included by jobs.console.wizard.urls."""

from django.urls import URLPattern, URLResolver, path

from jobs.console.wizard.lists import convert_list, paste, slices, ticks, upload

_DRAFT = "jobs/create/<uuid:draft_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{_DRAFT}/paste/", paste.list_paste, name="list-paste"),
    path(f"{_DRAFT}/tick/", ticks.list_tick, name="list-tick"),
    path(f"{_DRAFT}/convert/", convert_list.list_convert, name="list-convert"),
    path(f"{_DRAFT}/converting/", convert_list.list_converting, name="list-converting"),
    path(
        "_/drafts/<uuid:draft_id>/converting/",
        convert_list.list_converting_live,
        name="list-converting-live",
    ),
    path(f"{_DRAFT}/upload/", upload.list_upload, name="list-upload"),
    path(f"{_DRAFT}/uploads/", slices.list_upload_begin, name="list-upload-begin"),
    path(
        f"{_DRAFT}/uploads/<uuid:upload_id>/drop/",
        upload.list_upload_drop,
        name="list-upload-drop",
    ),
    path(
        f"{_DRAFT}/uploads/<uuid:upload_id>/slices/<int:number>/",
        slices.list_upload_slice,
        name="list-upload-slice",
    ),
    path(
        f"{_DRAFT}/uploads/<uuid:upload_id>/finish/",
        slices.list_upload_finish,
        name="list-upload-finish",
    ),
]
