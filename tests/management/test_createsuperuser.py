"""Django's command that makes an administrator, with our names of accounts."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def make(email: str) -> None:
    call_command(
        "createsuperuser", interactive=False, username=email, email="new@example.org", verbosity=0
    )


@pytest.mark.parametrize(
    "spelling", ["Owner@Example.org", "owner@example.org", "\uff4fwner@example.org"]
)
def test_email_that_is_taken_in_another_spelling_is_refused_with_a_sentence(spelling: str) -> None:
    User.objects.create_user("owner@example.org")
    with pytest.raises(CommandError, match="That username is already taken"):
        make(spelling)
    assert User.objects.count() == 1


def test_email_of_the_demo_is_refused_with_a_sentence() -> None:
    with pytest.raises(CommandError, match="admin@example.com is the demo's sign-in"):
        make("Admin@example.com")


def test_new_email_is_made_in_its_one_form() -> None:
    make("Owner@Example.org")
    assert User.objects.get().username == "owner@example.org"
