"""What an administrator connected, as operations name it: whether it is there, and where."""

from collections.abc import Sequence

from jobs.errors import Problem, StorageError
from jobs.models import FunctionEndpoint, Job, Webhook
from jobs.models.connection import Connection
from jobs.operations import registry
from jobs.operations.base import Operation
from jobs.operations.connected import Connected
from jobs.s3.function_arns import function_arn
from jobs.services.destination import Destination
from jobs.services.lambda_function import LAMBDA

UNDER = "An administrator connects functions and webhooks under Functions and webhooks."
NOT_CONNECTED = "NotConnected"
ANY_ACCOUNT = "000000000000"
"""Functions are asked for by their names, with the connection's own key: the account decides nothing."""


def unconnected(operation: Operation) -> list[Problem]:
    """What the operation calls and may not, by wire member."""
    found = ((wanted.path, _why_not(wanted, _found(wanted))) for wanted in operation.connections())
    return [Problem(path, why) for path, why in found if why]


def destination_of(wanted: Connected) -> Destination:
    """Raises StorageError for what is not connected, or not any more."""
    found = _found(wanted)
    why = _why_not(wanted, found)
    if why:
        raise StorageError(NOT_CONNECTED, why)
    if isinstance(found, FunctionEndpoint):
        return found.destination(wanted.name)
    assert isinstance(found, Webhook)  # noqa: S101 - there is no third kind
    return found.destination()


def _found(wanted: Connected) -> Connection | None:
    if wanted.service == LAMBDA:
        return FunctionEndpoint.objects.filter(code=wanted.place).first()
    return Webhook.objects.filter(slug=wanted.place).first()


def _why_not(wanted: Connected, found: Connection | None) -> str:
    """A sentence; empty where it may be called."""
    if found is None and wanted.service == LAMBDA:
        return f'No functions of the Region code "{wanted.place}" are connected. {UNDER}'
    if found is None:
        return f'There is no webhook "{wanted.place}". {UNDER}'
    if found.disabled:
        return f"{found.name} is disabled. An administrator can enable it."
    if isinstance(found, FunctionEndpoint) and not found.allows(wanted.name):
        name = wanted.name.partition(":")[0]
        return f'The function "{name}" is none that {found.name} may be asked for. {UNDER}'
    return ""


def jobs_that_need(connection: Connection) -> Sequence[Job]:
    """Those that have not ended and call it."""
    kinds = [
        kind.name for kind in registry.OPERATIONS if kind.connections is not Operation.connections
    ]
    going = Job.objects.going().filter(operation__in=kinds)
    return [job for job in going if _calls(job, connection)]


def _calls(job: Job, connection: Connection) -> bool:
    known_by = connection.code if isinstance(connection, FunctionEndpoint) else connection.slug
    wanted = registry.get(job.operation).parse(job.parameters).connections()
    return (connection.service, known_by) in {(one.service, one.place) for one in wanted}


def offered(service: str) -> list[tuple[str, str]]:
    """What may be chosen: wire values with their labels. An ARN that ends in a colon is a beginning:
    there, any function may be named.
    """
    if service != LAMBDA:
        return list(Webhook.objects.filter(disabled=False).values_list("slug", "name"))
    return [
        (function_arn(found.code, ANY_ACCOUNT, function), found.name)
        for found in FunctionEndpoint.objects.filter(disabled=False)
        for function in found.functions or [""]
    ]
