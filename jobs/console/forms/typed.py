"""What all steps of the wizard share: values as somebody typed them, right or wrong, and rows.

Typed values are flat texts by field name. Repeating rows are fields named `<rows>-<n>-<part>`,
so that every cell has an address of its own: `tags-0-key`.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict

Typed = dict[str, str]
MAX_BUCKET = 63
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
_CONTROL = re.compile(f"[\x00-\x1f\x7f{UNREADABLE}]")


class TextField(forms.CharField):
    """One line of text; what cannot be seen gets a sentence."""

    def __init__(self, *, label: str, enter: str = "", high: int = 2048, **options: Any) -> None:
        self.high = high
        super().__init__(
            label=label,
            required=bool(enter),
            error_messages={"required": enter},
            **options,
        )
        kinds = self.validators
        self.validators = [v for v in kinds if not isinstance(v, ProhibitNullCharactersValidator)]

    def validate(self, value: str) -> None:
        super().validate(value)
        if _CONTROL.search(value):
            raise ValidationError(
                f"{self.label} contains a character that is not visible. Remove it."
            )
        if len(value) > self.high:
            raise ValidationError(
                f"{self.label} must be {self.high:,} characters or fewer, not {len(value):,}."
            )


class WholeField(TextField):
    """A whole number as somebody types it, with or without separators; None when empty."""

    def __init__(self, *, label: str, low: int, most: int, **options: Any) -> None:
        self.low, self.most = low, most
        widget = forms.TextInput(attrs={"class": "w-xs", "inputmode": "numeric"})
        super().__init__(label=label, high=100, widget=widget, **options)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value).replace(",", "").replace(" ", "")
        if not text:
            return None
        good = text.isascii() and text.isdecimal() and len(text.lstrip("0")) <= len(str(self.most))
        if not good or not self.low <= int(text) <= self.most:
            raise ValidationError(
                f"{self.label} must be a whole number from {self.low:,} to {self.most:,}."
            )
        return int(text)


@dataclass(frozen=True, slots=True)
class Rows:
    """`parts` maps the name of each cell to its label; `high` is the largest number of rows. A cell
    that stands in `choices` is a list to choose from. All others are texts, stripped unless they are
    in `with_spaces`.
    """

    name: str
    parts: Mapping[str, str]
    high: int
    add: str
    choices: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    with_spaces: Collection[str] = ("value",)

    def cell(self, part: str, number: int) -> forms.Field:
        label = f"{self.parts[part]} {number + 1}"
        if part in self.choices:
            return forms.ChoiceField(label=label, choices=self.choices[part], required=False)
        return TextField(label=label, strip=part not in self.with_spaces)

    def is_filled(self, row: Mapping[str, str]) -> bool:
        """Whether a text stands in it; something is always chosen."""
        return any(text for part, text in row.items() if part not in self.choices)

    def indices(self, typed: Mapping[str, str]) -> list[int]:
        pattern = re.compile(rf"{self.name}-(\d{{1,4}})-(?:{'|'.join(self.parts)})\Z")
        return sorted({int(found[1]) for name in typed if (found := pattern.match(name))})

    def read(self, typed: Mapping[str, str]) -> list[dict[str, str]]:
        return [
            {part: typed.get(f"{self.name}-{n}-{part}", "") for part in self.parts}
            for n in self.indices(typed)
        ]

    def write(self, rows: Iterable[Mapping[str, str]]) -> Typed:
        return {
            f"{self.name}-{n}-{part}": row.get(part, "")
            for n, row in enumerate(rows)
            for part in self.parts
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One row as a template shows it; each cell with the label of its column."""

    name: str
    number: int
    cells: list[tuple[str, BoundField]]

    @property
    def remove_id(self) -> str:
        return f"remove-{self.name}-{self.number}"


class StepForm(forms.Form):
    """`rows` are the repeating rows of the step, in the order of the page."""

    rows: ClassVar[tuple[Rows, ...]] = ()

    def __init__(self, typed: Typed | None = None, **options: Any) -> None:
        super().__init__(typed, auto_id="%s", label_suffix="", **options)
        for rows in self.rows:
            for n in self._row_numbers(rows, typed):
                for part in rows.parts:
                    self.fields[f"{rows.name}-{n}-{part}"] = rows.cell(part, n)
        for control in self.fields.values():
            if isinstance(control, TextField):
                control.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}

    def _row_numbers(self, rows: Rows, typed: Mapping[str, str] | None) -> list[int]:
        return rows.indices(typed or {}) or [0]

    def stay_quiet(self) -> None:
        """Show what was typed without judging it: nobody chose Next yet."""
        self._errors, self.cleaned_data = ErrorDict(), {}

    @classmethod
    def typed_from(cls, post: Mapping[str, str]) -> Typed:
        """What of a POST belongs to this form. A NUL cannot be stored, so it is made visible."""
        names = {*cls.base_fields}
        for rows in cls.rows:
            cells = rows.write(rows.read(post)[: rows.high + 1])
            names |= set(cells)
            post = {**{k: v for k, v in post.items() if not k.startswith(f"{rows.name}-")}, **cells}
        return {name: storable(post[name]) for name in names if name in post}

    def rows_named(self, name: str) -> Rows:
        return next(rows for rows in self.rows if rows.name == name)

    def rows_of(self, name: str) -> list[Row]:
        rows = self.rows_named(name)
        return [
            Row(
                name, n, [(label, self[f"{name}-{n}-{part}"]) for part, label in rows.parts.items()]
            )
            for n in self._row_numbers(rows, self.data)
        ]

    def filled_rows(self, name: str) -> list[tuple[int, dict[str, str]]]:
        """Rows in which something stands, with their numbers; of cleaned values."""
        rows = self.rows_named(name)
        found = []
        for n in self._row_numbers(rows, self.data):
            row = {p: self.cleaned_data.get(f"{name}-{n}-{p}", "") for p in rows.parts}
            if rows.is_filled(row):
                found.append((n, row))
        return found


def check_bucket_length(bucket: str) -> None:
    """Raises ValueError: buckets made today have no longer names, and no column here holds one."""
    if len(bucket) > MAX_BUCKET:
        raise ValueError(
            f"The bucket's name must be {MAX_BUCKET} characters or fewer, not {len(bucket)}."
        )


def storable(text: str) -> str:
    return text.replace("\x00", UNREADABLE)
