"""Which addresses a Region may have: none of those where a cloud's machine finds its own secrets."""

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from jobs import conf

LINK_LOCAL = (
    "A Region cannot be at a link-local address ({}): that is where machines in a cloud find"
    " their own credentials. ALLOW_LINK_LOCAL=true allows it."
)


class ForbiddenAddressError(ConnectionError):
    """The name of an endpoint leads to an address that is not allowed."""


def problem_with(url: str) -> str:
    """What is wrong with an endpoint's URL, in a sentence, or an empty text. Asks no name server:
    where names lead is looked at when it is connected to.
    """
    try:
        parts = urlsplit(url)
        host, named = parts.hostname or "", parts.username is not None
    except ValueError:
        return "Write the endpoint URL as https://host or https://host:port."
    if named or "@" in parts.netloc:
        return "Leave user and password out of the endpoint URL: credentials belong to roles."
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
