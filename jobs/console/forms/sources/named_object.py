"""A list that an object in S3 names: where it lies, and what of it belongs to the job.

See docs/manifests.md, Filter by SQL, Filter by tags and metadata, Pin current versions.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from jobs.console.forms.sources.base import Pairs, object_path
from jobs.console.forms.sources.pair_rows import PairRows, pair_of, typed_pairs
from jobs.console.forms.sources.sql_field import SQL, SqlForm
from jobs.console.forms.typed import Typed
from jobs.lifecycle.asked_lists import check_globs
from jobs.lifecycle.preflight import place_of
from jobs.operations.fields import SwitchField, TextField
from jobs.operations.form import Form, More
from jobs.queries.generator_words import manifest_pairs
from jobs.s3.arns import parse_s3_uri
from jobs.spec.checking import Checker
from jobs.spec.manifest import FILTER, METADATA, OURS, PIN, TAGS, ManifestSpec
from jobs.spec.object_list import ListSpec
from jobs.spec.pairs import Pair, pairs_of

HAVING_TAGS, HAVING_METADATA, PINS = "having_tags", "having_metadata", "pins_versions"
_ON = "on"


def asked_for(path: TextField, version: TextField) -> Form:
    """The two fields that name the object, and what of the list belongs to the job."""
    return Form(
        (
            path,
            version,
            SwitchField(
                name=PINS,
                label="Pin current versions",
                help_text="Each row means the version that is current while the job prepares, whatever is"
                " written until it runs. Of use in buckets that keep versions.",
                path=f"{OURS}.{PIN}",
            ),
            More(
                "Filter by tags and metadata",
                (
                    PairRows(
                        name=HAVING_TAGS,
                        label="Object tags",
                        path=f"{OURS}.{FILTER}.{TAGS}",
                        add="Add tag",
                        help_text="An object must have all of them. Each object of the list is asked while"
                        " the job prepares.",
                    ),
                    PairRows(
                        name=HAVING_METADATA,
                        label="Object metadata",
                        path=f"{OURS}.{FILTER}.{METADATA}",
                        add="Add metadata",
                        help_text="As tags, by names without x-amz-meta-.",
                    ),
                ),
            ),
        )
    )


class NamedObjectForm(SqlForm):
    """`main` is the field of the path, `version_field` that of its version, `enter` what is said of a
    path that is none.
    """

    version_field: ClassVar[str]
    enter: ClassVar[str]

    @classmethod
    def place_of(cls, typed: Mapping[str, str]) -> list[str]:
        """Region, path and version ID, and what is kept: all else is what a look finds out."""
        names = ("region", cls.main, cls.version_field)
        return [*(typed.get(name, "").strip() for name in names), *cls._kept(typed)]

    @classmethod
    def _kept(cls, typed: Mapping[str, str]) -> list[str]:
        own = {name: typed[name].strip() for name in (SQL, PINS) if typed.get(name, "").strip()}
        for rows in cls.rows:
            own |= rows.write(row for row in rows.read(typed) if rows.is_filled(row))
        return sorted(f"{name}={text}" for name, text in own.items() if text)

    @classmethod
    def typed_of(cls, spec: ListSpec) -> Typed:
        assert isinstance(spec, ManifestSpec)  # noqa: S101 - the table gives no other
        return {
            cls.main: spec.place,
            cls.version_field: spec.version_id or "",
            SQL: spec.filter_sql,
            **({PINS: _ON} if spec.pins_versions else {}),
            **typed_pairs(HAVING_TAGS, spec.tags),
            **typed_pairs(HAVING_METADATA, spec.metadata),
        }

    def clean(self) -> dict[str, Any]:
        super().clean()
        if path := self.cleaned_data.get(self.main):
            try:
                self.cleaned_data[self.main] = object_path(path, self.enter)
            except forms.ValidationError as error:
                self.add_error(self.main, error)
        if not {name for name in self.errors if name.startswith("having_")}:
            check = Checker()
            tags, metadata = self._pairs(check)
            for problem in [*check.problems, *check_globs(tags, metadata)]:
                self.add_problem(problem.field, problem.message)
        return self.cleaned_data

    def place(self) -> tuple[str, str, str | None]:
        """Bucket, key and version ID, of a form that `may_look`."""
        bucket, key = parse_s3_uri(self.cleaned_data[self.main])
        return bucket, key, self.cleaned_data[self.version_field] or None

    def shown_path(self) -> str:
        return place_of(*self.place())

    @property
    def pins(self) -> bool:
        return bool(self.data.get(PINS))

    @property
    def has_versions(self) -> bool:
        return self.pins

    def kept(self) -> dict[str, Any]:
        """What of the list belongs to the job, as arguments of ManifestSpec."""
        tags, metadata = self._pairs(Checker())
        return {
            "filter_sql": self.sql,
            "tags": tags,
            "metadata": metadata,
            "pins_versions": self.pins,
        }

    def kept_pairs(self) -> Pairs:
        if not (self.is_bound and self.is_valid()):
            return []
        return list(manifest_pairs(ManifestSpec("", "", "", (), **self.kept())))

    def _pairs(self, check: Checker) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
        """Tags and metadata."""
        at, values = f"{OURS}.{FILTER}", self.values()
        tags = [pair_of(row) for row in values[HAVING_TAGS]] or None
        metadata = [pair_of(row) for row in values[HAVING_METADATA]] or None
        return (
            pairs_of(tags, f"{at}.{TAGS}", check),
            pairs_of(metadata, f"{at}.{METADATA}", check, lower=True),
        )
