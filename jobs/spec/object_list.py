"""What a job's list of objects is made of: a manifest that lies in a storage, or a generator."""

from typing import Any

from jobs.spec.generator import GENERATOR, GeneratorSpec
from jobs.spec.manifest import ManifestSpec

ListSpec = ManifestSpec | GeneratorSpec


def list_from_wire(wire: dict[str, Any]) -> ListSpec:
    """Of what a spec's `to_wire` made."""
    return GeneratorSpec.from_wire(wire) if GENERATOR in wire else ManifestSpec.from_wire(wire)
