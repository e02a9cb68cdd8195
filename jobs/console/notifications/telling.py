"""The line of a job's page that says who is told at its end."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from jobs import conf
from jobs.console.access import user_of
from jobs.models import Job, Subscription
from jobs.notifications.subscribers import told_at_the_end

MOST_NAMES = 5


def told(request: HttpRequest, job: Job) -> dict[str, Any]:
    """Empty for a job that has ended, and then without a query."""
    if job.is_terminal:
        return {}
    user = user_of(request)
    names = [one.name for one in told_at_the_end(job, timezone.now())]
    asked = Subscription.objects.filter(user=user, job=job).exists()
    return {
        "sentence": _sentence(names),
        "can_ask": conf.can_mail() and bool(user.email),
        "asked": asked,
        "pressed": "true" if asked else "false",
    }


def _sentence(names: list[str]) -> str:
    if not names:
        return "Nobody is told when this job ends."
    shown = names[:MOST_NAMES]
    if len(names) > MOST_NAMES:
        shown.append(f"{len(names) - MOST_NAMES} others")
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{listed} {'is' if len(names) == 1 else 'are'} told when this job ends."
