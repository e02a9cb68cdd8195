"""The one place that decides, for every door.

A door asks `may`, and hands the Decision to the command that it calls. The command asks again in its
transaction, with the job as it is then: what was decided over an older state does not count.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from jobs.access.actions import WITHOUT_RESOURCE, Action
from jobs.access.asking import ANY, Context, Keys, Resource, of_job, plain
from jobs.access.policy.evaluation import Verdict, evaluate, possible
from jobs.access.policy.keys import Of, of_whom
from jobs.access.policy.ready_made import role_with
from jobs.access.principals import Principal
from jobs.audit.log import Facts, record
from jobs.errors import AccessDeniedError
from jobs.models import Job

_MADE_HERE = object()


@dataclass(frozen=True)
class Decision:
    """Whether `principal` may do `action`; only `may` makes one. `doing` begins the sentence for
    the one who was denied, such as "Cancelling jobs".
    """

    principal: Principal
    action: Action
    context: Context
    allowed: bool
    doing: str
    resource: str = "*"
    _made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._made_by is not _MADE_HERE:
            raise TypeError("Only may() makes a Decision.")

    @property
    def actor(self) -> User | None:
        """Who is noted as the one who did it; None for the system."""
        return self.principal.user

    @property
    def why(self) -> str:
        """Why not, for the one who was denied: it tells nothing about policies or other people
        (docs/access.md, Why something was denied).
        """
        if not self.principal.policies:
            return f"{self._needs} You have no role yet."
        if could(self.principal, self.action, self.context.asking_nothing()).allowed:
            return (
                f"{self.doing} needs {self.action}, which your policies do not allow here. They may"
                " allow it for other jobs, values or times."
            )
        return self._needs

    @property
    def _needs(self) -> str:
        role = role_with(self.action)
        return f"{self.doing} needs the {role} role, or another policy that allows {self.action}."

    @property
    def why_not(self) -> str:
        """`why` of a denial, for a button; empty where it is allowed."""
        return "" if self.allowed else self.why

    def require(self) -> None:
        """Raises AccessDeniedError."""
        if not self.allowed:
            raise AccessDeniedError(self.why, action=self.action, resource=self.resource)

    def hold(
        self,
        action: Action,
        resource: Job | Resource,
        keys: Keys | None = None,
        *,
        after: Facts | None = None,
    ) -> None:
        """Asked again by the command, in its transaction, about what it is about to do and `keys` of
        that: then all is known, which a door may not have been told. What it does to a job is an entry
        of the audit log, with `after` where keys do not say it.

        Raises AccessDeniedError, also for a Decision about another action.
        """
        if action is not self.action and not self.principal.is_root:
            raise AccessDeniedError(self.why, action=action, resource=self.resource)
        self.also(action, resource, keys)
        if isinstance(resource, Job):
            asked = after or plain(keys or {})
            self.record(action, resource.pk, before=_facts_of(resource), after=asked)

    def record(
        self, action: Action, job_id: str, *, before: Facts | None = None, after: Facts
    ) -> None:
        """An entry of the audit log about what is done to a job."""
        user = self.principal.user
        who = user.get_username() if user else self.principal.name
        ip = self.context.source_ip
        record(action, "Job", job_id, before=before, after=after, who=who, source_ip=ip)

    def also(self, action: Action, resource: Job | Resource, keys: Keys | None = None) -> None:
        """What else has to be allowed for it. Raises AccessDeniedError."""
        context = self.context.asking(keys or {})
        may(self.principal, action, resource, context, self.doing).require()


def _facts_of(job: Job) -> Facts:
    return {
        "status": job.status,
        "priority": job.priority,
        "requests_per_s": job.requests_per_s,
        "in_flight": job.in_flight,
        "tags": dict(job.tags.values_list("key", "value")),
    }


def may(
    principal: Principal,
    action: Action,
    resource: Job | Resource,
    context: Context,
    doing: str = "This",
) -> Decision:
    if principal.is_root:
        return Decision(principal, action, context, True, doing, _made_by=_MADE_HERE)
    about = of_job(resource) if isinstance(resource, Job) else resource
    allowed = verdict_on(principal, action, about, context).allowed
    return Decision(principal, action, context, allowed, doing, about.arn, _MADE_HERE)


def verdict_on(principal: Principal, action: Action, about: Resource, context: Context) -> Verdict:
    """What their policies say, and which statement it is that says so."""
    facts = facts_of(principal, context, about)
    return evaluate(principal.policies, action.value, about.arn, facts)


def could(
    principal: Principal,
    action: Action,
    context: Context,
    doing: str = "This",
    about: Job | Resource = ANY,
    unread: Collection[str] = (),
) -> Decision:
    """Whether there is anything for which `may` would say yes: before it is known what is asked for,
    as when the wizard opens, or the page of one job. `unread` are keys of a job that are not known
    either. It allows no command anything: each asks again.
    """
    if principal.is_root:
        return Decision(principal, action, context, True, doing, _made_by=_MADE_HERE)
    resource = of_job(about) if isinstance(about, Job) else about
    # A new job has no ARN either, but what a request says of it is not known yet.
    arn = None if resource is ANY and action not in WITHOUT_RESOURCE else resource.arn
    of = {Of.REQUEST, Of.JOB} if resource is ANY else {Of.REQUEST}
    facts = facts_of(principal, context, resource)
    allowed = possible(
        principal.policies,
        action.value,
        arn,
        facts,
        is_open=lambda key: key in unread or of_whom(key) in of,
    )
    return Decision(principal, action, context, allowed, doing, resource.arn, _MADE_HERE)


def facts_of(principal: Principal, context: Context, about: Resource = ANY) -> Keys:
    """All that is known, by condition keys. What a request brings stands behind what is so."""
    facts = {**context.facts, **principal.keys, **about.keys}
    if about.is_job:
        is_own = principal.user is not None and about.owner_id == principal.user.pk
        facts["batchconsole:isjobowner"] = ("true" if is_own else "false",)
    return facts
