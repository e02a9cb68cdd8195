"""Where an S3 endpoint is and who asks there."""

import re
from dataclasses import dataclass, field

REGION_CODE = r"\A[A-Za-z0-9._-]+\Z"
"""What a region code may be. Requests are signed for exactly that: OpenStack has RegionOne, others
NL or US. A slash would end it within a signature's scope.
"""


def is_region_code(text: str) -> bool:
    return re.match(REGION_CODE, text) is not None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`addressing_style` is "path" or "virtual". With `tags_after_copy` this storage ignores tags
    that are sent with a copy, with `lock_after_copy` retention and legal hold.
    `deletes_at_once` is how many keys one DeleteObjects may name here, `conditions` on which calls a
    condition was seen to be kept (`choices.Capability`).
    `ca_certificate` is PEM: then no other authorities vouch for the endpoint.
    """

    url: str
    region_code: str
    addressing_style: str
    verify_tls: bool = True
    tags_after_copy: bool = False
    lock_after_copy: bool = False
    deletes_at_once: int = 1000
    conditions: frozenset[str] = frozenset()
    ca_certificate: str = field(default="", repr=False)
    may_be_private: bool = False
    """A webhook may lie at an address of the own network, or of this machine."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair. None in its place means the ambient credentials of the process."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
