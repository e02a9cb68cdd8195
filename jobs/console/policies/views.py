"""Access policies: what there are, what they say, and whom they are attached to.

See docs/pages.md, Access policies.
"""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.access.actions import Action
from jobs.console.access import require, signed_in
from jobs.console.forms.typed import storable
from jobs.console.policies.forms import PolicyForm
from jobs.console.see_other import SeeOther
from jobs.models import AccessPolicy

DOING = "Managing access"


@require_GET
@signed_in
def policy_list(request: HttpRequest) -> HttpResponse:
    require(request, Action.MANAGE_ACCESS, DOING)
    counts = {"people": Count("users", distinct=True), "teams": Count("groups", distinct=True)}
    found = AccessPolicy.objects.annotate(**counts).order_by("-ready_made", "name")
    return render(request, "console/policy_list.html", {"policies": found})


@require_http_methods(["GET", "POST"])
@signed_in
def policy_new(request: HttpRequest) -> HttpResponse:
    """Empty, or from the text of another one: `like` is its primary key."""
    require(request, Action.MANAGE_ACCESS, DOING)
    if request.method == "GET":
        other = AccessPolicy.objects.filter(pk=number_in(request.GET.get("like", ""))).first()
        return _page(request, PolicyForm(initial={"document": other.document} if other else None))
    return _saved(request, PolicyForm(_clean(request)), None)


@require_http_methods(["GET", "POST"])
@signed_in
def policy_edit(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_ACCESS, DOING)
    row = get_object_or_404(AccessPolicy, pk=pk)
    if request.method == "GET":
        return _page(request, PolicyForm(instance=row), row)
    form = PolicyForm(_clean(request), instance=row)
    return _saved(request, form, get_object_or_404(AccessPolicy, pk=pk))


@require_POST
@signed_in
def policy_delete(request: HttpRequest, pk: int) -> HttpResponse:
    require(request, Action.MANAGE_ACCESS, DOING)
    row = get_object_or_404(AccessPolicy, pk=pk)
    if row.ready_made:
        messages.error(request, f"{row.name} is ready-made, so it stays. Detach it instead.")
        return SeeOther(reverse("policy-edit", args=[pk]))
    row.delete()
    messages.success(request, f"{row.name} was deleted.")
    return SeeOther(reverse("policy-list"))


def _saved(request: HttpRequest, form: PolicyForm, row: AccessPolicy | None) -> HttpResponse:
    """`row` is as the database has it: a form writes into its own."""
    if not form.is_valid():
        return _page(request, form, row)
    if request.POST.get("go") == "check":
        messages.success(request, "The policy has no problems. It is not saved yet.")
        return _page(request, form, row)
    saved = form.save()
    messages.success(request, f"{saved.name} was saved.")
    return SeeOther(reverse("policy-edit", args=[saved.pk]))


def _page(request: HttpRequest, form: PolicyForm, row: AccessPolicy | None = None) -> HttpResponse:
    context = {"form": form, "row": row, "has_errors": bool(form.errors)}
    return render(request, "console/policy_form.html", context)


def _clean(request: HttpRequest) -> dict[str, object]:
    """A NUL in a text would reach the database; as a visible sign it gets a sentence."""
    texts: dict[str, object] = {
        name: storable(str(value)) for name, value in request.POST.items() if name != "groups"
    }
    groups = map(number_in, request.POST.getlist("groups"))
    return {**texts, "groups": [str(pk) for pk in groups if pk]}


def number_in(text: str) -> int:
    """A primary key as a form sends it; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
