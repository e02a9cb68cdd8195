"""A whole bucket or prefix: the list is made by listing, with AWS's filters and ours."""

from collections.abc import Mapping
from typing import Any

from django import forms

from jobs.console.forms.fields_form import asking
from jobs.console.forms.sources import generated_fields as fields
from jobs.console.forms.sources import generated_wire as wires
from jobs.console.forms.sources.base import Pairs
from jobs.console.forms.sources.sql_field import SQL, SqlForm
from jobs.console.forms.typed import Typed, check_bucket_length
from jobs.errors import Problem, ValidationFailedError
from jobs.manifests.generated.patterns import problems_of
from jobs.queries.generator_words import generator_pairs
from jobs.s3.arns import parse_s3_uri
from jobs.spec.generator import GeneratorSpec
from jobs.spec.object_list import ListSpec


@asking(fields.ASKED)
class GeneratedForm(SqlForm):
    """The spec has the last word on what is right."""

    kind = "generated"
    main = "source"
    noun = "list"
    rows_noun = "Objects"
    row_noun = "match"
    row_nouns = "matches"
    read_whole = "Listed to the end"
    before_look = (
        "Choose a Region, enter a bucket and check the list: the first objects that match, and how many"
        " there are, appear here."
    )

    @classmethod
    def typed_of(cls, spec: ListSpec) -> Typed:
        assert isinstance(spec, GeneratorSpec)  # noqa: S101 - the table gives no other
        return wires.typed_of(spec) | {SQL: spec.filter_sql}

    @classmethod
    def place_of(cls, typed: Mapping[str, str]) -> list[str]:
        """Where the list is saved is no part of what is in it."""
        others = {name: text for name, text in typed.items() if name not in fields.SAVING}
        return super().place_of(others)

    def clean_source(self) -> str:
        return _place(self.cleaned_data["source"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        if set(self.errors) & set(self.fields) - {"region", "read_as"}:
            return self.cleaned_data
        self._check_more_sources()
        if not self.errors:
            for problem in self._problems():
                self.add_problem(problem.field, problem.message)
        return self.cleaned_data

    def _check_more_sources(self) -> None:
        for number, row in self.filled_rows("more_sources"):
            try:
                _place(row["path"])
            except forms.ValidationError as error:
                self.add_error(f"more_sources-{number}-path", error)
        if self.cleaned_data.get("saves"):
            try:
                _place(self.cleaned_data["saved_path"])
            except forms.ValidationError as error:
                self.add_error("saved_path", error)

    def _problems(self) -> list[Problem]:
        try:
            return problems_of(self.spec(""))
        except ValidationFailedError as error:
            return error.problems

    def field_of(self, path: str) -> str:
        how, number = wires.key_filter_at(path)
        if not how:
            return super().field_of(path) if path in self._known else self._nearest(path)
        same = [n for n, row in self.filled_rows("key_filters") if row["how"] == how]
        return f"key_filters-{same[number] if number < len(same) else 0}-text"

    @property
    def _known(self) -> set[str]:
        return {field.path for field in self.asked.fields if field.path}

    def _nearest(self, path: str) -> str:
        """Of a member within one that a field stands for."""
        for known in sorted(self._known, key=len, reverse=True):
            if path.startswith(known):
                return super().field_of(path if path[len(known) :].startswith("[") else known)
        return self.main

    def spec(self, etag: str) -> GeneratorSpec:
        """Raises ValidationFailedError."""
        return GeneratorSpec.from_wire(wires.wire_of(self.values(), self.wire(), self.sql))

    @property
    def has_versions(self) -> bool:
        return self.is_valid() and self.spec("").names_versions

    def shown_path(self) -> str:
        return self.spec("").place

    def pairs(self) -> Pairs:
        if not self.is_valid():
            return [("Listed", None)]
        spec = self.spec("")
        pairs: Pairs = [*generator_pairs(spec)]
        if spec.saves and spec.output:
            pairs.append(("Saved as a manifest", f"s3://{spec.output.bucket}/{spec.output.prefix}"))
        return pairs


def _place(path: str) -> str:
    """Raises ValidationError."""
    try:
        bucket, prefix = parse_s3_uri(path)
        check_bucket_length(bucket)
    except ValueError as error:
        said = str(error).replace("s3://bucket/key", "s3://bucket or s3://bucket/prefix")
        raise forms.ValidationError(said) from error
    return f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
