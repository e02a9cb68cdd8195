"""Where a request comes from, when proxies stand in between."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def client_network(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of who asks, of IPv6 its /64: one subscriber has all of that."""
    address = _client(peer, forwarded_for, trusted)
    return _network(address) if address else ""


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of who asks; "" where it cannot be told."""
    return str(_client(peer, forwarded_for, trusted) or "")


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the other end of the connection is a proxy of ours."""
    address = _address(peer)
    return address is not None and any(address in one for one in trusted)


def _client(
    peer: str, forwarded_for: str, trusted: Sequence[Network]
) -> IPv4Address | IPv6Address | None:
    """`peer` is the other end of the connection, `forwarded_for` the header X-Forwarded-For. That is
    read from the right, for what stands further left was written by whoever asks, and only as far
    as those who wrote it are `trusted`.
    """
    client = None
    for hop in [peer, *reversed(forwarded_for.split(","))]:
        address = _address(hop)
        if address is None:
            break
        client = address
        if not any(address in one for one in trusted):
            break
    return client


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Some proxies write a port behind it."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(address: IPv4Address | IPv6Address) -> str:
    if address.version == 4:
        return str(address)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))
