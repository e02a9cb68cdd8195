"""Pages of a long list."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class KeysFirst(Paginator[Any]):
    """Of a QuerySet: walks through an index to the page's keys, then reads these rows alone. Else a
    page far behind reads all the rows in front of it, with what is joined to them. The rows come from
    `whole`, where one is given: as they are shown, and without filters that were asked before.
    """

    def __init__(
        self,
        listed: QuerySet[Any],
        per_page: int,
        *options: Any,
        whole: QuerySet[Any] | None = None,
    ) -> None:
        super().__init__(listed, per_page, *options)
        self._whole = whole

    def page(self, number: int | str) -> Page[Any]:
        checked = self.validate_number(number)
        first = (checked - 1) * self.per_page
        rows = self.rows(first, first + self.per_page) if self.count else []
        return Page(rows, checked, self)

    def rows(self, first: int, end: int) -> list[Any]:
        """Those from `first` to before `end`, counted from 0."""
        listed: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        keys = list(listed.values_list("pk", flat=True)[first:end])
        if not keys:
            return []
        if self._whole is None:
            return list(listed.filter(pk__in=keys))
        found = {row.pk: row for row in self._whole.order_by().filter(pk__in=keys)}
        return [found[key] for key in keys if key in found]
