"""Who is told of jobs: one's own subscriptions, those for all, and what became of each message.

See docs/notifications.md.
"""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import conf
from jobs.access.actions import Action
from jobs.choices import TERMINAL
from jobs.console.access import job_or_404, require, signed_in, user_of
from jobs.console.connections.views import clean
from jobs.console.notifications.forms import ForAllForm, OwnForm, SubscriptionForm, moments_of
from jobs.console.see_other import SeeOther
from jobs.models import Delivery, Subscription
from jobs.notifications import delivering
from jobs.queries.deliveries import DeliveryFilter, delivery_page

DOING = "Telling others of jobs"
OWN_DOING = "Being told of jobs"
_REMOVE = {
    "console/own_notifications.html": "own-notifications-remove",
    "console/notifications.html": "notifications-remove",
}
LAST = 10
"""Of one's own messages, as they stand on one's page."""


@require_http_methods(["GET", "POST"])
@signed_in
def own(request: HttpRequest) -> HttpResponse:
    user = require(request, Action.DESCRIBE_JOB, OWN_DOING)
    form = OwnForm(clean(request) | _lists(request)) if request.method == "POST" else OwnForm()
    if request.method == "POST" and form.is_valid():
        row = form.row()
        row.user = user
        row.save()
        messages.success(request, "You will be told.")
        return SeeOther(reverse("own-notifications"))
    mine = Subscription.objects.filter(user=user).select_related("region", "job")
    context = {
        "address": user.email,
        "can_mail": conf.can_mail(),
        "last": Delivery.objects.filter(user=user).select_related("job")[:LAST],
    }
    return _page(request, "console/own_notifications.html", form, mine, context)


@require_POST
@signed_in
def own_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user = require(request, Action.DESCRIBE_JOB, OWN_DOING)
    if Subscription.objects.filter(pk=pk, user=user).delete()[0]:
        messages.success(request, "You will not be told of this any more.")
    return SeeOther(reverse("own-notifications"))


@require_POST
@signed_in
def tell_me(request: HttpRequest, job_id: str) -> HttpResponse:
    """When one job ends; or not, without `on`."""
    job = job_or_404(request, job_id)
    user = user_of(request)
    if request.POST.get("on") != "yes":
        Subscription.objects.filter(user=user, job=job).delete()
        messages.success(request, "You will not be told when this job ends.")
    elif job.is_terminal:
        messages.error(request, "The job has ended.")
    else:
        row = Subscription(user=user, job=job, created_at=timezone.now())
        row.statuses = sorted(TERMINAL)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            pass  # pressed twice
        messages.success(request, f"You will be told at {user.email} when this job ends.")
    return SeeOther(reverse("job-detail", args=[job.pk]))


@require_http_methods(["GET", "POST"])
@signed_in
def for_all(request: HttpRequest) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    posted = request.method == "POST"
    form = ForAllForm(clean(request) | _lists(request)) if posted else ForAllForm()
    if posted and form.is_valid():
        row = form.row()
        row.save()
        messages.success(request, f"{row} will be told.")
        return SeeOther(reverse("notifications"))
    rows = Subscription.objects.filter(user=None).select_related("region", "webhook")
    context = {"can_mail": conf.can_mail()}
    return _page(request, "console/notifications.html", form, rows, context)


@require_POST
@signed_in
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    row = Subscription.objects.filter(pk=pk, user=None).first()
    if row:
        row.delete()
        messages.success(request, f"{row} will not be told of this any more.")
    return SeeOther(reverse("notifications"))


@require_GET
@signed_in
def delivery_list(request: HttpRequest) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    wanted = DeliveryFilter.parse(request.GET)
    context = {
        "wanted": wanted,
        "found": delivery_page(wanted),
        "states": Delivery.State.choices,
        "now": timezone.now(),
    }
    return render(request, "console/delivery_list.html", context)


@require_GET
@signed_in
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    row = get_object_or_404(Delivery.objects.select_related("webhook", "job"), pk=pk)
    return render(request, "console/delivery.html", {"row": row, "now": timezone.now()})


@require_POST
@signed_in
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    if delivering.resend(pk, timezone.now()):
        messages.success(request, "The message is sent again within a few seconds.")
    else:
        messages.error(request, "The message is on its way at this moment.")
    return SeeOther(reverse("delivery", args=[pk]))


def _lists(request: HttpRequest) -> dict[str, Any]:
    """Values of boxes, of which several may be ticked."""
    return {"moments": request.POST.getlist("moments")}


def _page(
    request: HttpRequest,
    template: str,
    form: SubscriptionForm,
    rows: Any,
    context: dict[str, Any],
) -> HttpResponse:
    told = [(row, moments_of(row), reverse(_REMOVE[template], args=[row.pk])) for row in rows]
    return render(request, template, {"form": form, "rows": told, **context})
