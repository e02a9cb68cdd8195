"""Tags of a person, which access policies compare with those of jobs."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jobs.access import people
from jobs.console.access import signed_in
from jobs.console.forms.actions import TagRows
from jobs.console.people.finding import person_to_change
from jobs.console.see_other import SeeOther
from jobs.lifecycle.tagging import check_tags


@require_http_methods(["GET", "POST"])
@signed_in
def person_tags(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_to_change(request, pk)
    if request.method != "POST":
        return _page(request, person.get_username(), TagRows.of(people.tags_of(person)), pk)
    rows = TagRows.posted(request.POST)
    if "add" in request.POST:
        return _page(request, person.get_username(), rows.with_blank(), pk)
    if "remove" in request.POST:
        return _page(request, person.get_username(), rows.without(request.POST["remove"]), pk)
    rows = rows.filled()
    tags = rows.tags()
    problems = check_tags(tags)
    for index in _twice(key for key, _ in rows.rows):
        rows.errors.setdefault(index, "Another key differs from it in case alone. Remove one.")
    general = [p.message for p in problems if not rows.blame(p.field, p.message)]
    if rows.errors or general:
        return _page(request, person.get_username(), rows, pk, general)
    people.set_tags(person, tags)
    messages.success(request, f"The tags of {person.get_username()} were saved.")
    return SeeOther(f"{reverse('person-edit', args=[pk])}#tags")


def _twice(keys: Iterable[str]) -> list[int]:
    """Places of keys that differ from one before in case alone, which policies take for the same."""
    seen, found = set[str](), []
    for index, key in enumerate(keys):
        if key.lower() in seen:
            found.append(index)
        seen.add(key.lower())
    return found


def _page(
    request: HttpRequest, email: str, rows: TagRows, pk: int, general: list[str] | None = None
) -> HttpResponse:
    problems = [*(("", text) for text in general or []), *rows.problems()]
    shown = rows if rows.rows else rows.with_blank()
    context = {
        "email": email,
        "pk": pk,
        "rows": shown.numbered(),
        "problems": problems,
        "has_errors": bool(problems),
        "full": len(rows.rows) >= TagRows.MAX_ROWS,
    }
    return render(request, "console/person_tags.html", context)
