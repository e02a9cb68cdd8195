"""People: inviting them, what they are allowed, and the end of that.

Everything that may take the power to mend things from somebody is done while all administrators
are held, so that two of them cannot each take it from the other.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from jobs.access import browser_sessions, password_links, two_factor
from jobs.access.actions import Action
from jobs.access.backend import DEMO_EMAIL, ConsoleBackend, is_demo_name
from jobs.access.emails import normal_form
from jobs.audit.log import Facts, record
from jobs.errors import LastAdministratorError
from jobs.models import PasswordLink, Person, PrincipalTag

LONGEST_EMAIL = 150
MOST_TAGS = 50


def problem_with_email(email: str) -> str:
    """What keeps it from being the sign-in of somebody new; empty when nothing does."""
    email = normal_form(email)
    try:
        validate_email(email)
    except ValidationError:
        return "Enter an email such as name@example.com."
    if len(email) > LONGEST_EMAIL:  # letters that stand for several may have made it longer
        return f"An email has {LONGEST_EMAIL} letters at most."
    if is_demo_name(email):
        return f"{DEMO_EMAIL} is the demo's sign-in. Choose another email."
    if User.objects.filter(username=email).exists():
        return f"There is an account {email} already."
    return ""


def invite(email: str, name: str, groups: Collection[Group]) -> User | None:
    """An account without a password; `password_links` make it a sign-in. None where somebody else
    made it just now.
    """
    email = normal_form(email)
    try:
        with transaction.atomic():
            user = User(username=email, email=email, first_name=name)
            user.set_unusable_password()
            user.save()
            user.groups.set(groups)
    except IntegrityError:
        return None
    return user


def rename(user: User, name: str) -> None:
    """Accounts have one name here, in Django's first of two: that of many people has no last one."""
    user.first_name, user.last_name = name, ""
    user.save(update_fields=["first_name", "last_name"])


def change_email(user: User, email: str) -> bool:
    """Their sign-in, too; False where somebody else has it. Links sent to the old one are void."""
    email = normal_form(email)
    try:
        with transaction.atomic():
            user.username = user.email = email
            user.save(update_fields=["username", "email"])
            PasswordLink.objects.filter(user=user).delete()
    except IntegrityError:
        return False
    return True


def disable(user: User, now: datetime) -> None:
    """Raises LastAdministratorError. Their sessions and links end at once, and do not come back."""

    def switch_off() -> None:
        user.is_active = False
        user.save(update_fields=["is_active"])
        PasswordLink.objects.filter(user=user).delete()
        browser_sessions.end_all(user, now)

    _with_an_administrator_left(switch_off)


def enable(user: User) -> None:
    user.is_active = True
    user.save(update_fields=["is_active"])


def set_roles(user: User, groups: Collection[Group], *, is_administrator: bool) -> None:
    """Administrators are allowed everything, whatever their roles say. Raises LastAdministratorError."""

    def give() -> None:
        now = User.objects.get(pk=user.pk)
        if now.is_superuser != is_administrator:
            now.is_superuser = now.is_staff = is_administrator
            now.save(update_fields=["is_superuser", "is_staff"])
        user.groups.set(groups)

    _with_an_administrator_left(give)


def set_tags(user: User, tags: Mapping[str, str]) -> None:
    with transaction.atomic():
        before = tags_of(user)
        if before != dict(tags):
            _note(user, before={"tags": before}, after={"tags": dict(tags)})
        PrincipalTag.objects.filter(user=user).delete()
        PrincipalTag.objects.bulk_create(
            PrincipalTag(user=user, key=key, value=value) for key, value in tags.items()
        )


def tags_of(user: User) -> dict[str, str]:
    return dict(PrincipalTag.objects.filter(user=user).values_list("key", "value"))


def require_two_factor(user: User, now: datetime, *, is_required: bool) -> None:
    """Who has no second factor is signed out, and sets one up at the next sign-in."""
    with transaction.atomic():
        Person.objects.update_or_create(user=user, defaults={"requires_two_factor": is_required})
        _note(user, after={"requires_two_factor": is_required})
    if is_required and not two_factor.is_on(user):
        browser_sessions.end_all(user, now)


def reset_two_factor(user: User, now: datetime) -> None:
    """Their phone is lost, or in other hands: what was signed in with it ends."""
    with transaction.atomic():
        two_factor.turn_off(user)
        _note(user, after={"two_factor": "reset"})
    browser_sessions.end_all(user, now)


def sign_out(user: User, now: datetime, *, but: str = "") -> None:
    """Everywhere, save in the session of the key `but`."""
    with transaction.atomic():
        _note(user, after={"sessions": "ended"})
        browser_sessions.end_all(user, now, but=but)


def is_invited(user: User) -> bool:
    """Somebody who has not chosen a password yet, and has not come by another way."""
    return not user.has_usable_password() and user.last_login is None


def link(user: User, purpose: PasswordLink.Purpose, now: datetime) -> str:
    """The token of a link by which they choose their password."""
    with transaction.atomic():
        _note(user, after={"link": purpose.label})
        return password_links.issue(user, purpose, now)


def _note(user: User, *, before: Facts | None = None, after: Facts) -> None:
    """For the audit log, where no row is saved of which it hears by itself."""
    record(Action.MANAGE_ACCESS, "User", user, before=before, after=after)


def _with_an_administrator_left(change: Callable[[], None]) -> None:
    with transaction.atomic():
        held = User.objects.select_for_update().filter(is_superuser=True).order_by("pk")
        could = any(map(ConsoleBackend().user_can_authenticate, held))
        change()
        left = User.objects.filter(is_superuser=True, is_active=True)
        if could and not any(map(ConsoleBackend().user_can_authenticate, left)):
            raise LastAdministratorError
