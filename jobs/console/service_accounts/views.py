"""Service accounts, for those who manage access."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.access import people, service_accounts
from jobs.access.actions import Action
from jobs.console.access import require, signed_in
from jobs.console.see_other import SeeOther
from jobs.console.service_accounts.forms import ServiceAccountForm
from jobs.models import AccessKey, ServiceAccount

DOING = "Managing service accounts"


@require_GET
@signed_in
def service_account_list(request: HttpRequest) -> HttpResponse:
    require(request, Action.MANAGE_ACCESS, DOING)
    accounts = ServiceAccount.objects.select_related("user").annotate(
        keys=Count("user__access_keys", filter=Q(user__access_keys__revoked_at=None)),
        last_used_at=Max("user__access_keys__last_used_at"),
    )
    return render(request, "console/service_account_list.html", {"accounts": accounts})


@require_http_methods(["GET", "POST"])
@signed_in
def service_account_new(request: HttpRequest) -> HttpResponse:
    user = require(request, Action.MANAGE_ACCESS, DOING)
    if request.method == "GET":
        return _page(request, ServiceAccountForm())
    form = ServiceAccountForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    name, description = form.cleaned_data["name"], form.cleaned_data["description"]
    account = service_accounts.create(name, description, by=user, now=timezone.now())
    if account is None:
        form.add_error("name", service_accounts.problem_with_name(name))
        return _page(request, form)
    form.apply_to(account)
    messages.success(request, f"The service account {account} was created. It needs an access key.")
    return _to(account)


@require_http_methods(["GET", "POST"])
@signed_in
def service_account_edit(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_ACCESS, DOING)
    account = _account_or_404(pk)
    if request.method == "GET":
        return _page(request, ServiceAccountForm(account=account), account)
    form = ServiceAccountForm(request.POST, account=account)
    if not form.is_valid():
        return _page(request, form, account)
    ServiceAccount.objects.filter(pk=pk).update(description=form.cleaned_data["description"])
    form.apply_to(account)
    messages.success(request, f"The service account {account} was saved.")
    return _to(account)


@require_POST
@signed_in
def service_account_enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Or disable it: then none of its keys works."""
    require(request, Action.MANAGE_ACCESS, DOING)
    account = _account_or_404(pk)
    if request.POST.get("on") == "yes":
        people.enable(account)
        messages.success(request, f"The service account {account} is enabled.")
    else:
        people.disable(account, timezone.now())
        messages.success(request, f"The service account {account} is disabled: no key of it works.")
    return _to(account)


def _account_or_404(pk: int) -> User:
    found = User.objects.select_related("service_account")
    return get_object_or_404(found, pk=pk, service_account__isnull=False)


def _to(account: User) -> HttpResponse:
    return SeeOther(reverse("service-account-edit", args=[account.pk]))


def _page(
    request: HttpRequest, form: ServiceAccountForm, account: User | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "account": account, "now": timezone.now()}
    if account is not None:
        context["keys"] = AccessKey.objects.filter(owner=account).select_related("owner")
    return render(request, "console/service_account_form.html", context)
