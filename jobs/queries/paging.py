"""Pages of a long list."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class KeysFirst(Paginator[Any]):
    """Of a QuerySet: walks through an index to the page's keys, then reads these rows alone. Else a
    page far behind reads all the rows in front of it, with what is joined to them.
    """

    def page(self, number: int | str) -> Page[Any]:
        checked = self.validate_number(number)
        first = (checked - 1) * self.per_page
        rows = self.rows(first, first + self.per_page) if self.count else []
        return Page(rows, checked, self)

    def rows(self, first: int, end: int) -> list[Any]:
        """Those from `first` to before `end`, counted from 0."""
        listed: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        keys = list(listed.values_list("pk", flat=True)[first:end])
        return list(listed.filter(pk__in=keys)) if keys else []
