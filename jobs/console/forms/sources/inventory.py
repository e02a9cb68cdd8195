"""An S3 Inventory report: the manifest.json that names its data files."""

from collections.abc import Mapping

from jobs.choices import ManifestFormat
from jobs.console.forms.fields_form import asking
from jobs.console.forms.sources.base import Pairs, object_path
from jobs.console.forms.sources.sql_filter import NAME as FILTER
from jobs.console.forms.sources.sql_filter import SqlFilteredForm
from jobs.console.forms.typed import Typed
from jobs.lifecycle.preflight import place_of
from jobs.operations.fields import TextField
from jobs.operations.form import Form
from jobs.s3.arns import parse_s3_uri
from jobs.spec.manifest import ManifestSpec
from jobs.spec.object_list import ListSpec

ENTER = "Enter the path to the manifest.json of the inventory."

ASKED = Form(
    (
        TextField(
            name="inventory_object",
            label="manifest.json",
            help_text="s3://bucket/prefix/source-bucket/inventory-name/date/manifest.json",
            enter=ENTER,
            is_code=True,
            browse="object",
        ),
        TextField(
            name="inventory_version_id",
            label="Version ID of manifest.json",
            help_text="Empty means the newest version.",
            high=1024,
            is_code=True,
        ),
    )
)


@asking(ASKED)
class InventoryForm(SqlFilteredForm):
    """Its columns stand in the manifest.json."""

    kind = "inventory"
    main = "inventory_object"
    noun = "inventory"
    read_whole = "Counted in its data files"
    before_look = (
        "Choose a Region, enter the path to manifest.json and check the inventory: how many objects it"
        " lists, its data files and its first rows appear here."
    )

    @classmethod
    def typed_of(cls, spec: ListSpec) -> Typed:
        assert isinstance(spec, ManifestSpec)  # noqa: S101 - the table gives no other
        return {
            "inventory_object": spec.place,
            "inventory_version_id": spec.version_id or "",
            FILTER: spec.filter_sql,
        }

    @classmethod
    def place_of(cls, typed: Mapping[str, str]) -> list[str]:
        names = ("region", "inventory_object", "inventory_version_id")
        return [
            cls.kind,
            *(typed.get(name, "").strip() for name in names),
            *filter(None, [cls.filter_of(typed)]),
        ]

    def clean_inventory_object(self) -> str:
        return object_path(self.cleaned_data["inventory_object"], ENTER)

    def place(self) -> tuple[str, str, str | None]:
        """Bucket, key and version ID, of a form that `may_look`."""
        bucket, key = parse_s3_uri(self.cleaned_data["inventory_object"])
        return bucket, key, self.cleaned_data["inventory_version_id"] or None

    def shown_path(self) -> str:
        return place_of(*self.place())

    def spec(self, etag: str) -> ManifestSpec:
        bucket, key, version_id = self.place()
        return ManifestSpec(
            bucket, key, etag, (), version_id, ManifestFormat.INVENTORY, filter_sql=self.sql
        )

    def pairs(self) -> Pairs:
        given = self.cleaned_data if self.is_valid() else {}
        return [
            ("manifest.json", given.get("inventory_object")),
            ("Version ID of manifest.json", given.get("inventory_version_id")),
            *self.filter_pairs(),
        ]
