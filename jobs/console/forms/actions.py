"""Small forms of the pages that do something to one job."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from jobs.choices import JobStatus, Risk
from jobs.spec.job import MAX_PRIORITY
from jobs.spec.paths import TAGS

ACKNOWLEDGED = frozenset({Risk.COST, Risk.CAUTION})
TYPED = frozenset({Risk.DESTRUCTIVE, Risk.IRREVERSIBLE})
SEVERAL = "confirm"
"""What is typed when there is no single bucket to name."""


class RunForm(forms.Form):
    """Friction by risk (ux 2.10): nothing, a checkbox, or a bucket's name to type."""

    what = "the job"
    expected = forms.CharField(widget=forms.HiddenInput, required=False)
    understood = forms.BooleanField(
        required=False,
        error_messages={"required": "Confirm that you understand what will happen."},
    )
    typed = forms.CharField(
        required=False,
        max_length=128,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "class": "w-md",
            }
        ),
    )

    def __init__(
        self, data: Any = None, *, risk: Risk, buckets: Sequence[str], understand: str = ""
    ) -> None:
        super().__init__(data, initial={"expected": JobStatus.SUSPENDED.value})
        self.word = buckets[0] if len(buckets) == 1 else SEVERAL
        understood, typed = self.fields["understood"], self.fields["typed"]
        understood.label, understood.required = understand, risk in ACKNOWLEDGED
        named = "the name of the bucket" if len(buckets) == 1 else "the word"
        typed.label = f"To run {self.what}, type {named}: {self.word}"
        typed.required = risk in TYPED
        typed.error_messages["required"] = f"Type {self.word} to run {self.what}."
        for name, needed in (("understood", ACKNOWLEDGED), ("typed", TYPED)):
            if risk not in needed:
                del self.fields[name]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.word:
            raise forms.ValidationError(
                f"That is not the same. Type {self.word} to run {self.what}."
            )
        return typed


class CancelForm(forms.Form):
    reason = forms.CharField(
        required=False,
        max_length=256,
        label="Reason",
        widget=forms.TextInput(attrs={"data-count": "id_reason_count"}),
        help_text="Everyone who sees the job sees it.",
        error_messages={"max_length": "The reason must be 256 characters or fewer."},
    )


class PriorityForm(forms.Form):
    priority = forms.IntegerField(
        min_value=0,
        max_value=MAX_PRIORITY,
        label="Priority",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "w-sm"}),
        help_text="Higher numbers run first. Does not make the job faster; decides who goes first.",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        sentence = f"Priority must be a whole number from 0 to {MAX_PRIORITY}."
        messages = self.fields["priority"].error_messages
        messages["required"] = messages["invalid"] = sentence
        for validator in self.fields["priority"].validators:
            validator.message = sentence  # type: ignore[attr-defined]


class TagRows:
    """Rows of keys and values, as typed: what was posted, or the tags there are."""

    MAX_ROWS = 50

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        self.rows = rows[: self.MAX_ROWS]
        self.errors: dict[int, str] = {}

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> "TagRows":
        return cls(list(tags.items()))

    @classmethod
    def posted(cls, data: Any) -> "TagRows":
        keys, values = data.getlist("key"), data.getlist("value")
        pairs = zip(keys, values, strict=False)
        return cls([(key.strip(), value.strip()) for key, value in pairs])

    def filled(self) -> "TagRows":
        """Without the rows that are empty on both sides."""
        return TagRows([row for row in self.rows if any(row)])

    def without(self, index: str) -> "TagRows":
        return TagRows([row for at, row in enumerate(self.rows) if str(at) != index])

    def with_blank(self) -> "TagRows":
        return TagRows([*self.rows, ("", "")])

    def tags(self) -> dict[str, str]:
        """As a mapping; notes keys that are missing or stand there twice in `errors`."""
        found: dict[str, str] = {}
        for index, (key, value) in enumerate(self.rows):
            if not key:
                self.errors[index] = "Enter a key, or clear the value."
            elif key in found:
                self.errors[index] = f'The key "{key}" is entered twice. Use each key once.'
            else:
                found[key] = value
        return found

    def blame(self, field: str, message: str) -> bool:
        """Note a problem at the row that it is about; False when it is about none."""
        for index in range(len(self.rows)):
            if field.startswith(f"{TAGS}[{index}]."):
                self.errors[index] = message
                return True
        return False

    def numbered(self) -> list[dict[str, Any]]:
        return [
            {
                "index": index,
                "key": key,
                "value": value,
                "error": self.errors.get(index, ""),
                "key_id": f"tags-{index}-key",
                "remove_id": f"remove-{index}",
            }
            for index, (key, value) in enumerate(self.rows)
        ]

    def problems(self) -> list[tuple[str, str]]:
        """For the error summary: id of the control, sentence."""
        return [(f"tags-{index}-key", text) for index, text in sorted(self.errors.items())]
