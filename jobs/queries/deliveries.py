"""Messages and what became of them, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict

from jobs.models import Delivery

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What the URL asks for; the page begins behind the delivery `before`, 0 for the newest."""

    state: str = ""
    job: str = ""
    before: int = 0

    @classmethod
    def parse(cls, query: QueryDict) -> Self:
        """Unknown values are dropped, never errors."""
        before = query.get("before", "")
        is_number = before.isascii() and before.isdecimal() and len(before) < 19
        state = query.get("state", "")
        return cls(
            state=state if state in Delivery.State else "",
            job=query.get("job", "").replace("\0", "")[:36],
            before=int(before) if is_number else 0,
        )

    @property
    def query(self) -> str:
        return self._query(0)

    def older_than(self, pk: int) -> str:
        return self._query(pk)

    def _query(self, before: int) -> str:
        named = {"state": self.state, "job": self.job, "before": str(before or "")}
        return urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """`older` is the query string of the next page, empty where nothing is older."""

    rows: Sequence[Delivery]
    older: str


def delivery_page(wanted: DeliveryFilter) -> DeliveryPage:
    rows = Delivery.objects.select_related("webhook", "job").order_by("-pk")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.job:
        rows = rows.filter(job=wanted.job)
    if wanted.before:
        rows = rows.filter(pk__lt=wanted.before)
    found = list(rows[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    return DeliveryPage(shown, wanted.older_than(shown[-1].pk) if len(found) > PAGE_ROWS else "")
