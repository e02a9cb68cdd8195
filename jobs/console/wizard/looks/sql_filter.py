"""What an SQL filter keeps of the beginning of a list that was looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from jobs.choices import ManifestField, ManifestFormat
from jobs.console.forms.sources.base import SourceForm
from jobs.console.forms.sources.generated import GeneratedForm
from jobs.console.forms.sources.sql_field import SQL, SqlForm
from jobs.console.wizard.found import Found, problem
from jobs.console.wizard.looks.reading import page_reading
from jobs.errors import ManifestError, StorageError
from jobs.manifests.frozen_list import Rows
from jobs.manifests.listing.places import KeepsOf, all_of_bucket
from jobs.manifests.source import Reading
from jobs.manifests.sql import trial
from jobs.manifests.sql.listed import choosing
from jobs.manifests.sql.process import SqlLimitError, SqlProcessError, SqlRefusedError
from jobs.models import Region, Role
from jobs.spec.generator import GeneratorSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.object_list import ListSpec

MOST_ROWS = 2_000


def filters(form: SourceForm) -> bool:
    return isinstance(form, SqlForm) and bool(form.sql)


def note(found: Found, form: SourceForm, region: Region, role: Role) -> None:
    """Notes what would be kept, or what is wrong with the SQL. What is wrong with the list stands among
    its problems already.
    """
    if not filters(form) or found.error or found.blocking or found.sql:
        return
    try:
        tried = trial.try_out(_spec(form, found), page_reading(region, role, MOST_ROWS))
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
            "is_exact": found.kind != GeneratedForm.kind and found.rows_exact == tried.of,
        }


def some_rows(form: SourceForm, found: Found, region: Region, role: Role) -> tuple[Rows, int]:
    """As those of the kinds, of what is kept. Raises StorageError, ManifestError."""
    return trial.some_rows(_spec(form, found), page_reading(region, role, MOST_ROWS), MOST_ROWS)


@contextmanager
def chosen(found: Found, spec: GeneratorSpec, reading: Reading) -> Iterator[KeepsOf | None]:
    """What keeps rows of each page of a listing, all of them where the SQL needs more than a page. None for
    SQL that cannot run, which is noted, as is what goes wrong later on.
    """
    if not spec.filter_sql:
        yield all_of_bucket
        return
    has_begun = False
    try:
        with choosing(spec, reading, trial.page_limits()) as pages:
            has_begun = True
            yield pages.keeps_of if pages else all_of_bucket
    except SqlLimitError as error:
        found.sql = {"said": _said(error.sentence)}
    except SqlRefusedError as error:
        found.problems.append(_refused(error))
    except SqlProcessError as error:
        found.sql = {"said": _said(error.message)}
    if not has_begun:
        yield None


def _spec(form: SourceForm, found: Found) -> ListSpec:
    """Columns of a CSV manifest are those that were found, where nobody has corrected them."""
    spec = form.spec(found.etag)
    if isinstance(spec, ManifestSpec) and spec.format == ManifestFormat.CSV and not spec.fields:
        return replace(spec, fields=tuple(ManifestField(name) for name in found.fields))
    return spec


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
