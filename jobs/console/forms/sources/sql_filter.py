"""A list that SQL may filter: one SELECT, beside what names the list.

See docs/manifests.md, Filter by SQL.
"""

from collections.abc import Mapping

from django import forms

from jobs.console.forms.sources.base import Pairs, SourceForm
from jobs.manifests.sql.statements import MOST_CHARACTERS

NAME = "filter_sql"


class SqlFilteredForm(SourceForm):
    filter_sql = forms.CharField(
        label="SQL filter",
        required=False,
        max_length=MOST_CHARACTERS,
        help_text="One SELECT over the table list, which gives bucket and key, and version_id where"
        " versions count: SELECT * FROM list WHERE key LIKE 'logs/%'",
        widget=forms.Textarea(
            attrs={
                "class": "mono-input",
                "rows": 4,
                "spellcheck": "false",
                "autocomplete": "off",
                "autocapitalize": "off",
            }
        ),
        error_messages={
            "max_length": f"An SQL filter has at most {MOST_CHARACTERS:,} characters. Put long lists of"
            " values into the list itself.",
        },
    )

    @classmethod
    def filter_of(cls, typed: Mapping[str, str]) -> str:
        """The filter as it was typed; empty for none."""
        return typed.get(NAME, "").strip()

    @property
    def sql(self) -> str:
        return str(self.cleaned_data.get(NAME, ""))

    def filter_pairs(self) -> Pairs:
        return [("SQL filter", self.sql)] if self.is_bound and self.is_valid() and self.sql else []
