"""An authenticator app, as people have one."""

import base64

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.utils import timezone

from jobs.access import two_factor
from jobs.models import SecondFactor


def shown_by(secret, when=None):
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)  # noqa: S303
    return totp.generate(int((when or timezone.now()).timestamp())).decode()


def code_of(user):
    return shown_by(SecondFactor.objects.get(pk=user.pk).secret)


def with_second_factor(user):
    """Turned on long ago; its recovery codes."""
    SecondFactor.objects.create(
        user=user, secret=two_factor.new_secret(), confirmed_at=timezone.now()
    )
    return two_factor.new_recovery_codes(user)
