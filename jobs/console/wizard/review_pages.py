"""The page Review, and what keeps Create job from making a job."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from jobs.console.wizard import looking_ahead, pages, review
from jobs.console.wizard.assemble import Reading
from jobs.console.wizard.steps import REVIEW, Step
from jobs.errors import Problem
from jobs.models import Draft


def refused(request: HttpRequest, reading: Reading, *, dry_run: bool) -> HttpResponse | None:
    """Review once more, where something stands against the job, or is missing and nobody said to go
    on all the same. A dry run changes nothing, so it lacks nothing.
    """
    now = timezone.now()
    if dry_run or reading.all_problems():
        problems = review.problems_of(reading, write_test=True)
        return show(request, reading.draft, problems) if problems else None
    ahead = looking_ahead.look(reading, now)
    problems = [reading.placed(problem) for problem in ahead.problems]
    seen = looking_ahead.shown(ahead, now)
    goes_on = seen.mark == request.POST.get(looking_ahead.DESPITE, "")
    if problems or not goes_on:
        return show(request, reading.draft, problems, seen)
    return None


def show(
    request: HttpRequest,
    draft: Draft,
    problems: list[tuple[Step, Problem]],
    ahead: looking_ahead.Shown | None = None,
) -> HttpResponse:
    """`ahead` is what was found just now, and then has to be said to be known of."""
    context = pages.page_context(request, draft, REVIEW, problems=[])
    linked = review.linked(Reading(draft), problems)
    if ahead and not problems:
        context["ahead"] = ahead
        linked.append(("#despite", "What the job needs", looking_ahead.ASK))
    typed = request.POST.get("sample_rows", "")
    wrong = next((one.message for step, one in problems if step is REVIEW), "")
    context |= {"linked": linked, "has_errors": bool(linked)}
    context |= {"sample_rows": typed, "sample_error": wrong}
    return render(request, REVIEW.template, context)
