"""Fields whose choices an administrator connected: looked up whenever a form is made."""

from typing import Any

from django import forms

from jobs.console.forms.typed import TextField
from jobs.lifecycle.connected import offered
from jobs.operations.connected_fields import ConnectedField


class _Offering:
    """`offers` are values with their labels, `none` is the sentence where there are none of them."""

    asked: ConnectedField

    @property
    def offers(self) -> list[tuple[str, str]]:
        return offered(self.asked.service)

    @property
    def none(self) -> str:
        return self.asked.none


class ConnectedChoice(_Offering, forms.ChoiceField):
    pass


class ConnectedText(_Offering, TextField):
    pass


def connected_control(field: ConnectedField) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "help_text": field.help_text}
    control: ConnectedChoice | ConnectedText
    if field.is_free:
        widget = forms.TextInput(attrs={"class": "mono-input", "list": f"{field.name}_offers"})
        control = ConnectedText(enter=field.choose, high=1024, widget=widget, **common)
    else:
        gone = "This is not connected, or disabled. Choose another."
        words = {"required": field.choose, "invalid_choice": gone}
        control = ConnectedChoice(
            choices=lambda: [("", "Choose"), *offered(field.service)],
            error_messages=words,
            **common,
        )
    control.asked = field
    return control
