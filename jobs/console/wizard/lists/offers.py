"""A conversion that is offered: how the list is read, what becomes of it, and what may be chosen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms

from jobs.console.forms.typed import TextField, check_bucket_length, storable
from jobs.manifests.converting.encodings import why_no_list
from jobs.manifests.converting.recipe import Column, Keys, Recipe, Separator
from jobs.manifests.converting.recognise import recognise
from jobs.manifests.converting.show import Shown, show
from jobs.manifests.layout import MAX_COLUMNS
from jobs.s3.arns import check_bucket_name

_COLUMN = re.compile(r"column-(\d{1,3})\Z")
CELL_CHARACTERS = 40
BUCKETS_SHOWN = 5

FIXES: dict[str, dict[str, Any]] = {
    "encode-keys": {"keys": Keys.MIXED},
    "decode-once": {"keys": Keys.TWICE},
    "drop-slash": {"drop_slash": True},
    "drop-header": {"header": True},
    "fill-null": {"fill_null": True},
}
"""What the preview's remedies ask for beyond what is recognised. Byte order marks, line ends and blank
lines are seen to by every conversion.
"""


class ConversionForm(forms.Form):
    """What a person may correct of a recipe; columns are fields `column-0`, `column-1`…"""

    bucket = TextField(
        label="Bucket",
        high=63,
        help_text="Of the objects in the list, where no column names it.",
        widget=forms.TextInput(attrs={"class": "w-md"}),
    )
    separator = forms.ChoiceField(label="What separates columns", choices=Separator.choices)
    keys = forms.ChoiceField(label="How keys are written", choices=Keys.choices)
    header = forms.BooleanField(label="The first row names the columns", required=False)
    drop_slash = forms.BooleanField(
        label="Remove a slash at the beginning of each key", required=False
    )
    fill_null = forms.BooleanField(
        label="Write null where a version ID is empty",
        required=False,
        help_text="It names an object's null version. Without a version ID a task fails.",
    )

    def __init__(self, typed: Mapping[str, str] | None, recipe: Recipe) -> None:
        initial = {
            "bucket": recipe.bucket,
            "separator": recipe.separator,
            "keys": recipe.keys,
            "header": recipe.header,
            "drop_slash": recipe.drop_slash,
            "fill_null": recipe.fill_null,
        }
        super().__init__(typed, initial=initial, prefix=None)
        for number, column in enumerate(recipe.columns):
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=f"Column {number + 1}", choices=Column.choices, initial=column
            )

    def clean_bucket(self) -> str:
        bucket: str = self.cleaned_data["bucket"].removeprefix("s3://").strip("/")
        if bucket:
            try:
                check_bucket_name(bucket)
                check_bucket_length(bucket)
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
        return bucket


@dataclass(frozen=True, slots=True)
class Offer:
    """`why_not` is a sentence about a file that is no list; nothing else means anything then."""

    recipe: Recipe
    form: ConversionForm
    shown: Shown
    why_not: str | None

    @property
    def changes(self) -> list[str]:
        told = list(self.recipe.changes())
        blank = self.shown.counts.blank
        return [*told, "Blank lines are left out."] if blank else told

    @property
    def is_needed(self) -> bool:
        """Whether the list as it stands is no manifest, as far as it was read."""
        return self.recipe.is_needed or bool(self.shown.counts.blank)

    @property
    def buckets(self) -> list[tuple[str, int]]:
        """The largest, with their rows."""
        return self.shown.counts.buckets.most_common(BUCKETS_SHOWN)

    @property
    def buckets_left(self) -> int:
        return max(0, len(self.shown.counts.buckets) - BUCKETS_SHOWN)

    @property
    def needs_bucket(self) -> bool:
        return not self.recipe.names_buckets

    @property
    def lacks_bucket(self) -> bool:
        return self.needs_bucket and not self.recipe.bucket

    @property
    def needs_columns(self) -> bool:
        return len(self.recipe.columns) > 1

    @property
    def columns(self) -> list[tuple[forms.BoundField, str]]:
        """Each column's field, and what stands in it in the first row."""
        cells = self.shown.cells[-1] if self.shown.cells else []
        return [
            (self.form[f"column-{n}"], cells[n][:CELL_CHARACTERS] if n < len(cells) else "")
            for n in range(len(self.recipe.columns))
        ]

    @property
    def problem(self) -> str:
        """What stands in the way of making it, as a sentence; empty where nothing does."""
        if self.why_not:
            return self.why_not
        if self.form.is_bound and not self.form.is_valid():
            return "There is something to correct below."
        if wrong := self.recipe.problem():
            return wrong
        if self.lacks_bucket:
            return "Enter the bucket of the objects: the list names none."
        return self.shown.error


def offer(
    sample: bytes, *, complete: bool, typed: Mapping[str, str] | None = None, fix: str = ""
) -> Offer:
    """For a list that begins with `sample`. `typed` is what somebody chose on a page that showed an
    offer for the same list, or a bucket alone; `fix` is one of FIXES.
    """
    chosen = _chosen_separator(typed)
    recipe = recognise(sample, complete=complete, separator=chosen, has_header=fix == "drop-header")
    if len(recipe.columns) > MAX_COLUMNS:
        recipe = replace(recipe, columns=recipe.columns[:MAX_COLUMNS])
    if typed is None:
        recipe = replace(recipe, **FIXES.get(fix, {}))
        form = ConversionForm(None, recipe)
    else:
        told = typed if "separator" in typed else _typed_of(recipe) | dict(typed)
        form, recipe = _corrected(told, recipe)
    # For what the page says of the field; a bucket that is missing has a sentence of its own.
    form.fields["bucket"].required = not recipe.names_buckets
    return Offer(recipe, form, show(sample, recipe, complete=complete), why_no_list(sample))


def _typed_of(recipe: Recipe) -> dict[str, str]:
    """As a page that shows it sends it back."""
    flags = {
        "header": recipe.header,
        "drop_slash": recipe.drop_slash,
        "fill_null": recipe.fill_null,
    }
    return {
        "separator": str(recipe.separator),
        "keys": str(recipe.keys),
        **{f"column-{n}": str(column) for n, column in enumerate(recipe.columns)},
        **{name: "on" for name, is_set in flags.items() if is_set},
    }


def _chosen_separator(typed: Mapping[str, str] | None) -> Separator | None:
    name = typed.get("separator", "") if typed else ""
    return Separator(name) if name in Separator.values else None


def _corrected(typed: Mapping[str, str], recipe: Recipe) -> tuple[ConversionForm, Recipe]:
    """The recipe with what was chosen. Columns count where the list was shown with as many."""
    told = {name: storable(text) for name, text in typed.items()}
    columns = [told.get(f"column-{n}", "") for n in range(len(recipe.columns))]
    extra = f"column-{len(columns)}" in told
    if extra or not all(name in Column.values for name in columns):
        columns = [str(column) for column in recipe.columns]
    names = {f"column-{n}": name for n, name in enumerate(columns)}
    told = {name: text for name, text in told.items() if not _COLUMN.match(name)} | names
    if told.get("separator") not in Separator.values:
        told["separator"] = str(recipe.separator)
    if told.get("keys") not in Keys.values:
        told["keys"] = str(recipe.keys)
    form = ConversionForm(told, recipe)
    form.is_valid()
    given = form.cleaned_data
    return form, replace(
        recipe,
        columns=tuple(Column(name) for name in columns),
        keys=Keys(told["keys"]),
        header=given["header"],
        drop_slash=given["drop_slash"],
        fill_null=given["fill_null"],
        bucket=given.get("bucket", ""),
    )
