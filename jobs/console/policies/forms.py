"""Writing a policy, and trying one."""

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import Group, User

from jobs.access.actions import Action
from jobs.access.emails import normal_form
from jobs.access.policy import keys
from jobs.access.policy.parsing import VERSION, parse, written_as
from jobs.access.policy.text import read
from jobs.console.forms.typed import TextField
from jobs.errors import ValidationFailedError
from jobs.models import AccessPolicy

_MONO = {"class": "mono-input", "autocomplete": "off", "spellcheck": "false"}
_EMAILS = re.compile(r"[\s,;]+")
_LINE = re.compile(r"line (\d+)")

NEW_DOCUMENT = written_as(
    {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "SeeJobsOfTheTeam",
                "Effect": "Allow",
                "Action": ["s3:ListJobs", "s3:DescribeJob"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
            }
        ],
    }
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A problem of a document; `line` counts from 1."""

    line: int
    path: str
    message: str


def problems_of(text: str) -> list[Placed]:
    """All that is wrong with a document, in the order of its lines."""
    lines: dict[str, int] = {}
    try:
        document, lines = read(text)
        parse(document)
    except ValidationFailedError as error:
        return sorted(
            (_placed(problem.field, problem.message, lines) for problem in error.problems),
            key=lambda one: one.line,
        )
    return []


def _placed(path: str, message: str, lines: dict[str, int]) -> Placed:
    """At the line of the path, or of the nearest around it that there is."""
    found = _LINE.fullmatch(path)
    if found:
        return Placed(int(found[1]), "", message)
    around = path
    while around and around not in lines:
        around = max(around.rpartition(sign)[0] for sign in ".[")
    return Placed(lines.get(around, 1), path, message)


class PolicyForm(forms.ModelForm[Any]):
    """Of one that is ready-made only whom it is attached to. `document_problems` have lines."""

    people = forms.CharField(
        label="People",
        required=False,
        max_length=20_000,
        help_text="Emails of people and service accounts, one in a line.",
        widget=forms.Textarea(attrs={**_MONO, "rows": 3}),
    )
    groups = forms.ModelMultipleChoiceField(
        label="Groups",
        required=False,
        queryset=Group.objects.order_by("name"),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = AccessPolicy
        fields = ("name", "description", "document")
        help_texts = {"document": "JSON, as in AWS Identity and Access Management."}
        error_messages = {
            "name": {"required": "Enter a name.", "unique": "Another policy has this name."},
            "document": {"required": "Enter the policy."},
        }
        widgets = {"document": forms.Textarea(attrs={**_MONO, "rows": 20, "wrap": "off"})}

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **({"auto_id": "%s", "label_suffix": ""} | options))
        self.document_problems: list[Placed] = []
        row = self.instance
        if row.ready_made:
            for name in ("name", "description", "document"):
                del self.fields[name]
        if row.pk:
            self.initial["groups"] = [group.pk for group in row.groups.all()]
            emails = row.users.order_by("username").values_list("username", flat=True)
            self.initial["people"] = "\n".join(emails)
        elif "document" in self.fields:
            self.initial.setdefault("document", NEW_DOCUMENT)

    def clean_document(self) -> str:
        text: str = self.cleaned_data["document"]
        self.document_problems = problems_of(text)
        if self.document_problems:
            several = len(self.document_problems) > 1
            said = f"{len(self.document_problems)} problems" if several else "A problem"
            raise forms.ValidationError(f"{said} in the policy: see the lines named below it.")
        return text

    def clean_people(self) -> list[User]:
        emails = {normal_form(part) for part in _EMAILS.split(self.cleaned_data["people"]) if part}
        found = list(User.objects.filter(username__in=emails))
        unknown = sorted(emails - {user.username for user in found})
        if unknown:
            raise forms.ValidationError(f"There is no account {unknown[0][:150]}. Check the email.")
        return found

    def save(self, commit: bool = True) -> Any:
        row: AccessPolicy = super().save(commit)
        row.groups.set(self.cleaned_data["groups"])
        row.users.set(self.cleaned_data["people"])
        return row


class TryForm(forms.Form):
    """A request as somebody might make it."""

    person = TextField(
        label="Person",
        enter="Enter the email of a person or of a service account.",
        help_text="The email of the person or service account that asks.",
    )
    action = forms.ChoiceField(
        label="Action", choices=[(action.value, action.value) for action in Action]
    )
    resource = TextField(
        label="Job or resource",
        help_text="A job ID or an ARN. Empty for what is about no one thing, such as s3:CreateJob.",
    )
    context = forms.CharField(
        label="What the request brings",
        required=False,
        max_length=20_000,
        help_text="Condition keys, one in a line: aws:RequestTag/team = blue. A key may stand in several"
        " lines. What is known of the person and of the job is there already.",
        widget=forms.Textarea(attrs={**_MONO, "rows": 4}),
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **({"auto_id": "%s", "label_suffix": ""} | options))

    def clean_person(self) -> User:
        email = normal_form(self.cleaned_data["person"])
        found = User.objects.filter(username=email).first()
        if found is None:
            raise forms.ValidationError(f"There is no account {email[:150]}. Check the email.")
        return found

    def clean_context(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for line in self.cleaned_data["context"].splitlines():
            name, equals, value = line.partition("=")
            name = name.strip()
            if not line.strip():
                continue
            if not equals:
                said = f'"{line.strip()[:80]}" has no "=". Write a key, "=" and a value.'
                raise forms.ValidationError(said)
            if keys.find(name) is None:
                raise forms.ValidationError(f"There is no condition key {name[:80]}.")
            key = keys.fold(name)
            found[key] = (*found.get(key, ()), value.strip())
        return found
