from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs.console.access import signed_in


@signed_in
def job_run(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_run")


@signed_in
def job_cancel(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_cancel")


@signed_in
def job_priority(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_priority")


@signed_in
def job_tags(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_tags")
