"""Try a policy: what it says to a person, an action and a job, before it is saved or after somebody
was denied (docs/access.md, Why something was denied).
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jobs.access.actions import Action
from jobs.access.asking import ANY, Context, Resource, of_job
from jobs.access.decisions import facts_of
from jobs.access.policy.evaluation import NearMiss, Verdict, evaluate, near_misses
from jobs.access.policy.parsing import parse_text
from jobs.access.policy.statement import Policy
from jobs.access.principals import Principal, policies_of, principal_of
from jobs.console.access import require, signed_in, visible
from jobs.console.forms.typed import storable
from jobs.console.policies.forms import Placed, TryForm, problems_of
from jobs.console.policies.views import DOING, number_in
from jobs.models import AccessPolicy

UNSAVED = "The policy on this page"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person is told who tries a request. `misses` are statements that are about it, too, and
    whose conditions do not hold.
    """

    person: str
    is_root: bool
    verdict: Verdict
    misses: list[NearMiss]
    facts: list[tuple[str, str]]


@require_http_methods(["GET", "POST"])
@signed_in
def policy_try(request: HttpRequest) -> HttpResponse:
    """By POST `document` is a policy that is not saved; it counts as attached to the person, and
    instead of the saved one whose primary key `policy` is.
    """
    require(request, Action.MANAGE_ACCESS, DOING)
    sent = request.POST if request.method == "POST" else request.GET
    typed = {name: storable(str(value)) for name, value in sent.items()}
    document = typed.get("document", "")
    row = AccessPolicy.objects.filter(pk=number_in(typed.get("policy", ""))).first()
    problems: list[Placed] = problems_of(document) if document.strip() else []
    is_asked = bool(typed.get("person"))
    form = TryForm(typed if is_asked else None)
    answer = None
    if is_asked and form.is_valid() and not problems:
        about = _resource(request, form.cleaned_data["resource"])
        if about is None:
            form.add_error("resource", "There is no such job. Enter a job ID, or an ARN.")
        else:
            answer = _answer(form, about, document, row)
    context = {
        "form": form,
        "answer": answer,
        "document": document,
        "problems": problems,
        "row": row,
        "has_errors": bool(form.errors or problems),
    }
    return render(request, "console/policy_try.html", context)


def _resource(request: HttpRequest, text: str) -> Resource | None:
    """The job that an ID or an ARN names, with all that is known of it; another ARN as it is."""
    if text in ("", "*"):
        return ANY
    job_id = text.rpartition(":job/")[2]
    for job in visible(request).select_related("region").filter(pk=job_id[:36]):
        return of_job(job)
    return Resource(text) if text.startswith("arn:") else None


def _answer(form: TryForm, about: Resource, document: str, row: AccessPolicy | None) -> Answer:
    user, action = form.cleaned_data["person"], form.cleaned_data["action"]
    policies = policies_of(user)
    if document.strip():
        name = row.name if row else UNSAVED
        others = [one for one in policies if not row or one.name != row.name]
        policies = (*others, parse_text(document, name))
    asker = principal_of(user)
    given = form.cleaned_data["context"]
    facts = dict(facts_of(asker, Context(timezone.now()), about)) | given
    return Answer(
        person=user.username,
        is_root=asker.is_root,
        verdict=_verdict(asker, policies, action, about.arn, facts),
        misses=list(near_misses(policies, action, about.arn, facts)),
        facts=sorted((key, ", ".join(values)) for key, values in facts.items()),
    )


def _verdict(
    asker: Principal,
    policies: tuple[Policy, ...],
    action: str,
    arn: str,
    facts: dict[str, tuple[str, ...]],
) -> Verdict:
    if asker.is_root or not asker.user:
        return Verdict(asker.is_root)
    return evaluate(policies, action, arn, facts)
