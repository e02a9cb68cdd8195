"""Functions and webhooks: what tasks may call besides storages, connected here by an Admin.

See docs/pages.md, Functions and webhooks.
"""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.access.actions import Action
from jobs.console.access import require, signed_in
from jobs.console.connections import testing
from jobs.console.connections.forms import ConnectionForm, FunctionsForm, WebhookForm
from jobs.console.forms.typed import storable
from jobs.console.regions.looking import Result
from jobs.console.see_other import SeeOther
from jobs.lifecycle.connected import jobs_that_need
from jobs.models import FunctionEndpoint, Webhook
from jobs.models.connection import Connection

DOING = "Connecting functions and webhooks"


@dataclass(frozen=True, slots=True)
class Kind:
    """`slug` is of the address, `connect` stands on the button that begins one."""

    slug: str
    title: str
    connect: str
    model: type[Connection]
    form: type[ConnectionForm]

    def row_or_404(self, slug: str) -> Connection:
        return get_object_or_404(self.model._default_manager.all(), slug=slug)


KINDS = {
    "functions": Kind(
        "functions", "Functions", "Connect functions", FunctionEndpoint, FunctionsForm
    ),
    "webhooks": Kind("webhooks", "Webhooks", "Connect webhook", Webhook, WebhookForm),
}


@require_GET
@signed_in
def connection_list(request: HttpRequest) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    kinds = [(kind, list(kind.model._default_manager.all())) for kind in KINDS.values()]
    return render(request, "console/connection_list.html", {"kinds": kinds})


@require_http_methods(["GET", "POST"])
@signed_in
def connection_create(request: HttpRequest, kind: str) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    of = KINDS[kind]
    if request.method == "GET":
        return _page(request, of, of.form())
    form = of.form(clean(request))
    if not form.is_valid():
        return _page(request, of, form)
    row: Connection = form.save()
    _test_and_say(request, row, f"{row.name} was connected.")
    return _to(of, row)


@require_http_methods(["GET", "POST"])
@signed_in
def connection_edit(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    of = KINDS[kind]
    row = of.row_or_404(slug)
    if request.method == "GET":
        return _page(request, of, of.form(instance=row), row)
    form = of.form(clean(request), instance=row)
    if not form.is_valid():
        return _page(request, of, form, of.row_or_404(slug))
    form.save()
    done = f"{row.name} was saved."
    if set(form.changed_data) - {"name"}:
        _test_and_say(request, row, done)
    else:
        messages.success(request, done)
    return _to(of, row)


@require_POST
@signed_in
def connection_test(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    of = KINDS[kind]
    row = of.row_or_404(slug)
    results = testing.try_connection(row, timezone.now())
    return _page(request, of, of.form(instance=row), row, results)


@require_POST
@signed_in
def connection_enable(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Or disable it: jobs that need it then wait, and go on when it is enabled."""
    require(request, Action.MANAGE_REGIONS, DOING)
    of = KINDS[kind]
    row = of.row_or_404(slug)
    row.disabled = request.POST.get("on") != "yes"
    row.save(update_fields=["disabled"])
    messages.success(request, f"{row.name} is {'disabled' if row.disabled else 'enabled'}.")
    return _to(of, row)


@require_POST
@signed_in
def connection_delete(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    require(request, Action.MANAGE_REGIONS, DOING)
    of = KINDS[kind]
    row = of.row_or_404(slug)
    needed = jobs_that_need(row)
    if needed:
        some = "A job has" if len(needed) == 1 else f"{len(needed):,} jobs have"
        said = f"{row.name} was not deleted: {some} not ended and may call it. Disable it instead."
        messages.error(request, said)
        return _to(of, row)
    if isinstance(row, Webhook) and row.subscriptions.exists():
        said = f"{row.name} was not deleted: it is told of jobs. Remove that under Notifications."
        messages.error(request, said)
        return _to(of, row)
    row.delete()
    messages.success(request, f"{row.name} was deleted.")
    return SeeOther(reverse("connection-list"))


def clean(request: HttpRequest) -> dict[str, str]:
    """A NUL in a text would reach the database; as a visible sign it gets a sentence."""
    return {name: storable(str(value)) for name, value in request.POST.items()}


def _to(kind: Kind, row: Connection) -> HttpResponse:
    return SeeOther(reverse("connection-edit", args=[kind.slug, row.slug]))


def _page(
    request: HttpRequest,
    kind: Kind,
    form: ConnectionForm,
    row: Connection | None = None,
    results: list[Result] | None = None,
) -> HttpResponse:
    context = {
        "kind": kind,
        "form": form,
        "row": row,
        "results": results,
        "has_errors": bool(form.errors),
    }
    return render(request, "console/connection_form.html", context)


def _test_and_say(request: HttpRequest, row: Connection, done: str) -> None:
    results = testing.try_connection(row, timezone.now())
    notes = [result.sentence for result in results if result.tone in ("err", "warn")]
    if notes:
        messages.warning(request, " ".join([done, *notes]))
    else:
        messages.success(request, f"{done} The connection works.")
