"""Which addresses a storage may have: none of those where a cloud's machine finds its own secrets."""

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from jobs import conf

LINK_LOCAL = (
    "A storage cannot be at a link-local address ({}): that is where machines in a cloud find"
    " their own credentials. ALLOW_LINK_LOCAL=true allows it."
)


FORBIDDEN = "ForbiddenAddress"
"""Code of ours for a call that was not sent for that."""


class ForbiddenAddressError(ConnectionError):
    """The name of an endpoint leads to an address that is not allowed."""


def problem_with(url: str, credentials_belong_to: str = "roles") -> str:
    """What is wrong with an endpoint's URL, in a sentence, or an empty text. Asks no name server:
    where names lead is looked at when it is connected to.
    """
    try:
        parts = urlsplit(url)
        host, named = parts.hostname or "", parts.username is not None
    except ValueError:
        return "Write the endpoint URL as https://host or https://host:port."
    if named or "@" in parts.netloc:
        return (
            "Leave user and password out of the endpoint URL: credentials belong to"
            f" {credentials_belong_to}."
        )
    try:
        # Knows the decimal and hexadecimal ways to write an address, too.
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return ""
    address = str(found[0][4][0])
    return "" if is_allowed(address) else LINK_LOCAL.format(address)


def is_allowed(address: str) -> bool:
    if conf.allow_link_local():
        return True
    found = ip_address(address.partition("%")[0])
    return not (getattr(found, "ipv4_mapped", None) or found).is_link_local


def check_peer(peer: object) -> None:
    """`peer` is what a socket says of its other end; nothing was sent there yet. Raises
    ForbiddenAddressError.
    """
    if isinstance(peer, tuple) and not is_allowed(str(peer[0])):
        raise ForbiddenAddressError(LINK_LOCAL.format(peer[0]))


def check_found(found: Iterable[tuple[Any, ...]]) -> None:
    """As `check_peer`, for a name that could not be connected to: `found` is what getaddrinfo says
    of it. Raises where it leads to such addresses alone, so that nobody looks for another cause.
    """
    addresses = [str(one[4][0]) for one in found]
    if addresses and not any(map(is_allowed, addresses)):
        raise ForbiddenAddressError(LINK_LOCAL.format(addresses[0]))


def addresses_of(host: str, port: int) -> list[tuple[Any, ...]]:
    """As getaddrinfo; nothing for a name that is not known."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []


def try_to_connect(host: str, port: int, timeout_s: float) -> None:
    """Connect, and send nothing. Raises OSError, and ForbiddenAddressError in the first place."""
    try:
        with socket.create_connection((host, port), timeout_s) as found:
            check_peer(found.getpeername())
    except (socket.gaierror, ForbiddenAddressError):
        raise
    except OSError:
        check_found(addresses_of(host, port))
        raise
