"""The one place that decides, for every door.

A door asks `may`, and hands the Decision to the command that it calls. The command asks again in its
transaction, with the job as it is then: what was decided over an older state does not count.
"""

from dataclasses import dataclass, field

from django.contrib.auth.models import User

from jobs.access.actions import Action, role_for
from jobs.access.asking import ANY, Context, Keys, Resource, of_job
from jobs.access.principals import Principal
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
        """Why not, for the one who was denied: it tells nothing about policies or other people."""
        role = self.principal.role
        yours = f"You are {role.with_article}." if role else "You have no role yet."
        return f"{self.doing} needs the {role_for(self.action)} role. {yours}"

    @property
    def why_not(self) -> str:
        """`why` of a denial, for a button; empty where it is allowed."""
        return "" if self.allowed else self.why

    def require(self) -> None:
        """Raises AccessDeniedError."""
        if not self.allowed:
            raise AccessDeniedError(self.why, action=self.action)

    def hold(self, action: Action, resource: Job | Resource, keys: Keys | None = None) -> None:
        """Asked again by the command, about what it is about to do and `keys` of that.

        Raises AccessDeniedError, also for a Decision about another action.
        """
        if action is not self.action and not self.principal.is_root:
            raise AccessDeniedError(self.why, action=action)
        self.require()
        self.also(action, resource, keys)

    def also(self, action: Action, resource: Job | Resource, keys: Keys | None = None) -> None:
        """What else has to be allowed for it. Raises AccessDeniedError."""
        context = self.context.asking(keys or {})
        may(self.principal, action, resource, context, self.doing).require()


def may(
    principal: Principal,
    action: Action,
    resource: Job | Resource,
    context: Context,
    doing: str = "This",
) -> Decision:
    about = of_job(resource) if isinstance(resource, Job) else resource
    allowed = principal.is_root or _is_allowed(principal, action, about, context)
    return Decision(principal, action, context, allowed, doing, _MADE_HERE)


def could(principal: Principal, action: Action, context: Context, doing: str = "This") -> Decision:
    """Whether there is anything for which `may` would say yes: before it is known what is asked for,
    as when the wizard opens. It allows no command anything: each asks again.
    """
    return may(principal, action, ANY, context, doing)


def _is_allowed(principal: Principal, action: Action, about: Resource, context: Context) -> bool:
    return action in principal.actions
