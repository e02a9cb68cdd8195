"""`manage.py access_key`: a pair for automation."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.access import service_accounts
from jobs.models import AccessKey
from tests.make import make_user

pytestmark = pytest.mark.django_db


def made(*arguments):
    out = io.StringIO()
    call_command("access_key", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_a_new_pair_is_printed_in_the_form_of_aws(settings):
    settings.BATCHCONSOLE_ACCOUNT_ID = "210987654321"
    user = make_user("operator", name="olga")
    answer = made(" Olga@example.com", "--name", "pipeline", "--days", "30")
    key = AccessKey.objects.get()
    assert answer == {
        "AccessKey": {
            "UserName": "olga@example.com",
            "AccessKeyId": key.pk,
            "Status": "Active",
            "SecretAccessKey": key.secret,
            "CreateDate": key.created_at.isoformat(timespec="seconds"),
        },
        "AccountId": "210987654321",
    }
    assert (key.owner, key.name, key.created_by) == (user, "pipeline", None)
    assert key.expires_at == key.created_at + timedelta(days=30)


def test_a_key_without_days_does_not_expire():
    account = service_accounts.create("nightly-copy", "", by=None, now=timezone.now())
    made("nightly-copy")
    key = AccessKey.objects.get()
    assert (key.owner, key.expires_at) == (account, None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody@example.com"], "There is no account nobody@example.com."),
        (["gone@example.com"], "disabled"),
        (["olga@example.com", "--days", "0"], "--days must be"),
        (["olga@example.com", "--name", "n" * 81], "--name must be"),
    ],
)
def test_what_cannot_be_is_said_and_no_key_is_made(arguments, sentence):
    make_user("operator", name="olga")
    make_user("operator", name="gone", is_active=False)
    with pytest.raises(CommandError, match=sentence):
        made(*arguments)
    assert not AccessKey.objects.exists()
