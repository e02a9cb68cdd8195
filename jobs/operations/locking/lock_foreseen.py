"""What setting a legal hold or a retention would do, by a look at what is set."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jobs.operations import looks
from jobs.operations.context import Context
from jobs.operations.foreseeing import (
    Foresight,
    already_so,
    from_refusal,
    would_change,
    would_fail,
)
from jobs.operations.locking.lock_looks import is_kept, is_none_set
from jobs.spec.target import Target

COMPLIANCE = "COMPLIANCE"


def foresee_hold(target: Target, context: Context, status: str) -> Foresight:
    """`status` is ON or OFF."""
    answer = yield looks.ask(target, context, "GetObjectLegalHold")
    if answer.code and not is_none_set(answer):
        return from_refusal("GetObjectLegalHold", answer)
    found = answer.data.get("LegalHold", {}).get("Status") or "OFF"
    if found == status:
        return already_so(f"The legal hold is {status.lower()} already.")
    return would_change(f"The legal hold would change from {found.lower()} to {status.lower()}.")


def foresee_retention(
    target: Target, context: Context, wanted: Mapping[str, Any], *, bypass: bool
) -> Foresight:
    """`wanted` is as S3 has it, empty for none."""
    answer = yield looks.ask(target, context, "GetObjectRetention")
    if answer.code and not is_none_set(answer):
        return from_refusal("GetObjectRetention", answer)
    found = answer.data.get("Retention", {})
    was, will = _in_words(found), _in_words(wanted)
    if wanted and is_kept(wanted, found) or not (wanted or found.get("Mode")):
        return already_so(f"The retention is {was} already.")
    if why := _forbidden(found, wanted, context.now_s(), bypass=bypass):
        return would_fail(403, "AccessDenied", f"{why}: it is {was}.")
    return would_change(f"The retention would change from {was} to {will}.")


def _forbidden(
    found: Mapping[str, Any], wanted: Mapping[str, Any], now_s: float, *, bypass: bool
) -> str:
    """Why what protects the version now may not give way; empty where it may. A storage decides by
    the mode and by which of the two ends later.
    """
    until = found.get("RetainUntilDate")
    if not isinstance(until, datetime) or until.timestamp() <= now_s:
        return ""
    later = wanted.get("RetainUntilDate")
    grows = isinstance(later, datetime) and later >= until
    if found.get("Mode") == COMPLIANCE:
        return (
            "" if grows and wanted.get("Mode") == COMPLIANCE else "Compliance cannot be shortened"
        )
    if bypass or grows:
        return ""
    return "Governance can only be shortened with a bypass"


def _in_words(retention: Mapping[str, Any]) -> str:
    mode, until = retention.get("Mode"), retention.get("RetainUntilDate")
    words = [str(mode).capitalize()] if mode else []
    if isinstance(until, datetime):
        words.append(f"until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")
    if hold := retention.get("EventHold"):
        words.append(f"with event hold {str(hold).lower()}")
    return " ".join(words) or "none"
