"""Replace all object tags (reference 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import Risk
from jobs.operations import tags
from jobs.operations.base import Operation, counted, named
from jobs.operations.checking import Checker
from jobs.s3.calls import Call
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target


@dataclass(frozen=True, slots=True)
class PutObjectTagging(Operation):
    """An empty set is refused: that is Delete all object tags."""

    name = "S3PutObjectTagging"
    label = "Replace all object tags"
    risk = Risk.DESTRUCTIVE

    tag_set: tags.Tags

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {"TagSet"})
        tag_set = tags.parse_tag_set(parameters.get("TagSet", []), "TagSet", check)
        if not tag_set and not check.problems:
            check.say("TagSet", "Enter at least one tag.")
        check.done()
        return cls(tag_set)

    def to_wire(self) -> dict[str, Any]:
        return {"TagSet": tags.to_tag_set(self.tag_set)}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        return (
            f"Replaces every tag on {counted(total)} in {named(buckets)}."
            " Tags not in the new set are lost."
        )

    def summary(self) -> list[tuple[str, str]]:
        return [("New tags", tags.to_text(self.tag_set))]

    def is_one_call(self, endpoint: Endpoint) -> bool:
        return True

    def start(self, target: Target, endpoint: Endpoint) -> Call:
        params: dict[str, Any] = {
            "Key": target.key,
            "Tagging": {"TagSet": tags.to_tag_set(self.tag_set)},
        }
        if target.version_id:
            params["VersionId"] = target.version_id
        return Call("PutObjectTagging", target.bucket, params)
