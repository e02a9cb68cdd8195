from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs.console.access import signed_in


@signed_in
def overview(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("overview")


@signed_in
def overview_live(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("overview_live")
