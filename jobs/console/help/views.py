"""The page Help: every word of the console explained."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from jobs.console.access import signed_in, user_of
from jobs.console.help.entries import found, sections
from jobs.console.typed_text import typed_text


@signed_in
def help_page(request: HttpRequest) -> HttpResponseBase:
    """For whoever is signed in: it says nothing about anybody's jobs."""
    user_of(request)
    text = typed_text(request.GET, "q")
    shown = found(text) if text else sections()
    context = {
        "searched": text,
        "sections": shown,
        "entries": sum(len(section.entries) for section in shown),
    }
    return render(request, "console/help.html", context)
