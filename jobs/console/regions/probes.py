"""What a Region's storage can do: trying it in buckets that an administrator names.

See docs/operating.md, What a storage can do.
"""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from jobs.access.actions import Action
from jobs.choices import Can
from jobs.console.access import require, signed_in, user_of
from jobs.console.regions.bucket_forms import ProbeForm
from jobs.console.regions.views import DOING, back_to, clean, edit_page
from jobs.lifecycle import capabilities
from jobs.models import FoundCapability, ProbedBucket, Region, RoleCredentials

ANCHOR = "capabilities"


@require_POST
@signed_in
def region_probe(request: HttpRequest, slug: str) -> HttpResponse:
    """Name a bucket and try the storage in it."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    form = ProbeForm(clean(request), region=region)
    if not form.is_valid():
        return edit_page(request, region, probe=form)
    return _probe(request, region, form.cleaned_data["probe_bucket"], _chosen(form))


def _chosen(form: forms.Form) -> RoleCredentials:
    row: RoleCredentials = form.cleaned_data["probe_as"]
    return row


@require_POST
@signed_in
def region_probe_again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """As the role that tried it last, or the Region's first where that has no credentials any more."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    bucket = get_object_or_404(ProbedBucket, region=region, pk=pk)
    known = RoleCredentials.objects.filter(region=region).order_by("pk")
    row = known.filter(role=bucket.role).first() or known.first()
    if row is None:
        messages.warning(request, "No IAM role has credentials here. Add one.")
        return back_to(region, ANCHOR)
    return _probe(request, region, bucket.name, row)


def _probe(request: HttpRequest, region: Region, name: str, row: RoleCredentials) -> HttpResponse:
    bucket = capabilities.probe_bucket(region, name, row, timezone.now())
    answers = list(bucket.capabilities.values_list("answer", flat=True))
    done = (
        f"The storage was tried in {name}: {answers.count(Can.YES)} yes, {answers.count(Can.NO)} no,"
        f" {answers.count(Can.UNTOLD)} cannot tell."
    )
    if bucket.left:
        messages.warning(request, f"{done} Some of it could not be removed.")
    else:
        messages.success(request, done)
    return back_to(region, ANCHOR)


@require_POST
@signed_in
def region_probe_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Forget what was found in a bucket."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    with transaction.atomic():
        get_object_or_404(ProbedBucket, region=region, pk=pk).delete()
        capabilities.apply_to(region)
    return back_to(region, ANCHOR)


@require_POST
@signed_in
def region_overrule(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Use all the same what was found missing, or not any more."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    row = get_object_or_404(
        FoundCapability, bucket__region=region, pk=pk, name__in=capabilities.MAY_BE_OVERRULED
    )
    is_on = request.POST.get("on") == "1"
    with transaction.atomic():
        if is_on:
            capabilities.overrule(row, by=user_of(request), at=timezone.now())
        else:
            capabilities.overrule(row, by=None, at=None)
        capabilities.apply_to(region)
    return back_to(region, ANCHOR)
