"""What is typed once for many jobs."""

from typing import Any

from django import forms

from jobs.choices import Risk
from jobs.console.bulk.at_stake import Stakes
from jobs.console.forms.actions import CancelForm, PriorityForm, RunForm
from jobs.lifecycle.tagging import check_tags
from jobs.spec.paths import TAGS


class RunJobsForm(RunForm):
    """Friction by the highest risk of all."""

    what = "these jobs"


class DeleteTagForm(forms.Form):
    key = forms.CharField(
        label="Key",
        widget=forms.TextInput(attrs={"class": "w-md"}),
        error_messages={"required": "Enter the key of the tag."},
    )


class AddTagForm(DeleteTagForm):
    value = forms.CharField(
        label="Value",
        required=False,
        widget=forms.TextInput(attrs={"class": "w-md"}),
        help_text="A tag with this key gets this value.",
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        key, value = self.cleaned_data.get("key"), self.cleaned_data.get("value", "")
        for problem in check_tags({key: value}) if key else ():
            at = "key" if problem.field == f"{TAGS}[0].Key" else "value"
            self.add_error(at, problem.message)
        return self.cleaned_data


class PlainForm(forms.Form):
    """Nothing is asked but to go on."""


_FORMS: dict[str, type[forms.Form]] = {
    "cancel": CancelForm,
    "priority": PriorityForm,
    "add-tag": AddTagForm,
    "delete-tag": DeleteTagForm,
}


def form_of(act: str, stakes: Stakes, data: Any = None) -> forms.Form:
    """For the jobs that can be done; `data` as posted."""
    if act == "run":
        risk = stakes.risk or Risk.SAFE
        return RunJobsForm(data, risk=risk, buckets=stakes.buckets, understand=stakes.understood)
    return _FORMS.get(act, PlainForm)(data)


def settings_of(form: forms.Form) -> dict[str, Any]:
    """What the commands need of it."""
    return {
        name: value
        for name, value in form.cleaned_data.items()
        if name in ("reason", "priority", "key", "value")
    }
