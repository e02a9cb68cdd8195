"""The steps of Create job, in order (docs/pages.md, Create job)."""

from dataclasses import dataclass

from django.http import Http404


@dataclass(frozen=True, slots=True)
class Step:
    """`title` is the page's heading, `noun` what Review calls the same step."""

    slug: str
    number: int
    title: str
    noun: str

    @property
    def template(self) -> str:
        return f"console/wizard/step_{self.slug}.html"


STEPS = (
    Step("manifest", 1, "Choose Region and manifest", "Region and manifest"),
    Step("operation", 2, "Choose operation", "Operation"),
    Step("options", 3, "Configure additional options", "Additional options"),
    Step("review", 4, "Review", "Review"),
)
MANIFEST, OPERATION, OPTIONS, REVIEW = STEPS
_BY_SLUG = {step.slug: step for step in STEPS}


def step_of(slug: str) -> Step:
    """Raises Http404."""
    if slug not in _BY_SLUG:
        raise Http404
    return _BY_SLUG[slug]


def after(step: Step) -> Step:
    return STEPS[min(step.number, len(STEPS) - 1)]


def before(step: Step) -> Step:
    return STEPS[max(step.number - 2, 0)]


def first_unvisited(touched: list[str]) -> Step:
    """How far a draft has come; steps up to here may be opened (docs/pages.md, Create job)."""
    return next((step for step in STEPS if step.slug not in touched), REVIEW)
