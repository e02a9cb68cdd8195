"""Where an S3 endpoint is and who asks there."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`addressing_style` is "path" or "virtual". With `tags_after_copy` this storage ignores tags
    that are sent with a copy.
    """

    url: str
    region_code: str
    addressing_style: str
    verify_tls: bool = True
    tags_after_copy: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair. None in its place means the ambient credentials of the process."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
