"""How each of the 13 statuses looks: words, icon and tone, never colour alone (ux 3.2)."""

from dataclasses import dataclass, replace

from jobs.choices import JobStatus


@dataclass(frozen=True)
class Look:
    """`icon` names a symbol of the sprite; `tone` is a CSS class, empty for muted."""

    label: str
    icon: str
    tone: str
    meaning: str


def _look(status: JobStatus, icon: str, tone: str, meaning: str) -> Look:
    return Look(str(status.label), icon, tone, meaning)


LOOKS = {
    status: _look(status, icon, tone, meaning)
    for status, icon, tone, meaning in (
        (JobStatus.NEW, "clock", "", "Waiting to read the manifest"),
        (JobStatus.PREPARING, "ring", "info", "Reading and counting the manifest"),
        (JobStatus.SUSPENDED, "triangle", "warn", "Prepared. Nothing has run."),
        (JobStatus.READY, "hourglass", "", "In the queue"),
        (JobStatus.ACTIVE, "ring", "info", "Processing objects"),
        (JobStatus.PAUSING, "ring", "", "Finishing requests in flight"),
        (JobStatus.PAUSED, "bars", "", "Nothing moves until the reason is gone"),
        (JobStatus.COMPLETING, "ring", "info", "Writing the report"),
        (JobStatus.COMPLETE, "check", "ok", "Finished"),
        (JobStatus.CANCELLING, "ring", "", "Stopping; changed objects stay changed"),
        (JobStatus.CANCELLED, "slash", "", "Stopped; changed objects stay changed"),
        (JobStatus.FAILING, "ring", "err", "Stopping because of an error"),
        (JobStatus.FAILED, "stop", "err", "Stopped because of an error"),
    )
}


def look_of(status: str, failed: int = 0, total: int | None = None, *, asks: bool = False) -> Look:
    """The look of a job; a completed one is green only when nothing failed (ux D5). One that `asks`
    is paused until a person decides.

    Raises ValueError for a status that is none of the 13.
    """
    look = LOOKS[JobStatus(status)]
    if asks:
        return replace(look, icon="triangle", tone="warn")
    if status != JobStatus.COMPLETE or not failed:
        return look
    if total is not None and failed >= total:
        return replace(look, label="Completed, all failed", icon="cross", tone="err")
    return replace(look, label=f"Completed, {failed:,} failed", icon="triangle", tone="warn")
