"""Every URL of the resolver, filled in with rows that are there, and what the database holds."""

import functools
import hashlib
import re
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from jobs.access import access_keys, service_accounts
from jobs.lifecycle import bulk_actions
from jobs.models import (
    AuditEntry,
    BrowserSession,
    Bucket,
    Draft,
    FailedSignIn,
    FoundCapability,
    Job,
    ListUpload,
    ProbedBucket,
    Subscription,
)
from jobs.notifications.announcing import delivery
from jobs.notifications.events import event_of
from jobs.notifications.subscribers import Receiver
from tests.connected import make_webhook
from tests.make import (
    make_chunk,
    make_failures,
    make_job,
    make_region,
    make_report,
    make_role,
    make_user,
)

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST")
"""Of each that may change something, POST last."""

APP_LIST = "admin/<app_label>/"
"""Django writes the names of the apps into it, in any order."""

ROLES = ("anonymous", "viewer", "operator", "administrator", "staff")


def routes():
    """All of the resolver as its patterns write them, such as "jobs/<job:job_id>/run/"."""
    return sorted(set(_walk(get_resolver(), "")))


def _walk(resolver, before):
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield APP_LIST if "<app_label>" in route else route
        else:
            yield from _walk(pattern, route)


@dataclass
class World:
    """A row of every kind; draft and access key are the operator's."""

    users: dict[str, User]
    job: Job
    draft: Draft
    upload: ListUpload
    ids: dict[str, object]

    def url(self, route):
        """The address of `route` for these rows."""
        if route == APP_LIST:
            return "/admin/jobs/"
        if route == "admin/(?P<url>.*)$":
            return "/admin/nowhere/"
        model = re.match(r"admin/\w+/(\w+)/", route)
        values = {
            "job_id": self.job.pk,
            "draft_id": self.draft.pk,
            "bulk_id": self.ids["bulkaction"],
            "act": "cancel",
            "token": "a" * 43,
            "field": "manifest_object",
            "step": "manifest",
            "number": 1,
            "upload_id": self.upload.pk,
            "key_id": self.ids["accesskey"],
            "slug": self.job.region.slug,
            "kind": "jsonl" if "export" in route else "webhooks",
            "content_type_id": ContentType.objects.get_for_model(User).pk,
            "id": self.users["viewer"].pk,
            "pk": self.ids[_kind_of(route)],
            "object_id": self.ids.get(model[1]) if model else self.users["viewer"].pk,
        }
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda name: str(values[name[1]]), route)


def _kind_of(route):
    """The model of which a page names a row."""
    kinds = {
        "buckets": "bucket",
        "probes": "probedbucket",
        "capabilities": "foundcapability",
        "deliveries": "delivery",
        "notifications": "subscription",
        "service-accounts": "serviceaccount",
        "access/people": "user",
        "access/policies": "accesspolicy",
        "audit": "auditentry",
    }
    return next((kind for part, kind in kinds.items() if part in route), "rolecredentials")


def make_world():
    users = {role: make_user("admin" if role == "administrator" else role) for role in ROLES[1:4]}
    users["staff"] = make_user(None)
    User.objects.filter(pk=users["staff"].pk).update(is_staff=True)
    region, now = make_region(), timezone.now()
    job = make_job("Suspended", region=region, role=make_role(region), owner=users["operator"])
    make_failures(job, tasks=2)
    make_chunk(job)
    make_report(job, [{"key": "a.csv", "status": "failed", "rows": 2, "size_bytes": 9, "md5": ""}])
    FailedSignIn.objects.create(scope="address", address="192.0.2.1", tries=1, ends_at=now)
    bucket = Bucket.objects.create(name="photos", region=region)
    make_webhook(slug=region.slug)
    access_keys.create(users["operator"], by=users["operator"], now=now)
    service_accounts.create("nightly-copy", "", by=users["administrator"], now=now)
    probed = ProbedBucket.objects.create(name="photos", region=region, probed_at=now)
    FoundCapability.objects.create(bucket=probed, name="tags", answer="no", evidence="Lost.")
    FailedSignIn.objects.create(key="k", scope="place", user=users["viewer"], ends_at=now)
    change = job.status_changes.latest("pk")
    subscription = Subscription.objects.create(address="team@example.com", created_at=now)
    receiver = Receiver(address=subscription.address)
    delivery(event_of(change), job, receiver, now).save()
    bulk_actions.make(users["operator"], "cancel", "", [(job.pk, "")], now=now)
    draft = Draft.objects.create(owner=users["operator"], created_at=now, updated_at=now)
    upload = ListUpload.objects.create(
        draft=draft,
        owner=users["operator"],
        region=region,
        role=job.role,
        bucket="lists",
        key="list.csv",
        upload_id="u",
        name="list.csv",
        size_bytes=9,
        created_at=now,
        updated_at=now,
    )
    ids = {
        model._meta.model_name: row.pk
        for model in apps.get_models()
        if model._meta.managed and (row := model._default_manager.first()) is not None
    }
    return World(users, job, draft, upload, ids | {"bucket": bucket.pk, "user": users["viewer"].pk})


def digest():
    """Of all rows but sessions and where they were seen, which a visit may extend, and the audit
    log, which tells of refusals. Asked for thousands of times, so past the models.
    """
    seen = hashlib.sha256()
    with connection.cursor() as cursor:
        for select in _selects():
            cursor.execute(select)
            seen.update(f"{select}{cursor.fetchall()}".encode())
    return seen.hexdigest()


@functools.cache
def _selects():
    models = sorted(apps.get_models(), key=lambda model: model._meta.label)
    named = [
        (model._meta.db_table, model._meta.pk.column)
        for model in models
        if model not in (Session, BrowserSession, AuditEntry) and model._meta.managed
    ]
    return [f'SELECT * FROM "{table}" ORDER BY "{pk}"' for table, pk in named]  # noqa: S608
