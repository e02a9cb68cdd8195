"""Who asks."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from jobs import conf
from jobs.access.asking import Keys, tag_keys
from jobs.access.policy.parsing import stored
from jobs.access.policy.statement import Policy
from jobs.models import AccessPolicy, PrincipalTag


@dataclass(frozen=True)
class Principal:
    """A person, a service account, or the system itself.

    `user` is who is noted as the one who did it, None for the system. With `is_root` everything is
    allowed, as for the root user of an AWS account: somebody has to be able to mend a policy.
    `policies` are their own and those of their groups.
    """

    name: str
    user: User | None = None
    is_root: bool = False
    policies: tuple[Policy, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{conf.account_id()}:user/{self.name}"

    @functools.cached_property
    def keys(self) -> Keys:
        """What policies may name of them (docs/access.md, Condition keys)."""
        return {
            "aws:username": (self.name,),
            "aws:userid": (str(self.user.pk) if self.user else "",),
            "aws:principalarn": (self.arn,),
            **tag_keys("principaltag", self.tags.items()),
        }

    @functools.cached_property
    def sees_as(self) -> str:
        """Who has an equal one sees and may do the same: what is drawn for one serves the other."""
        if self.is_root:
            return "*"
        names = "\n".join(policy.name for policy in self.policies)
        alike = all(one.is_for_all for policy in self.policies for one in policy.statements)
        return names if alike or self.user is None else f"{names}\n{self.user.pk}"


def principal_of(user: User | AnonymousUser) -> Principal:
    """With what is allowed to this person now. Nobody may do anything who is not signed in."""
    if not isinstance(user, User) or not user.is_active:
        return Principal("")
    name = user.get_username()
    if user.is_superuser:
        return Principal(name, user, is_root=True)
    tags = PrincipalTag.objects.filter(user=user).values_list("key", "value")
    return Principal(name, user, policies=policies_of(user), tags=dict(tags))


def policies_of(user: User) -> tuple[Policy, ...]:
    """Their own and those of their groups. One that cannot be read any more denies everything."""
    own = AccessPolicy.users.through.objects.filter(user=user)
    shared = AccessPolicy.groups.through.objects.filter(group__user=user)
    # By keys: to tell equal rows apart a database would compare whole documents.
    attached = [Q(pk__in=rows.values("accesspolicy")) for rows in (own, shared)]
    found = AccessPolicy.objects.filter(attached[0] | attached[1]).values_list("document", "name")
    return tuple(stored(document, name) for document, name in found)


def system(acting_for: User | None = None) -> Principal:
    """The installation itself, such as for its demo's jobs; `acting_for` is noted as who did it."""
    return Principal("system", acting_for, is_root=True)
