"""Which addresses a webhook may have. Its URL is looked up once, and the address that was looked at
is the one that is called: a name that leads elsewhere a moment later leads nobody there.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from jobs.errors import StorageError

Address = IPv4Address | IPv6Address

METADATA = frozenset(
    map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)  # fmt: skip
"""Where machines in a cloud find their own credentials; some of them are not link-local."""

_NAT64, _SIX_TO_FOUR = IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16")


def pinned(host: str, port: int, *, may_be_private: bool) -> str:
    """The address of `host` that may be called. Raises StorageError where it has none, and where one
    of them is not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise StorageError(
            "EndpointConnectionError", f'The name "{host}" of the webhook leads nowhere.'
        ) from error
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        why = refused(address, may_be_private=may_be_private)
        if why:
            raise StorageError("ForbiddenAddress", why)
    return addresses[0]


def refused(address: str, *, may_be_private: bool) -> str:
    """Why an address is not called, as a sentence; empty where it may be."""
    found = _meant(ip_address(address.partition("%")[0]))
    if found.is_link_local or found in METADATA or found.is_multicast:
        return (
            f"A webhook cannot be at {address}: that is where machines in a cloud find their own"
            " credentials. Choose another address."
        )
    if not found.is_global and not may_be_private:
        return (
            f"The webhook's name leads to {address}, which is an address of a private network or of"
            " this machine. An administrator can allow that for this webhook."
        )
    return ""


def _meant(address: Address) -> Address:
    """The IPv4 address that is written within one of IPv6."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address((int(address) >> 80) & 0xFFFFFFFF)
    return address
