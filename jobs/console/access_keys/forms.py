"""Making an access key."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

from django import forms
from django.contrib.auth.models import User

from jobs.console.forms.typed import TextField

NEVER = "never"
EXPIRIES = [
    ("7", "In 7 days"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
    (NEVER, "Never"),
]
MOST_NETWORKS = 50
INCOMPLETE = "The form did not come whole. Open Create access key again."


class AccessKeyForm(forms.Form):
    """For oneself, or for one of the `service_accounts`. `form_id` comes once with each form: sent
    again by a reload, it makes no second key.
    """

    form_id = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": INCOMPLETE, "invalid": INCOMPLETE}
    )
    owner = forms.ModelChoiceField[User](
        User.objects.none(),
        required=False,
        label="Owner",
        help_text="The key may do what its owner may do.",
        error_messages={"invalid_choice": "There is no such service account. Choose another one."},
    )
    name = TextField(label="Name", high=80, help_text="Where it is used, such as a pipeline.")
    expires = forms.ChoiceField(
        choices=EXPIRIES,
        initial="90",
        error_messages={"required": "Choose when it expires."},
        widget=forms.Select(attrs={"class": "w-md"}),
    )
    networks = forms.CharField(
        label="Addresses",
        required=False,
        max_length=4000,
        help_text="From where it may be used, one address or network in a line, such as 10.0.0.0/8."
        " Empty: from everywhere.",
        widget=forms.Textarea(attrs={"class": "mono-input", "rows": 3, "spellcheck": "false"}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        yourself: User,
        service_accounts: Sequence[User],
        chosen: User | None = None,
    ) -> None:
        initial = {"form_id": uuid.uuid4(), "owner": chosen}
        super().__init__(data, auto_id="%s", label_suffix="", initial=initial)
        self._yourself = yourself
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101
        owner.queryset = User.objects.filter(pk__in=[account.pk for account in service_accounts])
        owner.empty_label = f"Yourself ({yourself.get_username()})"
        if not service_accounts:
            del self.fields["owner"]

    def clean_networks(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["networks"].splitlines()]
        lines = list(dict.fromkeys(line for line in lines if line))
        if len(lines) > MOST_NETWORKS:
            raise forms.ValidationError(f"Name {MOST_NETWORKS} addresses or networks at most.")
        return [_network(line) for line in lines]

    def for_whom(self) -> User:
        return self.cleaned_data.get("owner") or self._yourself

    def expires_at(self, now: datetime) -> datetime | None:
        days = self.cleaned_data["expires"]
        return None if days == NEVER else now + timedelta(days=int(days))


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        meant = f" Write {ip_network(text, strict=False)} for that network."
    except ValueError:
        meant = " Write it such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32."
    raise forms.ValidationError(f'"{text[:60]}" is no address or network.{meant}')
