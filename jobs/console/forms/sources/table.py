"""Which kinds of object list there are, in the order in which step 1 offers them."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.choices import INVENTORIES
from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.csv_manifest import CsvForm
from jobs.console.forms.sources.elsewhere import PasteForm, TickForm, UploadForm
from jobs.console.forms.sources.generated import GeneratedForm
from jobs.console.forms.sources.inventory import InventoryForm
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

    @property
    def article(self) -> str:
        """As a sentence goes on with it."""
        return "a CSV manifest" if self.name == "csv" else self.label[0].lower() + self.label[1:]


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
    Kind(
        "inventory",
        "An S3 Inventory report",
        "The manifest.json of an inventory, with data files as CSV, Parquet or ORC.",
        InventoryForm,
    ),
    Kind("upload", "A file of mine", "A list on this computer.", UploadForm),
    Kind("paste", "Pasted keys", "A short list that you paste or type.", PasteForm),
    Kind("tick", "Ticked objects", "Chosen one by one in the bucket.", TickForm),
)
SOURCES: dict[str, type[SourceForm]] = {kind.name: kind.form for kind in KINDS}
OLD = CsvForm.kind
"""What a draft has that was made before there was a choice."""

USUAL = GeneratedForm.kind


_OBJECTS = {
    "csv": ("manifest_object", "version_id"),
    "inventory": ("inventory_object", "inventory_version_id"),
}
"""By the kind, the fields of an object's path and version."""


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
    form: type[SourceForm] = InventoryForm if spec.format in INVENTORIES else CsvForm
    if isinstance(spec, GeneratorSpec):
        form = GeneratedForm
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


def turned_to(typed: Typed, kind: str) -> Typed:
    """The object that was named as a list of one kind, named as one of another."""
    if kind not in _OBJECTS:
        return typed
    old = _OBJECTS.get(kind_of(typed), _OBJECTS[kind])
    named = zip(_OBJECTS[kind], old, strict=True)
    return typed | {"kind": kind} | {name: typed.get(other, "") for name, other in named}
