"""Who asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser, User

from jobs import conf
from jobs.access.actions import ACTIONS, Action, Role


@dataclass(frozen=True)
class Principal:
    """A person, a service account, or the system itself.

    `user` is who is noted as the one who did it, None for the system. With `is_root` everything is
    allowed, as for the root user of an AWS account: somebody has to be able to mend a policy.
    """

    name: str
    user: User | None = None
    is_root: bool = False
    role: Role | None = None
    """The highest of the ready-made roles that they have, for sentences."""
    actions: frozenset[Action] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{conf.account_id()}:user/{self.name}"

    @property
    def sees_as(self) -> str:
        """Who has an equal one sees and may do the same: what is drawn for one serves the other."""
        return "*" if self.is_root else ",".join(sorted(self.actions))


def principal_of(user: User | AnonymousUser) -> Principal:
    """With what is allowed to this person now. Nobody may do anything who is not signed in."""
    if not isinstance(user, User) or not user.is_active:
        return Principal("")
    role = _role_of(user)
    actions = ACTIONS[role] if role else frozenset()
    return Principal(user.get_username(), user, user.is_superuser, role, actions)


def system(acting_for: User | None = None) -> Principal:
    """The installation itself, such as for its demo's jobs; `acting_for` is noted as who did it."""
    return Principal("system", acting_for, is_root=True)


def _role_of(user: User) -> Role | None:
    if user.is_superuser or (user.is_staff and user.has_perm("jobs.change_region")):
        return Role.ADMIN
    if user.has_perms(["jobs.add_job", "jobs.change_job"]):
        return Role.OPERATOR
    return Role.VIEWER if user.has_perm("jobs.view_job") else None
