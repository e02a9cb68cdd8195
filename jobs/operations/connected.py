"""What tasks call besides storages: it has to be connected by an administrator first."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Connected:
    """`service` is a name of `services.table`, `place` by what the connection is known (the Region
    code of function endpoints, the short name of a webhook), `name` what is asked about there (a
    function). `path` is the wire member that says so.
    """

    service: str
    place: str
    name: str
    path: str
