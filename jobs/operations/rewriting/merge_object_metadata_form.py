"""What Merge metadata and headers asks for, and examples of its parameters."""

from collections.abc import Mapping
from typing import Any

from jobs.operations.fields import (
    Column,
    MetadataField,
    MomentField,
    RowsField,
    SwitchField,
    TextField,
)
from jobs.operations.form import Form, Item, More, Note
from jobs.operations.rewriting.metadata_changes import (
    HEADERS,
    MOST_NAMES,
    PUT,
    REDIRECT_MEMBER,
    REMOVABLE,
    REMOVE_HEADERS,
    REMOVE_USER,
)
from jobs.operations.rewriting.object_metadata import written_as

_HELP = {
    "CacheControl": "Such as max-age=3600. Empty leaves it as it is, as with all of these.",
    "ContentType": "Such as text/html; charset=utf-8.",
}
_TEXTS: tuple[Item, ...] = tuple(
    TextField(
        name=header.replace("-", "_"),
        label=written_as(header),
        path=f"{PUT}.{member}",
        high=1024,
        help_text=_HELP.get(member, ""),
    )
    for member, header in HEADERS.items()
    if member != "HttpExpiresDate"
)
_SWITCHES: tuple[Item, ...] = tuple(
    SwitchField(
        name=f"no_{header.replace('-', '_')}",
        label="Website redirect location" if member == REDIRECT_MEMBER else written_as(header),
        path=f"{REMOVE_HEADERS}.{member}",
    )
    for member, header in REMOVABLE.items()
)

FORM = Form(
    (
        *_TEXTS[:1],
        _TEXTS[-1],
        MetadataField(
            name="set_metadata",
            label="User metadata to add or change",
            path=f"{PUT}.UserMetadata",
            help_text="Names without x-amz-meta-. Each object keeps all its others.",
        ),
        RowsField(
            name="removed_metadata",
            label="User metadata to remove",
            path=REMOVE_USER,
            help_text="Whatever value they have.",
            columns=(Column("key", "Name", "Key"),),
            most=MOST_NAMES,
            add="Add name",
        ),
        More(
            "More headers to set",
            (
                *_TEXTS[1:-1],
                MomentField(
                    name="expires",
                    label="Expires",
                    path=f"{PUT}.HttpExpiresDate",
                    help_text="When caches ask for the object again, in UTC. Nothing is deleted.",
                ),
                TextField(
                    name="redirect",
                    label="Website redirect location",
                    path=REDIRECT_MEMBER,
                    help_text="Begins with /, http:// or https://.",
                ),
            ),
        ),
        More("Headers to remove", _SWITCHES),
        Note(
            "Each object that changes is copied onto itself: its date becomes new, and a bucket with"
            " versions gets a new version of it. Content, storage class, tags, access control list,"
            " encryption and lock stay. An object that somebody changes meanwhile fails and is left"
            " as it is."
        ),
    )
)

EXAMPLES: tuple[Mapping[str, Any], ...] = (
    {PUT: {"CacheControl": "max-age=3600"}},
    {
        PUT: {
            "CacheControl": "no-cache",
            "ContentDisposition": 'attachment; filename="a b.txt"',
            "ContentEncoding": "gzip",
            "ContentLanguage": "de, en",
            "ContentType": "text/plain; charset=utf-8",
            "HttpExpiresDate": "2030-01-02T03:04:05Z",
            "UserMetadata": {"owner": "me  and you", "n": "1"},
        },
        REDIRECT_MEMBER: "/elsewhere",
        REMOVE_USER: [{"Key": "tmp"}, {"Key": "Draft"}],
    },
    {REMOVE_HEADERS: dict.fromkeys(REMOVABLE, True)},
)
