"""One call of a task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.services.destination import Destination


@dataclass(frozen=True, slots=True)
class Call:
    """`action` is the service's own name for it ("CopyObject"), `params` are its parameters; for S3
    those of botocore without the bucket, which is the destination's name.

    One that is made `once` is not sent again by itself where the first may have been heard: a lost
    answer, or one that comes from nobody we know, is the operation's to judge. One that `is_look` only
    decides what is believed, and is given up after a few tries. One that is made `is_aside` says nothing about
    those that change something: a gateway may let it pass, and answer these itself. `echoes` are headers
    of small letters that the answer repeats where it was done as asked; one that lacks them is odd.
    """

    to: Destination
    action: str
    params: Mapping[str, Any]
    once: bool = False
    is_look: bool = False
    is_aside: bool = False
    echoes: Mapping[str, str] = field(default_factory=dict)
