"""What a job's list of objects is made of: a manifest that lies in a storage, so far."""

from typing import Any

from jobs.spec.manifest import ManifestSpec

ListSpec = ManifestSpec


def list_from_wire(wire: dict[str, Any]) -> ListSpec:
    """Of what a spec's `to_wire` made."""
    return ManifestSpec.from_wire(wire)
