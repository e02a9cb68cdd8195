"""An S3 Inventory report: the manifest.json that names its data files."""

from collections.abc import Mapping

from jobs.choices import ManifestFormat
from jobs.console.forms.fields_form import asking
from jobs.console.forms.sources.base import Pairs
from jobs.console.forms.sources.named_object import NamedObjectForm, asked_for
from jobs.operations.fields import TextField
from jobs.spec.manifest import ManifestSpec

ENTER = "Enter the path to the manifest.json of the inventory."

ASKED = asked_for(
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


@asking(ASKED)
class InventoryForm(NamedObjectForm):
    """Its columns stand in the manifest.json."""

    kind = "inventory"
    main = "inventory_object"
    version_field = "inventory_version_id"
    enter = ENTER
    noun = "inventory"
    read_whole = "Counted in its data files"
    before_look = (
        "Choose a Region, enter the path to manifest.json and check the inventory: how many objects it"
        " lists, its data files and its first rows appear here."
    )

    @classmethod
    def place_of(cls, typed: Mapping[str, str]) -> list[str]:
        return [cls.kind, *super().place_of(typed)]

    def spec(self, etag: str) -> ManifestSpec:
        bucket, key, version_id = self.place()
        return ManifestSpec(
            bucket, key, etag, (), version_id, ManifestFormat.INVENTORY, **self.kept()
        )

    def pairs(self) -> Pairs:
        given = self.cleaned_data if self.is_valid() else {}
        return [
            ("manifest.json", given.get("inventory_object")),
            ("Version ID of manifest.json", given.get("inventory_version_id")),
            *self.kept_pairs(),
        ]
