"""Who is told of what: a person's own subscriptions, and those of the installation."""

from typing import Any

from django import forms
from django.utils import timezone

from jobs.choices import TERMINAL, JobStatus
from jobs.console.forms.typed import TextField
from jobs.lifecycle.tagging import check_tags
from jobs.models import Region, Subscription, Webhook

OWN, ALL = "own", "all"
EVERY = "every"
MOMENTS = {
    JobStatus.NEW: "Created",
    JobStatus.SUSPENDED: "Waiting for confirmation",
    JobStatus.ACTIVE: "Active",
    JobStatus.PAUSED: "Paused",
    JobStatus.COMPLETE: "Completed",
    JobStatus.FAILED: "Failed",
    JobStatus.CANCELLED: "Cancelled",
}
CHOICES = [(status.value, words) for status, words in MOMENTS.items()]
USUAL = [JobStatus.SUSPENDED.value, *sorted(TERMINAL)]


class SubscriptionForm(forms.Form):
    """What both kinds ask for."""

    moments = forms.MultipleChoiceField(
        label="When a job is",
        choices=CHOICES,
        initial=USUAL,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    region = forms.ModelChoiceField(
        queryset=Region.objects.all(), required=False, empty_label="All Regions"
    )
    tag = TextField(
        label="Tag",
        high=400,
        help_text="Only jobs with this tag: team, or team=media.",
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, auto_id="%s", label_suffix="", **options)

    def clean_tag(self) -> tuple[str, str]:
        key, _, value = (part.strip() for part in self.cleaned_data["tag"].partition("="))
        if key and (problems := check_tags({key: value})):
            raise forms.ValidationError(problems[0].message)
        if value and not key:
            raise forms.ValidationError("Write the key of the tag before the equals sign.")
        return key, value

    def row(self) -> Subscription:
        """Not saved, and of nobody yet."""
        given = self.cleaned_data
        statuses = [] if EVERY in given["moments"] else given["moments"]
        key, value = given["tag"]
        return Subscription(
            statuses=statuses,
            region=given["region"],
            tag_key=key,
            tag_value=value,
            created_at=timezone.now(),
        )


class OwnForm(SubscriptionForm):
    jobs = forms.ChoiceField(
        label="Jobs",
        choices=[(OWN, "Jobs that I created"), (ALL, "All jobs that I may see")],
        initial=OWN,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose which jobs."},
    )

    def row(self) -> Subscription:
        row = super().row()
        row.own_jobs = self.cleaned_data["jobs"] == OWN
        return row


class ForAllForm(SubscriptionForm):
    webhook = forms.ModelChoiceField(
        queryset=Webhook.objects.all(),
        required=False,
        empty_label="None: an email address",
        help_text="Of those under Functions and webhooks.",
    )
    address = forms.EmailField(
        label="Email address",
        required=False,
        max_length=254,
        help_text="For a team, say. Whoever reads there is told of every job that fits.",
    )
    field_order = ("webhook", "address", "moments", "region", "tag")

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        moments = self.fields["moments"]
        assert isinstance(moments, forms.MultipleChoiceField)  # noqa: S101 - as declared above
        moments.choices = [(EVERY, "Every status"), *CHOICES]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("webhook") and given.get("address"):
            self.add_error("address", "Choose a webhook or an email address, not both.")
        elif not given.get("webhook") and not given.get("address") and not self.errors:
            self.add_error("address", "Choose a webhook, or enter an email address.")
        return given

    def row(self) -> Subscription:
        row = super().row()
        row.webhook, row.address = self.cleaned_data["webhook"], self.cleaned_data["address"]
        return row


def moments_of(row: Subscription) -> str:
    """What it tells of, in words."""
    if not row.statuses:
        return "Every status"
    return ", ".join(JobStatus(status).label for status in JobStatus if status in row.statuses)
