"""Replace access control list (docs/operations.md, S3PutObjectAcl)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import acl, knowing, looks, put_object_acl_form
from jobs.operations.base import Finding, Operation, Steps, counted, named, outcome_of
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.foreseeing import already_so, from_refusal, shortened, would_change
from jobs.operations.looks import Facts
from jobs.operations.permissions import GET_ACL, GET_OBJECT, PUT_ACL, Permission, helping
from jobs.operations.requests import Requests
from jobs.operations.steps import Step
from jobs.operations.targets import addressed
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.services.call import Call
from jobs.spec.target import Target

ACTION, READ = "PutObjectAcl", "GetObjectAcl"
REPLACED = "The storage took the ACL for the object's new content: it does not know such lists."
_READING = knowing.Reading(ACTION, READ, "access control lists of objects")


@dataclass(frozen=True, slots=True)
class Before:
    """`facts` are None where they could not be read. `has_it`: the object has this ACL already."""

    facts: Facts | None
    has_it: bool


@dataclass(frozen=True, slots=True)
class PutObjectAcl(Operation):
    """`policy` is AccessControlPolicy as it was given: a canned ACL, or an owner with grants."""

    name = "S3PutObjectAcl"
    label = "Replace access control list (ACL)"
    group = OperationGroup.PROPERTIES
    does = "Replaces who can read or change each object."
    risk = Risk.CAUTION
    loss = "lose their current access control list."
    undo = "You can\u2019t undo this."
    understood = "I understand that the grants which these objects have now are lost."
    needs = frozenset({ACTION, READ})
    lacks = "access control lists of objects"
    calls = ("GetObjectAcl", "PutObjectAcl")
    back = (
        "Replace access control list with what it was; that is noted nowhere, save in "
        "the report of a dry run."
    )
    again = "The same list is set again."
    form = put_object_acl_form.FORM
    examples = put_object_acl_form.EXAMPLES

    policy: Mapping[str, Any]

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, {acl.FIELD})
        policy = acl.parse_policy(parameters.get(acl.FIELD), check)
        check.done()
        return cls(policy)

    def to_wire(self) -> dict[str, Any]:
        return {acl.FIELD: dict(self.policy)}

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        told = f"Replaces who can read or change {counted(total)} in {named(buckets)}."
        return f"{told} {self._opens()}".strip()

    def _opens(self) -> str:
        if acl.is_open_to(self.policy, acl.ALL_USERS):
            return "Anyone on the internet gets access to them."
        if acl.is_open_to(self.policy, acl.SIGNED_IN_USERS):
            return "Anyone who has an account at this storage gets access to them."
        return ""

    def summary(self) -> list[tuple[str, str]]:
        return acl.summary(self.policy)

    def effect_on(self, key: str) -> str:
        return f"{key} gets {acl.to_text(self.policy)}. Any other grant it has now is removed."

    def danger(self) -> Risk:
        """To open objects to everybody is worse than to lose grants."""
        return Risk.DESTRUCTIVE if self._opens() else self.risk

    # --- How a task runs

    def only_call(self, target: Target, context: Context) -> Call | None:
        is_known = knowing.is_known(ACTION, target, context)
        return self._call(target, context) if is_known else None

    def run(self, target: Target, context: Context) -> Steps:
        ends = yield from _READING.ask(target, context)
        return ends or outcome_of((yield self._call(target, context)))

    def _call(self, target: Target, context: Context) -> Call:
        params = addressed(target) | acl.to_params(self.policy)
        return Call(context.bucket(target.bucket), ACTION, params)

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        return (Requests(ACTION),)

    def permissions(self) -> tuple[Permission, ...]:
        return (PUT_ACL, *helping(GET_ACL, GET_OBJECT))

    def foresee(self, target: Target, context: Context) -> Steps:
        answer = yield looks.ask(target, context, READ)
        if answer.code:
            return from_refusal(READ, answer)
        if acl.is_kept(self.policy, answer.data):
            return already_so("It has this access control list already.")
        was, will = shortened(acl.described(answer.data)), shortened(acl.to_text(self.policy))
        return would_change(f"The access control list would change from {was} to {will}.")

    def judge(self, call: Call, answer: Answer) -> Verdict | None:
        return _READING.judge(call, answer)

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Before]:
        facts = yield from looks.facts_of(target, context)
        answer = yield looks.ask(target, context, READ)
        return Before(facts, not answer.code and acl.is_kept(self.policy, answer.data))

    def check(
        self, target: Target, context: Context, before: Before | None
    ) -> Generator[Step, Any, Finding]:
        """What had this ACL before does not show whether a storage keeps it."""
        after = yield from looks.facts_of(target, context)
        if before and before.facts and after and not after.is_content_of(before.facts):
            return Finding(lost="content", said=REPLACED)
        answer = yield looks.ask(target, context, READ)
        if answer.code:
            return looks.unseen(READ, answer)
        if not acl.is_kept(self.policy, answer.data):
            return Finding(lost="access control list")
        return Finding(is_unsure=before is not None and before.has_it)
