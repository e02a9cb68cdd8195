"""Members of wire parameters by path: "TargetKeyPrefix", "NewObjectMetadata.ContentType"."""

import copy
from collections.abc import Mapping
from typing import Any


def put(wire: dict[str, Any], path: str, value: Any) -> None:
    """The structures on the way are made."""
    *above, last = path.split(".")
    for name in above:
        wire = wire.setdefault(name, {})
    wire[last] = value


def get(wire: Mapping[str, Any], path: str) -> Any:
    """None where it is absent."""
    found: Any = wire
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def merge(wire: dict[str, Any], members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        if isinstance(value, Mapping):
            merge(wire.setdefault(name, {}), value)
        else:
            wire[name] = copy.deepcopy(value)


def holds(wire: Any, members: Any) -> bool:
    """Whether all of `members` stand there with these values; an empty structure needs to be there."""
    if not isinstance(members, Mapping):
        return bool(wire == members)
    if not isinstance(wire, Mapping):
        return False
    return all(name in wire and holds(wire[name], value) for name, value in members.items())
