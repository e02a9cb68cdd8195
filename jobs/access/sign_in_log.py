"""Sign-ins in the audit log (docs/audit.md, Sign-ins): who came in, and what was tried in vain.

Anybody may try. So a failure is written once a minute for each account and address, and a lock-out once
for as long as it lasts; what was typed is never written, since it may be a password.
"""

from django.contrib.auth.models import User
from django.core.cache import cache

from jobs.audit.log import record

SIGN_IN, SIGN_OUT = "batchconsole:SignIn", "batchconsole:SignOut"
ACTIONS = (SIGN_IN, SIGN_OUT)
"""Of the audit log alone: no policy is asked."""

FAILURE_EVERY_S = 60
UNKNOWN = "unknown account"


def came_in(user: User, by: str) -> None:
    """`by` says what proved it, such as "password"."""
    record(SIGN_IN, "User", user, after={"by": by}, who=user.get_username())


def went_out(user: User, sessions: str = "this one") -> None:
    record(SIGN_OUT, "User", user, after={"session": sessions}, who=user.get_username())


def failed(account: str, key: str, tried: str, tries: int) -> None:
    """`key` stands for account and address together, `tries` counts their attempts of five minutes."""
    if cache.add(f"sign-in-failed:{key}", 1, FAILURE_EVERY_S):
        facts = {"tried": tried, "outcome": "wrong", "attempts_in_5_minutes": tries}
        record(SIGN_IN, "User", _known(account), after=facts, allowed=False)


def provider_refused(address: str, why: str) -> None:
    """A provider's answer that nobody comes in by; `address` is the network that it came from."""
    if cache.add(f"provider-refused:{address}", 1, FAILURE_EVERY_S):
        facts = {"tried": "single sign-on", "outcome": why}
        record(SIGN_IN, "User", UNKNOWN, after=facts, allowed=False)


def locked_out(account: str, key: str, tried: str, counted: str, for_s: float) -> None:
    """`key` is what had too many attempts, `counted` says in words what that was."""
    if cache.add(f"locked-out:{key}", 1, for_s):
        facts = {"tried": tried, "outcome": "too many attempts", "counted_by": counted}
        record(SIGN_IN, "User", _known(account), after=facts, allowed=False)


def _known(account: str) -> str:
    """Asked for either way, so that an account that there is takes no longer than another."""
    return account if User.objects.filter(username=account).exists() else UNKNOWN
