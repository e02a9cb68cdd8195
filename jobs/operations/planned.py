"""Operations of AWS that are not built yet: step 2 of Create job names them. One that is built
stands in the registry and is left out, whether its line here went away or not.
"""

from dataclasses import dataclass

from jobs.operations import registry


@dataclass(frozen=True, slots=True)
class Planned:
    name: str
    label: str
    does: str


_ALL = (Planned("LambdaInvoke", "Invoke function", "Calls a function of yours per object."),)
PLANNED = tuple(planned for planned in _ALL if registry.find(planned.name) is None)
