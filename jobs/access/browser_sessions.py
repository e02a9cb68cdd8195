"""Where somebody is signed in, and the end of that."""

from datetime import datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from jobs.models import BrowserSession

_LONGEST_USER_AGENT = 300


def note(session_key: str, user: User, address: str, user_agent: str, now: datetime) -> None:
    """Somebody was seen in this session."""
    seen = {
        "user": user,
        "address": address,
        "user_agent": user_agent[:_LONGEST_USER_AGENT],
        "seen_at": now,
    }
    if BrowserSession.objects.filter(session_id=session_key).update(**seen):
        return
    if Session.objects.filter(pk=session_key).exists():  # else it was ended meanwhile
        BrowserSession.objects.get_or_create(
            session_id=session_key, defaults={**seen, "signed_in_at": now}
        )


def of(user: User, now: datetime) -> QuerySet[BrowserSession]:
    """Those that go on, the one that was seen last first."""
    return BrowserSession.objects.filter(user=user, session__expire_date__gt=now)


def end(user: User, pk: int) -> bool:
    """One of their sessions, if it is theirs and still goes on."""
    found = BrowserSession.objects.filter(user=user, pk=pk).values("session_id")
    return bool(Session.objects.filter(pk__in=found).delete()[0])


def end_all(user: User, now: datetime, *, but: str = "") -> None:
    """All of their sessions, save the one with the key `but`."""
    noted = BrowserSession.objects.filter(user=user).exclude(session_id=but).values("session_id")
    keys = set(Session.objects.filter(pk__in=noted).values_list("pk", flat=True))
    # Those from before an upgrade were not noted: a session says whose it is only when it is read.
    for session in Session.objects.filter(browser=None, expire_date__gt=now).exclude(pk=but):
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            keys.add(session.pk)
    Session.objects.filter(pk__in=keys).delete()
