"""Access keys: pairs with which clients of the REST API sign, in the name of their owner."""

import secrets
from base64 import b32encode
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import models

from jobs.models.encrypted import EncryptedTextField

PREFIX = "BCAK"


def new_access_key_id() -> str:
    """As long as AWS's, whose tools check that, and with a beginning of ours."""
    return PREFIX + b32encode(secrets.token_bytes(10)).decode()


def new_secret_access_key() -> str:
    """40 letters, as AWS's; none that a shell or a file of settings would read otherwise."""
    return secrets.token_urlsafe(30)


class AccessKey(models.Model):
    """`networks` are the addresses and networks that it may be used from; empty: from everywhere.
    A key that was revoked has no secret any more. `form_id` is of the form that asked for it: sent
    again, it makes no second key.
    """

    id = models.CharField(primary_key=True, max_length=20, default=new_access_key_id)
    secret = EncryptedTextField(default=new_secret_access_key, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_keys"
    )
    name = models.CharField(max_length=80, blank=True)
    networks = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    form_id = models.UUIDField(null=True, unique=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.id

    def may_be_used_from(self, address: str) -> bool:
        """`address` is "" where it cannot be told."""
        if not self.networks:
            return True
        return bool(address) and any(
            ip_address(address) in ip_network(network) for network in self.networks
        )
