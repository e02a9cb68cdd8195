"""The page of a search that begins in the header of any page."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from jobs.access.actions import Action
from jobs.console.access import require, signed_in, visible
from jobs.console.help.entries import entries_for
from jobs.console.typed_text import typed_text
from jobs.queries.search import LABELS, MOST, job_id_in, search

WORDS_SHOWN = 3


@signed_in
def search_page(request: HttpRequest) -> HttpResponseBase:
    """A job ID, also within an ARN or an address, leads to the job itself."""
    require(request, Action.LIST_JOBS, "Searching for jobs")
    text = typed_text(request.GET, "q")
    seen = visible(request)
    job_id = job_id_in(text)
    if job_id and seen.filter(pk=job_id).exists():
        return redirect("job-detail", job_id)
    only = request.GET.get("in", "")
    address = reverse("search")
    context = {
        "searched": text,
        "job_id": job_id,
        "groups": [
            (group, f"{address}?{urlencode({'q': text, 'in': group.name})}")
            for group in search(seen, text, only=only)
        ],
        "only": LABELS.get(only, ""),
        "all_groups": f"{address}?{urlencode({'q': text})}",
        "most": MOST,
        "words": entries_for(text)[:WORDS_SHOWN] if text and not only else [],
    }
    return render(request, "console/search.html", context)
