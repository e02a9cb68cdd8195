"""Regions: the storages that jobs run against, connected here by an Admin.

See docs/pages.md, Regions.
"""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.access.actions import Action
from jobs.console.access import require, signed_in
from jobs.console.forms.typed import storable
from jobs.console.regions import tested_secret, testing
from jobs.console.regions.bucket_forms import BucketForm, ProbeForm
from jobs.console.regions.forms import CredentialsForm, RegionForm
from jobs.console.regions.looking import Result
from jobs.console.regions.tested_secret import Tested
from jobs.console.see_other import SeeOther
from jobs.lifecycle import capabilities
from jobs.models import Bucket, Job, Region, RoleCredentials
from jobs.queries.regions import region_states, state_of
from jobs.s3.ca_certificates import CACertificate, read_ca_certificates

DOING = "Connecting storage"
_ASK_ANEW = {"endpoint_url", "code", "path_style", "manifest_prefix", "report_prefix"}
"""What makes a Region another storage, or another place in it."""


@require_GET
@signed_in
def region_list(request: HttpRequest) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    counts = dict(Job.objects.values_list("region").annotate(jobs=Count("*")))
    states = region_states(Region.objects.all())
    regions = [(one.region, counts.get(one.region.pk, 0), one) for one in states]
    return render(request, "console/region_list.html", {"regions": regions})


@require_http_methods(["GET", "POST"])
@signed_in
def region_create(request: HttpRequest) -> HttpResponse:
    """A Region and the first role that works in it, in one form; tested before or after saving."""
    require(request, Action.MANAGE_REGIONS, DOING)
    if request.method == "GET":
        return _form(request, RegionForm(initial={"code": "us-east-1"}), CredentialsForm())
    now_s = timezone.now().timestamp()
    tested = tested_secret.kept(request.session, now_s=now_s)
    form = RegionForm(clean(request))
    credentials = CredentialsForm(clean(request), tested=tested)
    if not (form.is_valid() & credentials.is_valid()):
        return _form(request, form, credentials)
    if request.POST.get("go") == "test":
        form.instance.addressing_style = form.addressing_style
        row = RoleCredentials(region=form.instance)
        credentials.apply(row)
        tested = Tested(row.access_key_id, row.secret_access_key, row.session_token)
        tested_secret.keep(request.session, tested, now_s=now_s)
        shown = CredentialsForm(clean(request), tested=tested)
        return _tested_form(request, form, shown, row)
    tested_secret.forget(request.session)
    form.instance.created_at = timezone.now()
    with transaction.atomic():
        region = form.save()
        row = credentials.save(region)
    done = f"Region {region.name} was connected."
    _test_and_say(request, region, row, done, by_hand=form.changed_data)
    return SeeOther(reverse("region-edit", args=[region.slug]))


def _form(
    request: HttpRequest, form: RegionForm, credentials: CredentialsForm, **more: Any
) -> HttpResponse:
    context = {"form": form, "credentials": credentials, "region": None, **more}
    context["has_errors"] = bool(form.errors or credentials.errors)
    return render(request, "console/region_form.html", context)


def _tested_form(
    request: HttpRequest, form: RegionForm, credentials: CredentialsForm, row: RoleCredentials
) -> HttpResponse:
    """With the switches as the test found them."""
    tested = testing.try_connection(form.instance, row, timezone.now())
    values = {name: text for name, text in form.data.items() if name not in tested.switches}
    found = RegionForm(values | {name: "on" for name, on in tested.switches.items() if on})
    return _form(request, found, credentials, results=tested.results)


def clean(request: HttpRequest) -> dict[str, str]:
    """A NUL in a text would reach the database; as a visible sign it gets a sentence."""
    return {name: storable(str(value)) for name, value in request.POST.items()}


@require_http_methods(["GET", "POST"])
@signed_in
def region_edit(request: HttpRequest, slug: str) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    if request.method == "GET":
        return edit_page(request, region)
    form = RegionForm(clean(request), instance=region)
    if not form.is_valid():
        return edit_page(request, Region.objects.get(pk=region.pk), form=form)
    form.save()
    done, changed = f"Region {region.name} was saved.", form.changed_data
    # Else what was corrected by hand would be undone with the next change of a name.
    writes = bool(_ASK_ANEW.intersection(changed))
    _test_and_say(request, region, _first(region), done, by_hand=changed, writes=writes)
    return SeeOther(reverse("region-edit", args=[region.slug]))


def edit_page(
    request: HttpRequest,
    region: Region,
    *,
    form: RegionForm | None = None,
    credentials: CredentialsForm | None = None,
    bucket: BucketForm | None = None,
    probe: ProbeForm | None = None,
    results: list[Result] | None = None,
) -> HttpResponse:
    forms = [form, credentials, bucket, probe]
    context = {
        "region": region,
        "form": form or RegionForm(instance=region),
        "credentials": credentials or CredentialsForm(),
        "bucket_form": bucket or BucketForm(),
        "roles": _credentials_of(region),
        "buckets": region.buckets.all(),
        "probe_form": probe or ProbeForm(region=region),
        "probed": region.probed_buckets.prefetch_related("capabilities__overruled_by"),
        "may_be_overruled": capabilities.MAY_BE_OVERRULED,
        "authorities": _authorities(region),
        "now": timezone.now(),
        "results": results,
        "state": state_of(region),
        "jobs": region.jobs.count(),
        "has_errors": any(form and form.errors for form in forms),
    }
    return render(request, "console/region_form.html", context)


def _authorities(region: Region) -> list[CACertificate]:
    try:
        return read_ca_certificates(region.ca_certificate) if region.ca_certificate else []
    except ValueError:  # not written by our forms; the connection test says that it is of no use
        return []


def _credentials_of(region: Region) -> QuerySet[RoleCredentials]:
    return RoleCredentials.objects.filter(region=region).select_related("role").order_by("pk")


def _first(region: Region) -> RoleCredentials | None:
    return _credentials_of(region).first()


@require_POST
@signed_in
def region_test(request: HttpRequest, slug: str) -> HttpResponse:
    """Test connection, as the role that was chosen or the first one."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    row = _credentials_of(region).filter(pk=_number(request, "as")).first()
    now = timezone.now()
    tested = testing.try_connection(region, row or _first(region), now)
    testing.note_result(region, tested, now)
    return edit_page(request, region, results=tested.results)


def _test_and_say(
    request: HttpRequest,
    region: Region,
    row: RoleCredentials | None,
    done: str,
    *,
    by_hand: Collection[str] = (),
    writes: bool = True,
) -> None:
    now = timezone.now()
    tested = testing.try_connection(region, row, now, writes=writes)
    testing.note_result(region, tested, now, by_hand=by_hand)
    if tested.error:
        messages.warning(request, f"{done} {tested.error}")
    elif tested.warnings:
        messages.warning(request, " ".join([done, "The connection works.", *tested.warnings]))
    else:
        messages.success(request, f"{done} The connection works.")


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 15 else 0


@require_POST
@signed_in
def region_role(request: HttpRequest, slug: str) -> HttpResponse:
    """Credentials of one more role, or new ones of a role that is there."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    known = _credentials_of(region).filter(pk=_number(request, "known")).first()
    form = CredentialsForm(clean(request), known=known)
    if not form.is_valid():
        return edit_page(request, region, credentials=form)
    row = form.save(region)
    done = f"The credentials of {row.role.arn} were saved."
    _test_and_say(request, region, row, done, writes=False)
    return back_to(region, "roles")


def back_to(region: Region, anchor: str) -> HttpResponse:
    return SeeOther(f"{reverse('region-edit', args=[region.slug])}#{anchor}")


@require_GET
@signed_in
def region_role_edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    known = get_object_or_404(_credentials_of(region), pk=pk)
    return edit_page(request, region, credentials=CredentialsForm(known=known))


@require_POST
@signed_in
def region_role_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Jobs that name the role keep it; they wait for credentials until there are some again."""
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    row = get_object_or_404(_credentials_of(region), pk=pk)
    row.delete()
    messages.success(request, f"{row.role.arn} has no credentials in {region.name} any more.")
    return back_to(region, "roles")


@require_POST
@signed_in
def region_bucket(request: HttpRequest, slug: str) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    form = BucketForm(clean(request))
    if not form.is_valid():
        return edit_page(request, region, bucket=form)
    Bucket.objects.create(name=form.cleaned_data["bucket_name"], region=region)
    return back_to(region, "buckets")


@require_POST
@signed_in
def region_bucket_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    region = get_object_or_404(Region, slug=slug)
    get_object_or_404(Bucket, region=region, pk=pk).delete()
    return back_to(region, "buckets")
