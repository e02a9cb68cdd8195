"""What a service account is and may do."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.db import transaction

from jobs.access import people, service_accounts
from jobs.console.forms.typed import TextField
from jobs.models import AccessPolicy, ServiceAccount

_MULTIPLE = forms.CheckboxSelectMultiple


class ServiceAccountForm(forms.Form):
    """The name cannot be changed: policies and scripts know it."""

    name = TextField(
        label="Name",
        enter="Enter a name.",
        high=service_accounts.MAX_NAME,
        help_text="Letters, digits and + = , . _ - such as nightly-copy. It cannot be changed later.",
    )
    description = TextField(
        label="Description",
        high=256,
        help_text="What the program does, and whose it is.",
    )
    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"), required=False, widget=_MULTIPLE, label="Roles and groups"
    )
    policies = forms.ModelMultipleChoiceField(
        AccessPolicy.objects.filter(ready_made=False),
        required=False,
        widget=_MULTIPLE,
        help_text="Besides those of its groups.",
    )
    tags = forms.CharField(
        required=False,
        max_length=20_000,
        help_text="One in a line, such as Department=Finance. Policies know them as aws:PrincipalTag.",
        widget=forms.Textarea(attrs={"class": "mono-input", "rows": 3, "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, account: User | None = None) -> None:
        super().__init__(data, auto_id="%s", label_suffix="", initial=_initial(account))
        if account is not None:
            del self.fields["name"]
        if not AccessPolicy.objects.filter(ready_made=False).exists():
            del self.fields["policies"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        problem = service_accounts.problem_with_name(name)
        if problem:
            raise forms.ValidationError(problem)
        return name

    def clean_tags(self) -> dict[str, str]:
        tags: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["tags"].splitlines())):
            key, _, value = (part.strip() for part in line.partition("="))
            if not 1 <= len(key) <= 128 or len(value) > 256:
                raise forms.ValidationError(
                    f'"{line[:60]}" is no tag. Write key=value, the key with 1 to 128 characters and'
                    " the value with 256 at most."
                )
            if key.lower() in map(str.lower, tags):
                raise forms.ValidationError(f'The key "{key}" is there twice. Use each key once.')
            tags[key] = value
        if len(tags) > people.MOST_TAGS:
            raise forms.ValidationError(f"{people.MOST_TAGS} tags are the most, not {len(tags)}.")
        return tags

    @transaction.atomic
    def apply_to(self, account: User) -> None:
        people.set_roles(account, self.cleaned_data["groups"], is_administrator=False)
        people.set_tags(account, self.cleaned_data["tags"])
        if "policies" in self.fields:
            wanted = set(self.cleaned_data["policies"])
            for policy in AccessPolicy.objects.filter(ready_made=False):
                change = policy.users.add if policy in wanted else policy.users.remove
                change(account)


def _initial(account: User | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {
        "description": ServiceAccount.objects.get(user=account).description,
        "groups": account.groups.all(),
        "policies": AccessPolicy.objects.filter(users=account),
        "tags": "\n".join(f"{key}={value}" for key, value in people.tags_of(account).items()),
    }
