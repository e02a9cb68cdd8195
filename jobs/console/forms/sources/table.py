"""Which kinds of object list there are, in the order in which step 1 offers them."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.csv_manifest import CsvForm
from jobs.console.forms.sources.generated import GeneratedForm
from jobs.console.forms.typed import Typed
from jobs.spec.generator import GeneratorSpec
from jobs.spec.object_list import ListSpec


@dataclass(frozen=True, slots=True)
class Kind:
    """`does` is one sentence on when to choose it."""

    name: str
    label: str
    does: str
    form: type[SourceForm]


KINDS = (
    Kind(
        "generated",
        "A whole bucket or prefix",
        "The objects are listed for you, all of them or those that pass filters.",
        GeneratedForm,
    ),
    Kind(
        "csv",
        "A manifest in S3",
        "A CSV object that lists the objects, one on each line.",
        CsvForm,
    ),
)
SOURCES: dict[str, type[SourceForm]] = {kind.name: kind.form for kind in KINDS}
OLD = CsvForm.kind
"""What a draft has that was made before there was a choice."""

USUAL = GeneratedForm.kind


def kind_of(typed: Mapping[str, str]) -> str:
    """The kind of a draft, by what was typed in step 1."""
    chosen = typed.get("kind", OLD if typed else USUAL)
    return chosen if chosen in SOURCES else USUAL


def label_of(kind: str) -> str:
    return next(known.label for known in KINDS if known.name == kind)


def form_for(typed: Mapping[str, str]) -> type[SourceForm]:
    return SOURCES[kind_of(typed)]


def typed_of(spec: ListSpec) -> Typed:
    """What somebody would have typed to get this list, its kind included."""
    form = GeneratedForm if isinstance(spec, GeneratorSpec) else CsvForm
    return {"kind": form.kind, **form.typed_of(spec)}


def place_of(typed: Mapping[str, str]) -> list[str]:
    """What a look at the list depends on."""
    return form_for(typed).place_of(typed)


def named_in(typed: Mapping[str, str]) -> str:
    return form_for(typed).named_in(typed)


def absorbed(typed: Mapping[str, str], post: Mapping[str, str]) -> Typed:
    """`typed` with what a page posted, which showed the form of the kind `kind_shown`. What was typed
    for other kinds stays.
    """
    shown = SOURCES.get(post.get("kind_shown", ""), form_for(typed))
    others = {name: text for name, text in typed.items() if not shown.owns(name)}
    chosen = post.get("kind", kind_of(typed))
    kind = chosen if chosen in SOURCES else kind_of(typed)
    return others | shown.typed_from(post) | {"kind": kind}
