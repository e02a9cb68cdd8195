"""One press of a button of the wizard's form."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from jobs.console.see_other import SeeOther
from jobs.console.wizard.drafts import Seen
from jobs.console.wizard.pages import step_url
from jobs.console.wizard.steps import MANIFEST, Step
from jobs.models import Draft


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a button, in one step of one draft."""

    request: HttpRequest
    draft: Draft
    step: Step
    order: str
    about: list[str]

    @property
    def shown(self) -> str:
        """The operation, or the kind of list, whose fields the page showed."""
        named = "kind_shown" if self.step is MANIFEST else "settings_of"
        return self.request.POST.get(named, "")

    @property
    def seen(self) -> Seen:
        """After the first save of this request: this tab has the newest version."""
        return Seen(self.draft.version, Seen.of(self.request.POST).tab)


def stay(press: Press, anchor: str = "") -> HttpResponse:
    return SeeOther(step_url(press.draft, press.step, anchor, **kept(press)))


def kept(press: Press) -> dict[str, str]:
    return {"return": "review"} if press.request.POST.get("return") == "review" else {}
