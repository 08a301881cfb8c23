"""Where plugins may connect to: the public internet, and what the site lists besides.

An address in a plugin's settings, or one that a server redirects to, must not reach what only this
machine can see: the cloud's metadata service, a database, an admin page on localhost. The check is
made on the address that is connected to, after the name was resolved, so no name can hide it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import aiohttp

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "168.63.129.16/32")
)
"""Never reached, whatever is listed: link-local addresses and the clouds' metadata services."""


class AddressRefusedError(OSError):
    """A plugin may not connect there; the text names the address and the setting."""


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks of the setting `hooks.reach`, which has checked them."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def refusal(address: str, allowed: Sequence[Network]) -> str:
    """Return why a plugin may not connect to an address; "" when it may."""
    try:
        found: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address} is no address"
    found = _plain(found)
    if any(found in network for network in METADATA) or found.is_multicast or found.is_unspecified:
        return f"{found} is never for plugins"
    if found.is_global or any(found in network for network in allowed):
        return ""
    return f"{found} is not public; if a plugin shall reach it, add it to hooks.reach"


def guarded_connector(allowed: Sequence[Network]) -> aiohttp.TCPConnector:
    """Return a connector that opens sockets to permitted addresses only."""

    def make(info: Any) -> socket.socket:
        family, kind, proto, _, address = info
        why = refusal(str(address[0]), allowed)
        if why:
            raise AddressRefusedError(why)
        return socket.socket(family=family, type=kind, proto=proto)

    return aiohttp.TCPConnector(socket_factory=make)


def _plain(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 one: the network would unwrap it, too."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner if inner is not None else address
    return address
