"""What a mail about a job says."""

from jobs import conf
from jobs.choices import TERMINAL, JobStatus
from jobs.models import Delivery, Job
from jobs.notifications.events import CREATED, REMINDER
from jobs.notifications.sending import Mail
from jobs.operations import registry

EXPIRES = "A job that nobody confirms for {days} days fails."


def mail_of(delivery: Delivery) -> Mail:
    """`delivery` comes with its job and Region."""
    job, said = delivery.job, delivery.event["detail"]["serviceEventDetails"]
    lead = _lead(delivery.event_name, said["status"])
    name = " ".join(job.description.split()) or f"Job {job.short_id}"
    lines = [
        f"{name}: {lead}.",
        "",
        f"Job        {job.pk}",
        f"Operation  {_operation(job)}",
        f"Region     {job.region.name}",
        f"Time       {delivery.event['time']}",
    ]
    if said["status"] in TERMINAL and job.total_tasks is not None:
        lines += [
            f"Objects    {job.total_tasks:,} listed, {job.tasks_succeeded:,} succeeded,"
            f" {job.tasks_failed:,} failed"
        ]
    for code in said["failureCodes"]:
        lines += [f"Failure    {code}"]
    lines += [f"Reason     {' '.join(text.split())}" for text in said["statusChangeReason"]]
    if delivery.event_name == REMINDER:
        lines += ["", EXPIRES.format(days=conf.SUSPENDED_LIFETIME.days)]
    if url := conf.public_url():
        lines += ["", f"{url}/jobs/{job.pk}/"]
        if delivery.user_id:
            lines += ["", f"What you are told: {url}/account/notifications/"]
    return Mail(
        delivery.message_id,
        delivery.address,
        f"[batchconsole] {name[:120]}: {lead}",
        "\n".join(lines) + "\n",
    )


def _lead(event: str, status: str) -> str:
    label = JobStatus(status).label
    if event == CREATED:
        return "created"
    if event == REMINDER:
        return "still waits for confirmation"
    return "waits for confirmation" if status == JobStatus.SUSPENDED else str(label).lower()


def _operation(job: Job) -> str:
    operation = registry.find(job.operation)
    return operation.label if operation else job.operation
