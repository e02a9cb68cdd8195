"""A list of which SQL says what belongs to the job. See docs/manifests.md, Filter by SQL."""

from django import forms

from jobs.console.forms.sources.base import SourceForm
from jobs.spec.manifest import MOST_SQL

SQL = "filter_sql"


class SqlForm(SourceForm):
    """A form with that field; it stands apart from those that `asked` draws."""

    filter_sql = forms.CharField(
        label="SQL filter",
        required=False,
        max_length=MOST_SQL,
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
            "max_length": f"An SQL filter has at most {MOST_SQL:,} characters. Put long lists of"
            " values into the list itself.",
        },
    )

    @property
    def sql(self) -> str:
        return str(self.cleaned_data.get(SQL, ""))
