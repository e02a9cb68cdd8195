"""What an SQL filter keeps of the beginning of a list that was looked at."""

from dataclasses import replace

from jobs.choices import ManifestField, ManifestFormat
from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.named_object import SQL, NamedObjectForm
from jobs.console.wizard.found import Found, problem
from jobs.errors import ManifestError, StorageError
from jobs.lifecycle.connections import storage_for_page
from jobs.manifests.frozen_list import Rows
from jobs.manifests.source import Reading
from jobs.manifests.sql import trial
from jobs.manifests.sql.process import SqlLimitError, SqlProcessError, SqlRefusedError
from jobs.models import Region, Role
from jobs.spec.manifest import ManifestSpec

MOST_ROWS = 2_000


def filters(form: SourceForm) -> bool:
    return isinstance(form, NamedObjectForm) and bool(form.sql)


def note(found: Found, form: SourceForm, region: Region, role: Role) -> None:
    """Notes what would be kept, or what is wrong with the SQL. What is wrong with the list stands among
    its problems already.
    """
    if not filters(form) or found.error or found.blocking:
        return
    try:
        tried = trial.try_out(_spec(form, found), _reading(region, role))
    except SqlLimitError as error:
        found.sql = {"said": _said(error.sentence)}
    except SqlRefusedError as error:
        found.problems.append(_refused(error))
    except (ManifestError, SqlProcessError, StorageError) as error:
        found.sql = {"said": _said(error.message)}
    else:
        found.sql = {
            "columns": tried.columns,
            "rows": tried.rows,
            "kept": tried.kept,
            "of": tried.of,
            "sees_whole_list": tried.sees_whole_list,
            "is_exact": found.rows_exact == tried.of,
        }


def some_rows(form: SourceForm, found: Found, region: Region, role: Role) -> tuple[Rows, int]:
    """As those of the kinds, of what is kept. Raises StorageError, ManifestError."""
    return trial.some_rows(_spec(form, found), _reading(region, role), MOST_ROWS)


def _spec(form: SourceForm, found: Found) -> ManifestSpec:
    """Columns of a CSV manifest are those that were found, where nobody has corrected them."""
    spec = form.spec(found.etag)
    if not isinstance(spec, ManifestSpec):
        raise TypeError("only manifests are filtered by SQL")
    if spec.format == ManifestFormat.CSV and not spec.fields:
        spec = replace(spec, fields=tuple(ManifestField(name) for name in found.fields))
    return spec


def _reading(region: Region, role: Role) -> Reading:
    return Reading(lambda bucket: storage_for_page(bucket, region, role), rows_per_block=MOST_ROWS)


def _refused(error: SqlRefusedError) -> dict[str, object]:
    where = ""
    if error.sql_line:
        where = f"Line {error.sql_line}, column {error.sql_column}: "
    return problem(
        SQL,
        "SQL filter",
        where + error.sentence,
        "Correct the filter, then check the list again.",
        blocking=True,
    )


def _said(why: str) -> str:
    return f"The SQL filter was not tried. {why}"
