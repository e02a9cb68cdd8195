"""What people choose for themselves."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms

from jobs.console.forms.typed import TextField
from jobs.console.sign_in.forms import PasswordForm
from jobs.models import Person, Region

_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")  # fmt: skip
LONGEST_NAME = 150


@cache
def time_zones() -> list[tuple[str, Any]]:
    """By area, as the database of the machine has them."""
    known = sorted(zoneinfo.available_timezones())
    areas = [
        (area, [(name, name.partition("/")[2].replace("_", " ")) for name in known
                if name.startswith(f"{area}/")])
        for area in _AREAS
    ]  # fmt: skip
    return [(Person.BROWSER, "That of my browser"), ("UTC", "UTC"), *(a for a in areas if a[1])]


class AccountForm(forms.Form):
    name = TextField(
        label="Name",
        high=LONGEST_NAME,
        help_text="How others see you.",
        widget=forms.TextInput(attrs={"autocomplete": "name", "class": "w-md"}),
    )
    theme = forms.ChoiceField(
        label="Theme", choices=Person.Theme.choices, widget=forms.Select(attrs={"class": "w-sm"})
    )
    density = forms.ChoiceField(
        label="Density",
        choices=Person.Density.choices,
        widget=forms.Select(attrs={"class": "w-sm"}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=time_zones,
        widget=forms.Select(attrs={"class": "w-md"}),
        error_messages={"invalid_choice": "Choose a time zone of the list."},
    )
    default_region: forms.ModelChoiceField[Region] = forms.ModelChoiceField(
        label="Default Region",
        queryset=Region.objects.order_by("name"),
        required=False,
        empty_label="The one used last",
        help_text="What Create job starts with.",
        widget=forms.Select(attrs={"class": "w-md"}),
        error_messages={"invalid_choice": "This Region is gone. Choose another one."},
    )
    live_updates = forms.BooleanField(
        label="Live updates",
        required=False,
        help_text="Pages about jobs that go on follow them by themselves. A page can turn that off.",
    )

    def __init__(self, data: Any = None, *, person: Person, **options: Any) -> None:
        initial = {
            "name": person.user.get_full_name(),
            "theme": person.theme,
            "density": person.density,
            "time_zone": person.time_zone,
            "default_region": person.default_region_id,
            "live_updates": person.live_updates,
        }
        super().__init__(data, initial=initial, auto_id="%s", label_suffix="", **options)
        for name in ("theme", "density"):
            # The menu in the page's head has controls of these names.
            self.fields[name].widget.attrs["id"] = f"account-{name}"

    def apply(self, person: Person) -> None:
        for name in ("theme", "density", "time_zone", "default_region", "live_updates"):
            setattr(person, name, self.cleaned_data[name])


class ChangePasswordForm(PasswordForm):
    """It asks for the old one first: an open browser alone is not enough to take an account over."""

    old = forms.CharField(
        label="Current password",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your current password."},
    )
    field_order = ("old", "password", "again")

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["password"].label = "New password"
        self.fields["again"].label = "New password again"
