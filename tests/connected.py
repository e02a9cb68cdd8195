"""Functions and webhooks as an administrator would have connected them."""

from django.utils import timezone

from jobs.models import FunctionEndpoint, Webhook

SECRET = "whsec_YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="


def make_functions(name="Our functions", **fields):
    facts = {
        "slug": name.lower().replace(" ", "-"),
        "url": "http://127.0.0.1:9",
        "code": "us-east-1",
        "access_key_id": "test",
        "secret_access_key": "test",
        "created_at": timezone.now(),
    }
    return FunctionEndpoint.objects.create(name=name, **(facts | fields))


def make_webhook(name="Thumbnails", **fields):
    facts = {
        "slug": name.lower().replace(" ", "-"),
        "url": "http://127.0.0.1:9/hook",
        "secret": SECRET,
        "may_be_private": True,
        "created_at": timezone.now(),
    }
    return Webhook.objects.create(name=name, **(facts | fields))


def connect_all(**fields):
    """What the examples of all operations call."""
    return make_functions(**fields), make_webhook(**fields)
