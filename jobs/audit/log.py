"""Writes the audit log (docs/audit.md, What is written)."""

from collections.abc import Mapping
from typing import Any

from jobs.audit.origin import current
from jobs.models import AuditEntry

Facts = Mapping[str, Any]


def record(
    action: str,
    target_type: str,
    target: object,
    *,
    before: Facts | None = None,
    after: Facts | None = None,
    allowed: bool = True,
    who: str = "",
    source_ip: str = "",
) -> None:
    """In the transaction of what it tells of. `before` and `after` hold no secrets. `who` and
    `source_ip` are those of the request, where nothing else is said.
    """
    origin = current()
    AuditEntry.objects.create(
        who=(who or origin.who())[:150],
        door=f"{origin.door} {origin.access_key()}".strip()[:40],
        source_ip=source_ip or origin.source_ip,
        action=action[:64],
        target_type=target_type[:32],
        target=storable(str(target))[:256],
        allowed=allowed,
        before=before,
        after=after,
        request_id=origin.request_id,
    )


def storable(text: str) -> str:
    """A NUL can be in no text of PostgreSQL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
