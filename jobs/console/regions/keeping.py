"""A Region that is not to be used any more: disabled, or deleted where no job names it."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from jobs.access.actions import Action
from jobs.console.access import require, signed_in
from jobs.console.regions.views import DOING
from jobs.console.see_other import SeeOther
from jobs.models import Region
from jobs.queries.words import counted


@require_POST
@signed_in
def region_enable(request: HttpRequest, slug: str) -> HttpResponse:
    """Or disable it: no new job is created in it then, and those that are there go on."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    region.disabled = request.POST.get("on") != "yes"
    region.save(update_fields=["disabled"])
    if region.disabled:
        messages.success(request, f"{region.name} is disabled. No new jobs can be created in it.")
    else:
        messages.success(request, f"{region.name} is enabled.")
    return SeeOther(reverse("region-edit", args=[region.slug]))


@require_POST
@signed_in
def region_delete(request: HttpRequest, slug: str) -> HttpResponse:
    """With its credentials. Its name is typed, since they cannot be brought back."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    here = SeeOther(f"{reverse('region-edit', args=[region.slug])}#keeping")
    if request.POST.get("name", "").strip() != region.name:
        messages.error(request, f"{region.name} was not deleted. Type its name to delete it.")
        return here
    with transaction.atomic():
        Region.objects.select_for_update().get(pk=region.pk)
        jobs = region.jobs.count()
        if not jobs:
            region.buckets.all().delete()
            region.delete()
    if jobs:
        verb = "belongs" if jobs == 1 else "belong"
        said = f"{region.name} was not deleted: {counted(jobs, 'job')} {verb} to it. Disable it instead."
        messages.error(request, said)
        return here
    messages.success(request, f"{region.name} and its credentials were deleted.")
    return SeeOther(reverse("region-list"))
