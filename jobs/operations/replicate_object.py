"""Replicate (docs/operations.md, S3ReplicateObject): always by copying."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from jobs.choices import OperationGroup, Risk
from jobs.operations import looks, tags
from jobs.operations.base import Finding, Operation, Outcome, Steps, counted, named, outcome_of
from jobs.operations.checking import Checker
from jobs.operations.context import Context
from jobs.operations.copying import copy_permissions
from jobs.operations.form import Form, Note
from jobs.operations.looks import Facts
from jobs.operations.permissions import GET_REPLICATION, Permission
from jobs.operations.preconditions import REPLICATION
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.operations.replication import replicate_foreseen, replicating
from jobs.operations.replication.replicating import Plan, as_part, not_eligible
from jobs.operations.requests import Requests
from jobs.operations.steps import Later, Step
from jobs.s3 import replication_rules
from jobs.s3.answers import Answer
from jobs.s3.faults import Verdict
from jobs.s3.replication_rules import Found, Rule
from jobs.services.call import Call
from jobs.spec.target import Target

REPLICATED = Outcome(True, 200, "", "success")
"""In the words of AWS's reports (docs/batch-operations.md, Rows of a report)."""

Rules = Mapping[str, tuple[Rule, ...]]


@dataclass(frozen=True, slots=True)
class ReplicateObject(Operation):
    """`rules` are those that were found while the job was prepared, by bucket; of a bucket that is
    not among them a task asks, once for each worker.
    """

    name = "S3ReplicateObject"
    label = "Replicate"
    group = OperationGroup.COPY
    does = "Copies each object to where the replication rules of its bucket say."
    risk = Risk.CAUTION
    loss = "are copied, with new version IDs. Their replication status stays as it is."
    undo = "What is overwritten is lost, unless the destination keeps versions."
    understood = (
        "I acknowledge that copies get new version IDs, and that existing objects with the same name"
        " will be overwritten."
    )
    needs = PutObjectCopy.needs
    settles = PutObjectCopy.settles
    lacks = PutObjectCopy.lacks
    calls = ("GetObjectTagging", "CopyObject", "HeadObject")
    back = "Delete the replicas."
    again = "The same replica is written again, in a bucket with versions as one version more."
    keeps_state = PutObjectCopy.keeps_state
    single_bucket = True
    preconditions = (REPLICATION,)
    form = Form(
        (
            Note(
                "There is nothing to set. The enabled rules of the source bucket are read once, while"
                " the job is prepared, and are shown before it runs. Each object is copied to every"
                " destination whose rule covers it."
            ),
            Note(
                "This is copying: the copies get new version IDs and new dates, and the replication"
                " status of neither object changes. Objects that no rule covers fail."
            ),
        )
    )
    examples = ({},)

    rules: Rules = field(default_factory=dict)
    _asked: dict[str, tuple[Rule, ...]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def parse(cls, parameters: Mapping[str, Any]) -> Self:
        check = Checker()
        check.only(parameters, set())
        check.done()
        return cls()

    def to_wire(self) -> dict[str, Any]:
        return {}

    def knowing(self, found: Mapping[str, Found]) -> Self:
        rules = {bucket: tuple(map(Rule.of, some)) for bucket, some in found.items()}
        return replace(self, rules=rules)

    def consequence(self, total: int | None, buckets: Sequence[str]) -> str:
        where = named(self.target_buckets()) if self.rules else "where its replication rules say"
        return (
            f"Copies {counted(total)} from {named(buckets)} to {where}, with new version IDs."
            " Existing objects with the same name there are overwritten."
        )

    def summary(self) -> list[tuple[str, str]]:
        every = [rule for rules in self.rules.values() for rule in rules]
        if not every:
            return [("Replication rules", "Read while the job is prepared")]
        return [("Replication rules", replication_rules.in_words(every))]

    def effect_on(self, key: str) -> str:
        return f"{key} is copied to where the replication rules say"

    def target_buckets(self) -> list[str]:
        every = (rule.bucket for rules in self.rules.values() for rule in rules)
        return list(dict.fromkeys(every))

    def requests(self, buckets: Sequence[str] = ()) -> tuple[Requests, ...]:
        tagged = Requests("GetObjectTagging", only="where a rule asks for tags")
        copies = Requests("CopyObject", only="for each destination of its rule")
        return (Requests("HeadObject"), tagged, copies)

    def permissions(self) -> tuple[Permission, ...]:
        return (GET_REPLICATION, *copy_permissions.permissions(None, {}))

    # --- How a task runs

    def run(self, target: Target, context: Context) -> Steps:
        plan = yield from self.plan(target, context)
        if isinstance(plan, Outcome):
            return plan
        done: list[str] = []
        failed: list[tuple[str, Outcome]] = []
        for copy in plan.copies:
            outcome = yield from as_part(copy, target, context)
            if outcome.succeeded:
                done.append(copy.bucket)
            else:
                failed.append((copy.bucket, outcome))
        return replicating.failure(done, failed) if failed else REPLICATED

    def plan(self, target: Target, context: Context) -> Generator[Step, Any, Plan | Outcome]:
        """The copies that are to be made, by looks at the object; how the task fails where there are
        none.
        """
        rules = yield from self._rules_of(target, context)
        if isinstance(rules, Outcome):
            return rules
        seen = yield from looks.see(target, context, is_look=False)
        facts = seen.facts
        if facts is None:
            return replicating.unseen(target, seen)
        if replicating.is_archived(facts):
            return not_eligible("it is archived, and has to be restored first")
        is_kms = replicating.is_kms(facts)
        found = replication_rules.chosen(rules, target.key, is_kms=is_kms, found=None)
        if found is None:
            answer = yield looks.ask(target, context, "GetObjectTagging", is_look=False)
            if answer.code:
                return outcome_of(answer)
            found = replication_rules.chosen(
                rules, target.key, is_kms=is_kms, found=tags.from_answer(answer.data)
            )
        if not found:
            return not_eligible(replicating.why_none(target.bucket, is_kms=is_kms))
        now_s = context.now_s()
        return Plan(facts, tuple(replicating.copy_by(rule, facts, now_s) for rule in found))

    def _rules_of(
        self, target: Target, context: Context
    ) -> Generator[Step, Any, tuple[Rule, ...] | Outcome]:
        known = self.rules.get(target.bucket) or self._asked.get(target.bucket)
        if known:
            return known
        answer = yield Call(context.bucket(target.bucket), REPLICATION.action, {})
        found = () if answer.code else replication_rules.enabled(answer.data)
        if answer.code and answer.code not in REPLICATION.says_no:
            return outcome_of(answer)
        if not found:
            return replicating.no_rules(target.bucket)
        try:
            rules = tuple(map(Rule.of, found))
            for rule in rules:
                context.bucket(rule.bucket)
        except ValueError as error:
            return not_eligible(f"of this: {error}")
        except KeyError as error:
            return replicating.unknown_place(str(error.args[0]))
        self._asked[target.bucket] = rules
        return rules

    def judge(self, call: Call, answer: Answer) -> Verdict | Later | None:
        return replicating.copy_to(call.to.name).judge(call, answer)

    def foresee(self, target: Target, context: Context) -> Steps:
        plan = yield from self.plan(target, context)
        if isinstance(plan, Outcome):
            return replicate_foreseen.from_outcome(plan)
        return (yield from replicate_foreseen.foresee(plan, target, context))

    def survey(self, target: Target, context: Context) -> Generator[Step, Any, Facts | None]:
        return (yield from looks.facts_of(target, context))

    def check(
        self, target: Target, context: Context, before: Facts | None
    ) -> Generator[Step, Any, Finding]:
        """Of the copies, what the first says that has something to say."""
        plan = yield from self.plan(target, context)
        if isinstance(plan, Outcome):
            return Finding(is_unsure=True)
        findings = []
        for copy in plan.copies:
            finding = yield from copy.check(target, context, before)
            if finding.lost:
                return finding
            findings.append(finding)
        return next((one for one in findings if one.unseen or one.is_unsure), Finding())

    def mend(
        self, target: Target, context: Context, finding: Finding
    ) -> Generator[Step, Any, bool]:
        plan = yield from self.plan(target, context)
        if isinstance(plan, Outcome):
            return False
        for copy in plan.copies:
            found = yield from copy.check(target, context, plan.facts)
            if found.lost and not (yield from copy.mend(target, context, found)):
                return False
        return True

    def give_up(self, target: Target, context: Context) -> Generator[Step, Any, Outcome | None]:
        bucket, state = replicating.state_of(context.kept)
        if not bucket:
            return None
        copy = replicating.copy_to(bucket)
        return (yield from copy.give_up(target, replace(context, kept=state)))
