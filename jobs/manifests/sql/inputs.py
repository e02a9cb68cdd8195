"""Which kinds of lists SQL can filter, and as what table."""

from jobs.choices import ManifestFormat
from jobs.manifests.source import Reading
from jobs.manifests.sql.csv_input import CsvInput
from jobs.manifests.sql.inventory_input import InventoryInput
from jobs.manifests.sql.listed_input import ListedInput
from jobs.manifests.sql.parts import Input
from jobs.spec.generator import GeneratorSpec
from jobs.spec.object_list import ListSpec


def input_of(manifest: ListSpec, reading: Reading) -> Input:
    if isinstance(manifest, GeneratorSpec):
        return ListedInput(manifest, reading)
    if manifest.format == ManifestFormat.CSV:
        return CsvInput(manifest, reading)
    return InventoryInput(manifest, reading)
