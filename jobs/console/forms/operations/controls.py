"""Fields of operations as Django has them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from jobs.console.forms.operations.connected import connected_control
from jobs.console.forms.typed import Rows, TextField, WholeField, check_bucket_length
from jobs.models import Region
from jobs.operations import fields as data
from jobs.operations.connected_fields import ConnectedField
from jobs.operations.form import Group, Item, More, When
from jobs.s3.arns import check_bucket_name


class BucketControl(TextField):
    def clean(self, value: Any) -> str:
        name = str(super().clean(value)).removeprefix("s3://").rstrip("/")
        if name:
            try:
                check_bucket_name(name)
                check_bucket_length(name)
            except ValueError as error:
                raise ValidationError(str(error)) from error
        return name


class MomentControl(TextField):
    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if text and not _is_moment(text):
            raise ValidationError(f"Write {self.label} as 2030-01-02T03:04. The time is UTC.")
        return text


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


class MomentInput(forms.TextInput):
    input_type = "datetime-local"


class _Showing:
    """A widget of options some of which show what stands below the field, as `shows_of` has it."""

    shows: dict[str, str] = {}

    def create_option(self, name: str, value: Any, *rest: Any, **options: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *rest, **options)  # type: ignore[misc]
        if str(value) in self.shows:
            option["attrs"]["data-shows"] = self.shows[str(value)]
        return option


class ShowingRadios(_Showing, forms.RadioSelect):
    pass


class ShowingList(_Showing, forms.Select):
    pass


def shows_of(items: Sequence[Item]) -> dict[str, dict[str, str]]:
    """By field, and by its values, the places behind it that show: "1", "1 2"."""
    shows: dict[str, dict[str, str]] = defaultdict(dict)
    places: Counter[str] = Counter()
    for item in items:
        if isinstance(item, When):
            places[item.of] += 1
            for value in item.values:
                shown = f"{shows[item.of].get(value, '')} {places[item.of]}"
                shows[item.of][value] = shown.strip()
        if isinstance(item, When | More | Group):
            shows |= shows_of(item.items)
    return shows


def control_of(field: data.Field, shows: dict[str, str]) -> forms.Field:
    """Raises TypeError for rows, which are many controls."""
    match field:
        case data.TextField():
            return _text(field)
        case data.NumberField():
            return WholeField(
                label=field.label,
                enter=field.enter,
                low=field.low,
                most=field.high,
                initial=field.initial,
                help_text=field.help_text,
            )
        case data.MomentField():
            return MomentControl(
                label=field.label,
                enter=field.enter,
                help_text=field.help_text,
                widget=MomentInput(attrs={"step": "1", "class": "w-sm"}),
            )
        case data.SwitchField():
            return _switch(field, shows)
        case data.ChoiceField():
            return _choice(field, shows)
        case ConnectedField():
            return connected_control(field)
        case data.RegionField():
            return _region(field)
    raise TypeError(f"{field.name} is no single control.")


def _text(field: data.TextField) -> TextField:
    kind = BucketControl if isinstance(field, data.BucketField) else TextField
    return kind(
        label=field.label,
        enter=field.enter,
        high=field.high,
        help_text=field.help_text,
        widget=forms.TextInput(attrs={"class": "mono-input"} if field.is_code else {}),
    )


def _switch(field: data.SwitchField, shows: dict[str, str]) -> forms.BooleanField:
    attrs = {"data-shows": shows[data.ON]} if data.ON in shows else {}
    return forms.BooleanField(
        label=field.label,
        required=bool(field.must),
        help_text=field.help_text,
        widget=forms.CheckboxInput(attrs=attrs),
        error_messages={"required": field.must},
    )


def _choice(field: data.ChoiceField, shows: dict[str, str]) -> forms.ChoiceField:
    widget = ShowingRadios() if field.is_radio else ShowingList()
    widget.shows = shows
    return forms.ChoiceField(
        label=field.label,
        choices=_choices(field.options),
        initial=field.initial,
        required=bool(field.choose),
        help_text=field.help_text,
        widget=widget,
        error_messages={"required": field.choose},
    )


def _region(field: data.RegionField) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=field.label,
        choices=lambda: [("", field.own), *Region.objects.values_list("slug", "name")],
        required=False,
        help_text=field.help_text,
        error_messages={"invalid_choice": "There is no such Region. Choose one of the list."},
    )


def rows_of(field: data.RowsField) -> Rows:
    return Rows(
        field.name,
        {column.name: column.label for column in field.columns},
        field.most,
        field.add,
        choices={c.name: _choices(c.options) for c in field.columns if c.options},
        with_spaces=[column.name for column in field.columns if column.keeps_spaces],
    )


def _choices(options: tuple[data.Option, ...]) -> list[tuple[str, str]]:
    return [(option.value, option.label) for option in options]
