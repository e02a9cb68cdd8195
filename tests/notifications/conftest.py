import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import Subscription
from jobs.notifications import delivering
from tests import receivers, s3_double
from tests.connected import make_webhook
from tests.operations.invocations import SECRET, answered


@pytest.fixture
def double():
    """An HTTP server that takes everything, unless `answer` says otherwise."""
    with s3_double.running() as made:
        made.answer = lambda received: answered(status=204)
        yield made


@pytest.fixture
def mails(settings):
    with receivers.mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 5
        settings.DEFAULT_FROM_EMAIL = "batchconsole@example.com"
        settings.BATCHCONSOLE_PUBLIC_URL = "https://console.example.com"
        yield server


@pytest.fixture
def webhook(db, double):
    return make_webhook("Chat", url=f"{double.endpoint.url}/hook", secret=SECRET)


@pytest.fixture
def clock():
    return Clock()


class Clock:
    """A time that a test moves."""

    def __init__(self):
        self.now = timezone.now()

    def __call__(self):
        return self.now

    def pass_(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def deliver(clock):
    """All that is due at the clock's time."""
    return lambda: delivering.deliver(clock=clock, stop=threading.Event())


def subscribe(**fields):
    return Subscription.objects.create(created_at=timezone.now(), **fields)
