"""Inviting somebody, and what somebody is allowed."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User

from jobs.access import people
from jobs.access.emails import normal_form
from jobs.console.forms.typed import TextField
from jobs.models import Person

LONGEST_NAME = 150


class PersonForm(forms.Form):
    """One form for both: an invitation is an account that nobody has a password for yet."""

    email = TextField(
        label="Email",
        enter="Enter an email.",
        high=254,
        help_text="It is also their sign-in.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "class": "w-md"}),
    )
    name = TextField(
        label="Name",
        high=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "w-md"}),
    )
    roles: forms.ModelMultipleChoiceField[Group] = forms.ModelMultipleChoiceField(
        label="Roles",
        queryset=Group.objects.order_by("name"),
        required=False,
        help_text="The policies of a role say what it allows. A person without a role sees nothing.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "A role of these is gone. Choose again."},
    )
    is_administrator = forms.BooleanField(
        label="Administrator",
        required=False,
        help_text="Is allowed everything, even what a policy denies. Only an administrator can make another one.",
    )
    requires_two_factor = forms.BooleanField(
        label="Require two-factor",
        required=False,
        help_text="They set it up at their next sign-in, before anything else. Single sign-on is"
        " exempt: there the provider asks for it.",
    )

    def __init__(
        self, data: Any = None, *, by: User, person: User | None = None, **options: Any
    ) -> None:
        self.person = person
        super().__init__(data, initial=_initial(person), auto_id="%s", label_suffix="", **options)
        self.fields["is_administrator"].disabled = not by.is_superuser

    def clean_email(self) -> str:
        email = normal_form(self.cleaned_data["email"])
        if self.person and email == self.person.get_username():
            return email
        if problem := people.problem_with_email(email):
            raise forms.ValidationError(problem)
        return email


def _initial(person: User | None) -> dict[str, object]:
    if person is None:
        return {}
    return {
        "email": person.email or person.get_username(),
        "name": person.get_full_name(),
        "roles": list(person.groups.all()),
        "is_administrator": person.is_superuser,
        "requires_two_factor": Person.of(person.pk).requires_two_factor,
    }
