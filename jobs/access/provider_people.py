"""People whom an OpenID Connect provider vouches for, and the roles that its groups give them."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from jobs.access import people
from jobs.access.backend import ConsoleBackend, is_demo_name
from jobs.access.emails import normal_form
from jobs.conf import OidcProvider
from jobs.errors import UnknownPersonError
from jobs.models import ProviderIdentity

logger = logging.getLogger(__name__)

_LONGEST_NAME = 150
_LONGEST_SUBJECT = 255


def person_of(claims: Mapping[str, Any], provider: OidcProvider) -> User:
    """Who signs in, with the roles of today; made where a role or an invitation says that they may.

    `claims` are those of a token that was checked. Raises UnknownPersonError.
    """
    subject = str(claims["sub"])
    if len(subject) > _LONGEST_SUBJECT:
        raise UnknownPersonError("The provider gave an identity that is too long to be kept.")
    roles = _roles_of(claims, provider)
    user = _known(provider.issuer, subject) or _by_email(claims, provider, subject, roles)
    if not ConsoleBackend().user_can_authenticate(user):
        raise UnknownPersonError("Your account is disabled. Ask your administrator.")
    _give(user, roles, provider)
    return user


def _known(issuer: str, subject: str) -> User | None:
    found = ProviderIdentity.objects.filter(issuer=issuer, subject=subject)
    identity = found.select_related("user").first()
    return identity.user if identity else None


def _by_email(
    claims: Mapping[str, Any], provider: OidcProvider, subject: str, roles: Collection[Group]
) -> User:
    """The account of that email, or a new one; from now on the identity counts and not the email."""
    email = normal_form(str(claims.get("email") or ""))
    if "@" not in email:  # nor the name of a service account
        raise UnknownPersonError("The provider did not say what your email is.")
    if claims.get("email_verified") is not True and not provider.trusts_email:
        raise UnknownPersonError(f"The provider has not verified that {email} is yours.")
    try:
        with transaction.atomic():
            user = User.objects.filter(username=email).first()
            if user is None:
                user = _made(email, claims, roles)
            elif user.is_superuser and claims.get("email_verified") is not True:
                # Some providers let people write any email there, and this one is allowed everything.
                raise UnknownPersonError(f"The provider has not verified that {email} is yours.")
            elif ProviderIdentity.objects.filter(user=user, issuer=provider.issuer).exists():
                # The provider gave an old email to somebody new.
                raise UnknownPersonError(f"{email} is the sign-in of somebody else here.")
            ProviderIdentity.objects.create(user=user, issuer=provider.issuer, subject=subject)
    except IntegrityError:  # the same person, in two tabs
        known = _known(provider.issuer, subject)
        if known is None:
            raise UnknownPersonError(
                "Somebody else signed in at the same time. Try again."
            ) from None
        return known
    return user


def _made(email: str, claims: Mapping[str, Any], roles: Collection[Group]) -> User:
    if not roles:
        raise UnknownPersonError(
            f"There is no account {email}, and none of your groups has a role here. Ask your"
            " administrator to invite you."
        )
    if len(email) > people.LONGEST_EMAIL or is_demo_name(email):
        raise UnknownPersonError(f"{email} cannot be a sign-in here.")
    user = User(username=email, email=email)
    user.first_name = str(claims.get("name") or "").replace("\x00", "")[:_LONGEST_NAME]
    user.set_unusable_password()
    user.save()
    return user


def _roles_of(claims: Mapping[str, Any], provider: OidcProvider) -> list[Group]:
    found = claims.get(provider.groups_claim) or []
    groups = {found} if isinstance(found, str) else {str(name) for name in found}
    names = {role for group, role in provider.group_roles.items() if group in groups}
    return list(Group.objects.filter(name__in=names))


def _give(user: User, roles: Collection[Group], provider: OidcProvider) -> None:
    """Roles that no group of the provider is mapped to are an administrator's to give, and stay."""
    mapped = Group.objects.filter(name__in=set(provider.group_roles.values()))
    missing = set(provider.group_roles.values()) - {group.name for group in mapped}
    if missing:
        logger.warning("OIDC_GROUP_ROLES names roles that are not there: %s", ", ".join(missing))
    user.groups.remove(*mapped.exclude(pk__in=[role.pk for role in roles]))
    user.groups.add(*roles)
