"""The preview of a manifest of a gibibyte, as step 1 of the wizard shows it: how long it takes where
each object takes 20 ms, and what is asked of the storage for it.
"""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import contest, house, lists, sizes
from bench.figures import Findings, figure
from bench.place import Place
from jobs.models import Bucket, Draft
from jobs.s3.storage import Storage
from tests.make import make_user
from tests.wizard_walk import Wizard

GOAL = "preview"
DELAY_MS = 20
GIB = 1024**3
WITHIN_S, MOST_BYTES, MOST_LOOKS = 3.0, 1024**2, 24


def of_a_gibibyte(place: Place, found: Findings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    call_command("collectstatic", interactive=False, verbosity=0)
    # The stub serves files at once; the objects are asked for at another port of it.
    region, objects = house.region(place.stub.url()), house.region(place.stub.url(DELAY_MS))
    Bucket.objects.create(name=lists.BUCKET, region=objects)
    key = _manifest(place.stub.files)
    client, user = Client(), make_user("operator")
    client.force_login(user)
    typed = {"region": region.slug, "manifest_object": f"s3://{house.FILES}/{key}"}
    took_s = []
    for number in range(sizes.runs() + 1):
        asked = _Asked()
        html = _preview(client, user, typed, asked)
        took_s.append(asked.for_s)
        contest.say(f"  {number or 'warm'}  {took_s[-1]:.2f} s, {asked}")
        if "About " not in html:
            found.wrong.append("the preview shows no estimate of the rows")
    seen = figure(took_s[1:])
    found.add(
        GOAL, "1 GiB of CSV, objects at 20 ms: s", seen, digits=2, aim=f"<= {WITHIN_S:g}",
        met=seen.median <= WITHIN_S,
    )  # fmt: skip
    for what, count, most in (
        ("bytes read", asked.bytes, MOST_BYTES),
        ("objects asked for", asked.heads, MOST_LOOKS),
    ):
        found.add(GOAL, what, figure([count]), aim=f"<= {most:,}", met=count <= most)


class _Asked:
    """What was asked of storages, and how long the page took that asked."""

    def __init__(self) -> None:
        self.bytes = self.heads = 0
        self.for_s = 0.0

    def __str__(self) -> str:
        return f"{self.bytes:,} bytes read, {self.heads} objects asked for"

    def watching(self) -> ExitStack:
        read, head = Storage.read_range, Storage.head_object

        def counted_read(storage: Storage, *args: Any, **more: Any) -> bytes:
            data = read(storage, *args, **more)
            self.bytes += len(data)
            return data

        def counted_head(storage: Storage, *args: Any, **more: Any) -> Any:
            self.heads += 1
            return head(storage, *args, **more)

        stack = ExitStack()
        stack.enter_context(patch.object(Storage, "read_range", counted_read))
        stack.enter_context(patch.object(Storage, "head_object", counted_head))
        return stack


def _preview(client: Client, user: Any, typed: dict[str, str], asked: _Asked) -> str:
    """The panel that htmx puts beside the form."""
    now = timezone.now()
    draft = Draft.objects.create(owner=user, created_at=now, updated_at=now)
    wizard = Wizard(client, draft).open("manifest")
    with asked.watching():
        began_s = time.monotonic()
        answer = client.post(
            reverse("draft-preview", args=[draft.pk]),
            {**wizard.values, **typed, "kind": "csv", "kind_shown": "csv"},
            headers={"HX-Request": "true"},
        )
        asked.for_s = time.monotonic() - began_s
    return answer.content.decode()


def _manifest(folder: Path) -> str:
    """The same rows again and again: only the first of them are read."""
    rows = b"".join(f"{lists.BUCKET},data/{n:09d}+a%2520b.jpg\n".encode() for n in range(500_000))
    path = folder / "gibibyte.csv"
    with path.open("wb") as file:
        while file.tell() < GIB:
            file.write(rows)
    return path.name
