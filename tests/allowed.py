"""Decisions for commands that a test calls without a door."""

from datetime import UTC, datetime

from django.contrib.auth.models import User

from jobs.access.actions import Action
from jobs.access.asking import ANY, Context
from jobs.access.decisions import Decision, may
from jobs.access.principals import system


def allowed(actor: User | None = None) -> Decision:
    """Everything is, as to the system; `actor` is noted as who did it."""
    return may(system(actor), Action.CREATE_JOB, ANY, Context(datetime(2026, 1, 1, tzinfo=UTC)))
