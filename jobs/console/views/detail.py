from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs.console.access import signed_in


@signed_in
def job_detail(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_detail")


@signed_in
def job_live(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_live")


@signed_in
def job_failures(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_failures")


@signed_in
def job_configuration(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_configuration")


@signed_in
def job_activity(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_activity")
