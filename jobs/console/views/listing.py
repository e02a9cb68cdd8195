from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs.console.access import signed_in


@signed_in
def job_list(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("job_list")


@signed_in
def list_live(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse("list_live")
