"""Access keys: one's own, and for those who manage access all others'."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from jobs import conf
from jobs.access import access_keys
from jobs.access.actions import Action
from jobs.console.access import can, signed_in, user_of
from jobs.console.access_keys.forms import AccessKeyForm
from jobs.console.see_other import SeeOther
from jobs.models import AccessKey, Region, ServiceAccount


@require_GET
@signed_in
def access_key_list(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    keys = AccessKey.objects.select_related("owner__service_account")
    others = keys.exclude(owner=user) if can(request, Action.MANAGE_ACCESS) else None
    context = {
        "account_id": conf.account_id(),
        "keys": keys.filter(owner=user),
        "others": others,
        "now": timezone.now(),
    }
    return render(request, "console/access_key_list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def access_key_new(request: HttpRequest) -> HttpResponse:
    """The answer to a POST shows the secret, which nothing keeps in clear: so there is no redirect,
    and the page is never cached.
    """
    user = user_of(request)
    accounts = _service_accounts(request)
    if request.method == "GET":
        chosen = next((one for one in accounts if str(one.pk) == request.GET.get("for")), None)
        form = AccessKeyForm(yourself=user, service_accounts=accounts, chosen=chosen)
        return _page(request, form)
    form = AccessKeyForm(request.POST, yourself=user, service_accounts=accounts)
    if not form.is_valid():
        return _page(request, form)
    now = timezone.now()
    try:
        key = access_keys.create(
            form.for_whom(),
            by=user,
            now=now,
            name=form.cleaned_data["name"],
            expires_at=form.expires_at(now),
            networks=form.cleaned_data["networks"],
            form_id=form.cleaned_data["form_id"],
        )
    except access_keys.MadeBeforeError as error:
        messages.error(request, error.message)
        return SeeOther(reverse("access-key-list"))
    context = {
        "key": key,
        "account_id": conf.account_id(),
        "endpoint": request.build_absolute_uri("/").rstrip("/"),
        "host": request.get_host(),
        "region": Region.objects.values_list("slug", flat=True).first() or "us-east-1",
    }
    return render(request, "console/access_key_made.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def access_key_revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    key = _key_or_404(request, key_id)
    if request.method == "GET":
        return render(request, "console/access_key_revoke.html", {"key": key})
    if access_keys.revoke(key, timezone.now()):
        messages.success(request, f"The access key {key.pk} was revoked.")
    else:
        messages.info(request, f"The access key {key.pk} was revoked before.")
    return SeeOther(reverse("access-key-list"))


def _key_or_404(request: HttpRequest, key_id: str) -> AccessKey:
    """One's own, or anybody's for who manages access. Raises Http404."""
    user = user_of(request)
    keys = AccessKey.objects.select_related("owner__service_account")
    if not can(request, Action.MANAGE_ACCESS):
        keys = keys.filter(owner=user)
    return get_object_or_404(keys, pk=key_id)


def _service_accounts(request: HttpRequest) -> list[User]:
    """Those that keys may be made for."""
    if not can(request, Action.MANAGE_ACCESS):
        return []
    accounts = ServiceAccount.objects.select_related("user").filter(user__is_active=True)
    return [account.user for account in accounts]


def _page(request: HttpRequest, form: AccessKeyForm) -> HttpResponse:
    return render(request, "console/access_key_new.html", {"form": form})
