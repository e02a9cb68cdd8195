"""Replace all object tags."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import looks, tags
from jobs.operations.base import Finding, Operation, Steps, counted, named
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.fields import TagsField
from jobs.operations.foreseeing import from_refusal, tags_before_and_after
from jobs.operations.form import Form
from jobs.operations.looks import Facts
from jobs.operations.permissions import GET_OBJECT, GET_TAGS, PUT_TAGS, Permission, helping
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.services.call import Call
from jobs.spec.target import Target

REPLACED = "The storage took the tags for the object's new content: it does not know object tags."


@dataclass(frozen=True, slots=True)
class PutObjectTagging(Operation):
    """An empty set is refused: that is Delete all object tags."""

    name = "S3PutObjectTagging"
    label = "Replace all object tags"
    group = OperationGroup.PROPERTIES
    does = "Gives each object a new set of tags; those it has are lost."
    risk = Risk.DESTRUCTIVE
    loss = "lose their current tags."
    undo = "You can\u2019t undo this."
    needs = frozenset({"PutObjectTagging"})
    lacks = "object tags"
    calls = ("PutObjectTagging",)
    back = (
        "Replace all object tags with what they were; that is noted nowhere, save in the "
        "report of a dry run."
    )
    again = "The same tags are set again."
    form = Form(
        (
            TagsField(
                name="new_tags",
                label="New tags",
                path="TagSet",
                help_text="Each object gets exactly these tags, 10 at most. Every tag it has now is"
                " removed.",
                enter="Enter at least one tag.",
            ),
        )
    )
    examples = (
        {"TagSet": [{"Key": "team", "Value": "blue"}]},
        {"TagSet": [{"Key": "team", "Value": "a b+ü/=@"}, {"Key": "x", "Value": ""}]},
    )

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

    def effect_on(self, key: str) -> str:
        return (
            f"{key} gets exactly {tags.to_text(self.tag_set)}. Any other tag it has now is removed."
        )

    def only_call(self, target: Target, context: Context) -> Call:
        params = addressed(target) | {"Tagging": {"TagSet": tags.to_tag_set(self.tag_set)}}
        return Call(context.bucket(target.bucket), "PutObjectTagging", params)

    def permissions(self) -> tuple[Permission, ...]:
        return (PUT_TAGS, *helping(GET_TAGS, GET_OBJECT))

    def only_look(self, target: Target, context: Context) -> Call:
        return looks.ask(target, context, "GetObjectTagging")

    def foresee(self, target: Target, context: Context) -> Steps:
        answer = yield self.only_look(target, context)
        if answer.code:
            return from_refusal("GetObjectTagging", answer)
        return tags_before_and_after(tags.from_answer(answer.data), self.tag_set)

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Facts | None]:
        return (yield from looks.facts_of(target, context))

    def check(
        self, target: Target, context: Context, before: Facts | None
    ) -> Generator[Step, Any, Finding]:
        """A storage that does not know the call takes the tags for the object's new content."""
        after = yield from looks.facts_of(target, context)
        if before and after and not after.is_content_of(before):
            return Finding(lost="content", said=REPLACED)
        return (yield from looks.look_at_tags(target, context, self.tag_set))
