"""Step 3: description, priority, completion report, IAM role, limits and tags.

See docs/pages.md, Options of a job.
"""

from typing import Any

from django import forms

from jobs.choices import ReportScope
from jobs.console.forms.limits import LimitFields
from jobs.console.forms.typed import Row, Rows, TextField, Typed, check_bucket_length
from jobs.lifecycle.tagging import check_tags
from jobs.models import Region, Role
from jobs.s3.arns import parse_s3_uri
from jobs.spec.job import MAX_DESCRIPTION, MAX_JOB_TAGS, MAX_PRIORITY, MAX_REPORT_PREFIX

TAGS = Rows("tags", {"key": "Key", "value": "Value"}, MAX_JOB_TAGS, "Add new tag")


class OptionsForm(LimitFields):
    rows = (TAGS,)
    field_order = (
        *("description", "priority", "report_enabled", "report_scope", "report_path", "role"),
        *LimitFields.base_fields,
    )

    description = TextField(
        label="Description", high=MAX_DESCRIPTION, help_text="Helps you and others find the job."
    )
    priority = TextField(
        label="Priority",
        enter="Enter a priority.",
        high=100,
        help_text="Higher numbers run first. Order is not guaranteed.",
        widget=forms.TextInput(attrs={"class": "w-sm", "inputmode": "numeric"}),
    )
    report_enabled = forms.BooleanField(
        label="Generate completion report",
        required=False,
        initial=True,
        help_text="Without a report, only the numbers of succeeded and failed objects are known.",
    )
    report_scope = forms.ChoiceField(
        label="Report scope",
        choices=ReportScope.choices,
        initial=ReportScope.FAILED_TASKS_ONLY,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose a report scope."},
    )
    report_path = TextField(
        label="Path to completion report destination",
        help_text="s3://bucket/prefix. A small object is written there and deleted again when you"
        " choose Next.",
        widget=forms.TextInput(attrs={"class": "mono-input"}),
    )
    role = forms.ModelChoiceField(
        queryset=Role.objects.none(),
        to_field_name="arn",
        label="IAM role",
        help_text="The job uses the credentials of this role.",
        empty_label="Choose an IAM role",
        error_messages={
            "required": "Choose an IAM role.",
            "invalid_choice": "This IAM role has no credentials in the job's Region."
            " Choose one from the list.",
        },
    )

    def __init__(
        self, typed: Typed | None = None, *, region: Region | None = None, **options: Any
    ) -> None:
        super().__init__(typed, **options)
        self.fields["role"].queryset = Role.objects.filter(credentials__region=region)  # type: ignore[attr-defined]

    def clean_priority(self) -> int:
        text: str = self.cleaned_data["priority"]
        digits = text.lstrip("0") or "0"
        number = int(digits) if text.isascii() and text.isdecimal() and len(digits) < 11 else -1
        if not 0 <= number <= MAX_PRIORITY:
            raise forms.ValidationError(
                f"Priority must be a whole number from 0 to {MAX_PRIORITY}."
            )
        return number

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("report_enabled") and "report_path" in self.cleaned_data:
            self._check_report()
        self._check_tags()
        return self.cleaned_data

    def _check_report(self) -> None:
        if not self.cleaned_data["report_path"]:
            self.add_error("report_path", "Enter the path to the completion report destination.")
            return
        if not self.cleaned_data.get("report_scope") and "report_scope" not in self.errors:
            self.add_error("report_scope", "Choose a report scope.")
        if not self.cleaned_data["report_path"].startswith("s3://"):
            self.add_error("report_path", "Write the path as s3://bucket/prefix.")
            return
        try:
            bucket, prefix = self.report_place()
            check_bucket_length(bucket)
        except ValueError as error:
            self.add_error("report_path", str(error))
            return
        if len(prefix) > MAX_REPORT_PREFIX:
            self.add_error(
                "report_path",
                f"The report's prefix must be {MAX_REPORT_PREFIX} characters or fewer.",
            )

    def report_place(self) -> tuple[str, str]:
        """Bucket and prefix, the latter without slashes at its ends. Raises ValueError."""
        bucket, prefix = parse_s3_uri(self.cleaned_data["report_path"])
        return bucket, prefix.strip("/")

    def _check_tags(self) -> None:
        seen: set[str] = set()
        rows = self.filled_rows("tags")
        if len(rows) > MAX_JOB_TAGS:
            self.add_error("tags-0-key", f"A job has at most {MAX_JOB_TAGS} tags, not {len(rows)}.")
        for n, row in rows:
            cell = f"tags-{n}-key"
            if row["key"] and row["key"] in seen:
                self.add_error(cell, f'The tag "{row["key"]}" is entered twice. Remove one.')
            seen.add(row["key"])
            if cell in self.cleaned_data and f"tags-{n}-value" in self.cleaned_data:
                for problem in check_tags({row["key"]: row["value"]}):
                    self.add_error(cell, problem.message)

    @property
    def tag_rows(self) -> list[Row]:
        return self.rows_of("tags")

    def tags(self) -> dict[str, str]:
        return {row["key"]: row["value"] for _, row in self.filled_rows("tags")}
