from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from jobs.console.access import signed_in


@signed_in
def job_report(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_report")


@signed_in
def job_report_download(request: HttpRequest, job_id: str) -> HttpResponseBase:
    return HttpResponse("job_report_download")
