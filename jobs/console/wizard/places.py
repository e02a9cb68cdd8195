"""What is wrong with a job, as the wizard says it: at one of its fields, and in the words of the page
in place of the wire's.
"""

from typing import TYPE_CHECKING

from jobs.console.wizard.steps import MANIFEST, OPERATION, OPTIONS, REVIEW, Step
from jobs.errors import Problem
from jobs.lifecycle.limits import BOUNDS
from jobs.spec import paths

if TYPE_CHECKING:
    from jobs.console.wizard.assemble import Reading

_CONTROLS = {
    paths.REGION: (MANIFEST, "region"),
    paths.FIELDS: (MANIFEST, "column-0"),
    paths.PLUS_IS_SPACE: (MANIFEST, "plus_is_space"),
    paths.DESCRIPTION: (OPTIONS, "description"),
    paths.PRIORITY: (OPTIONS, "priority"),
    paths.REPORT: (OPTIONS, "report_enabled"),
    paths.REPORT_BUCKET: (OPTIONS, "report_path"),
    paths.REPORT_PREFIX: (OPTIONS, "report_path"),
    paths.ROLE: (OPTIONS, "role"),
    **{f"{paths.LIMITS}.{member}": (OPTIONS, name) for name, (member, *_) in BOUNDS.items()},
    paths.SAMPLE_ROWS: (REVIEW, "sample_rows"),
}
_NAMES = {paths.ETAG: "The manifest's ETag", paths.OBJECT: "The path to the manifest"}
"""Of members that no field stands for."""
_THEN = {
    paths.REGION: "Choose one of the list.",
    paths.ROLE: "Choose another IAM role.",
}
"""What to do on this page."""


def placed(reading: "Reading", problem: Problem) -> tuple[Step, Problem]:
    """The step and the field on its page that a problem of a JobSpec belongs to."""
    path = problem.field
    step, field = _control(reading, path)
    form = reading.form_of(step)
    said = problem.message
    if form is not None and field in form.fields:
        said = said.replace(path, _NAMES.get(path) or str(form.fields[field].label), 1)
    if path in _THEN:
        said = f"{said} {_THEN[path]}"
    return step, Problem(field, said)


def _control(reading: "Reading", path: str) -> tuple[Step, str]:
    if path in _CONTROLS:
        return _CONTROLS[path]
    top, _, inside = path.partition(".")
    if top == paths.OPERATION:
        member = inside.partition(".")[2]
        return OPERATION, reading.operation.field_of(member) if reading.operation else ""
    if top.partition("[")[0] == paths.TAGS:
        return OPTIONS, _tag(reading, path)
    if path.startswith("Manifest."):
        return MANIFEST, reading.manifest.main
    return MANIFEST, reading.manifest.field_of(path.removeprefix(f"{paths.GENERATOR}."))


def _tag(reading: "Reading", path: str) -> str:
    """Of `Tags[1].Value` the cell of the second row in which something stands."""
    digits = path.partition("[")[2].partition("]")[0]
    filled = reading.options.filled_rows("tags")
    row = filled[int(digits)][0] if digits and int(digits) < len(filled) else 0
    return f"tags-{row}-{'value' if path.endswith('.Value') else 'key'}"
