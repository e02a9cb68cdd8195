"""What botocore reads of services, once for a process and those that it forks: without what we never
look at, which is two thirds of it, some 8 MB in every worker.
"""

from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader

_SERVICES = ("s3", "lambda")
"""Whose endpoints are kept; a client of another has to name its endpoint."""

_DOCUMENTATION = "documentation"


class _LeanFiles(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        data = super().load_file(file_path)
        name = Path(file_path).name
        if data is None:
            return None
        if name == "endpoints":
            for partition in data["partitions"]:
                kept = partition["services"]
                partition["services"] = {one: kept[one] for one in _SERVICES if one in kept}
        elif name == "service-2":
            for shape in data["shapes"].values():
                _leave_out_documentation(shape)
        return data


def _leave_out_documentation(shape: dict[str, Any]) -> None:
    """Of a shape and its members. A member may bear that name itself, and is no text then."""
    parts = [shape, *shape.get("members", {}).values()]
    parts += [shape[name] for name in ("member", "key", "value") if name in shape]
    for part in parts:
        if isinstance(part.get(_DOCUMENTATION), str):
            del part[_DOCUMENTATION]


LOADER = Loader(file_loader=_LeanFiles(), include_default_search_paths=True)
"""Reading S3's service model takes most of the time that a client takes; all share it."""
