"""Access keys: made, revoked, and asked for who signed a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from jobs import queueing
from jobs.access import sigv4
from jobs.access.actions import Action
from jobs.access.backend import is_barred
from jobs.access.principals import Principal, principal_of
from jobs.access.sigv4 import Request, Signature, SignatureError
from jobs.audit.log import record
from jobs.errors import BatchConsoleError
from jobs.models import AccessKey

NOTE_EVERY = timedelta(minutes=1)
"""That a key was used is written at most so often."""

_noted: dict[str, datetime] = {}
"""By this process, and of late: the row that says it may be written later."""


class MadeBeforeError(BatchConsoleError):
    """This form was sent before. If you did not keep the secret of its key, revoke that key."""


@dataclass(frozen=True, slots=True)
class SignedBy:
    """`region` is what the client signed for: a Region's slug or code, or anything else."""

    principal: Principal
    region: str
    access_key: AccessKey


def create(
    owner: User,
    *,
    by: User | None,
    now: datetime,
    name: str = "",
    expires_at: datetime | None = None,
    networks: Sequence[str] = (),
    form_id: UUID | None = None,
) -> AccessKey:
    """A new key, whose `secret` is to be shown now and never again. `by` is None on the command line.

    Raises MadeBeforeError where the form `form_id` has made one before.
    """
    facts = {
        "owner": owner,
        "created_by": by,
        "created_at": now,
        "name": name,
        "expires_at": expires_at,
        "networks": list(networks),
    }
    if form_id is None:
        return AccessKey.objects.create(**facts)
    key, is_new = AccessKey.objects.get_or_create(form_id=form_id, defaults=facts)
    if not is_new:
        raise MadeBeforeError
    return key


def revoke(key: AccessKey, now: datetime) -> bool:
    """Whether it was not revoked before. Its secret goes for good."""
    with transaction.atomic():
        going = AccessKey.objects.filter(pk=key.pk, revoked_at=None)
        if not going.update(revoked_at=now, secret=""):
            return False
        # No signal tells the audit log of an update.
        after = {"owner": str(key.owner), "revoked_at": now.isoformat()}
        record(Action.MANAGE_ACCESS, "AccessKey", key.pk, after=after)
    return True


def verify(request: Request, source_ip: str, now: datetime) -> SignedBy:
    """Who signed `request`, which came from the address `source_ip`. Raises SignatureError.

    Why a key does not work is told to who has its secret, and to nobody else.
    """
    found: list[AccessKey] = []

    def secret_of(signature: Signature) -> str:
        rows = AccessKey.objects.select_related("owner").exclude(secret="")
        key = next(iter(rows.filter(pk=signature.access_key_id)), None)
        if key is None:
            raise SignatureError(
                "InvalidAccessKeyId",
                f"There is no access key {signature.access_key_id}, or it was revoked.",
            )
        found.append(key)
        return key.secret

    signature = sigv4.verify(request, secret_of, now)
    (key,) = found
    _check_usable(key, source_ip, now)
    _note_use_soon(key, now)
    return SignedBy(principal_of(key.owner), signature.region, key)


def note_use(key_id: str, used_at: datetime) -> None:
    """Written in the background, so that no request waits for the database's lock."""
    older = Q(last_used_at=None) | Q(last_used_at__lte=used_at - NOTE_EVERY)
    AccessKey.objects.filter(older, pk=key_id).update(last_used_at=used_at)


def _check_usable(key: AccessKey, source_ip: str, now: datetime) -> None:
    if key.expires_at and key.expires_at <= now:
        raise SignatureError(
            "InvalidAccessKeyId",
            f"The access key {key.pk} expired on {key.expires_at:%d %b %Y, %H:%M UTC}. Make a new one"
            " in the console.",
        )
    if is_barred(key.owner):
        raise SignatureError(
            "InvalidAccessKeyId", f"The account that the access key {key.pk} is of is disabled."
        )
    if not key.may_be_used_from(source_ip):
        where = source_ip or "an address that cannot be told"
        raise SignatureError(
            "AccessDenied",
            f"The access key {key.pk} may not be used from {where}: it is bound to other addresses.",
        )


def _note_use_soon(key: AccessKey, now: datetime) -> None:
    noted = max(filter(None, (key.last_used_at, _noted.get(key.pk))), default=None)
    if noted is None or now - noted >= NOTE_EVERY:
        _noted[key.pk] = now
        queueing.call("note_access_key_use", key.pk, now.isoformat())
