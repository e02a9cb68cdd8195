"""Fields whose choices are what an administrator connected: they stand in no code."""

from dataclasses import dataclass

from jobs.operations.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedField(Field):
    """`service` is a name of `services.table`. `choose` asks for it, and `none` is said while nothing
    of the kind is connected. With `is_free` it is a text, for which what is connected is proposed.
    """

    service: str
    choose: str
    none: str
    is_free: bool = False
    template: str = "console/wizard/_connected.html"
