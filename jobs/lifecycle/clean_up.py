"""What nobody needs any more goes: sessions that have expired, drafts that were left, uploads
that were never finished, messages that were sent or given up a month ago, actions over many jobs that
are as old, lists of dry runs that were run or kept long enough, and, where the installation says so, the
details of jobs that ended long ago.

Jobs, their tags, settings and counts, their causes of failure, and what happened to them when never
go by themselves; nor do samples of failed objects that no report has.
"""

import threading
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from jobs import conf
from jobs.access import password_links
from jobs.lifecycle import bulk_actions, freezing, list_uploads
from jobs.models import (
    BulkAction,
    BulkItem,
    Delivery,
    Draft,
    FailureSample,
    ListUpload,
    RateSample,
    SetAside,
)

BATCH = 1_000
"""Rows of one transaction, so that nobody waits for it."""

MOST_BATCHES = 100
"""Of each kind at a time; the rest goes at the next."""


def clean_up(now: datetime) -> None:
    """Of use at any time, also twice at once."""
    _delete(Session.objects.filter(expire_date__lt=now))
    password_links.forget_old(now)
    _delete(Draft.objects.filter(job=None, updated_at__lt=now - conf.DRAFT_LIFETIME))
    freezing.let_go(now)
    list_uploads.abort_abandoned(now, threading.Event())
    _delete(ListUpload.objects.filter(ended_at__lt=now - list_uploads.ABANDONED_AFTER))
    settled = Delivery.objects.exclude(state=Delivery.State.WAITING)
    _delete(settled.filter(created_at__lt=now - conf.DELIVERY_LIFETIME))
    long_ago = now - bulk_actions.KEPT
    _delete(BulkItem.objects.filter(bulk__created_at__lt=long_ago))
    _delete(BulkAction.objects.filter(created_at__lt=long_ago))
    _delete(SetAside.objects.filter(job__terminated_at__lt=long_ago))
    days = conf.keep_details_days()
    if days:
        ended = now - timedelta(days=days)
        _delete(RateSample.objects.filter(job__terminated_at__lt=ended))
        # Read in the report from then on.
        _delete(
            FailureSample.objects.filter(job__terminated_at__lt=ended, job__report__isnull=False)
        )


def _delete(rows: QuerySet[Any]) -> None:
    for _ in range(MOST_BATCHES):
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        rows.model._default_manager.filter(pk__in=keys).delete()
        if len(keys) < BATCH:
            return
