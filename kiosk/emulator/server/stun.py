"""A STUN server, so that `ice_servers` names one that answers without the internet."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from typing import Any

from typing_extensions import override

_BINDING_REQUEST, _BINDING_SUCCESS = 0x0001, 0x0101
_XOR_MAPPED_ADDRESS = 0x0020
_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_MAXIMUM_REQUEST = 1_500


def answer_binding(request: bytes, address: tuple[str, int]) -> bytes | None:
    """Return the success response to a STUN Binding request (RFC 8489), None for anything else."""
    if not _HEADER.size <= len(request) <= _MAXIMUM_REQUEST:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(request)
    if (kind, cookie) != (_BINDING_REQUEST, _COOKIE) or length != len(request) - _HEADER.size:
        return None
    host = ipaddress.ip_address(address[0].partition("%")[0])
    mask = struct.pack("!I", _COOKIE) + transaction
    packed = bytes(a ^ b for a, b in zip(host.packed, mask, strict=False))
    family = 1 if host.version == 4 else 2
    value = struct.pack("!BBH", 0, family, address[1] ^ (_COOKIE >> 16)) + packed
    attribute = struct.pack("!HH", _XOR_MAPPED_ADDRESS, len(value)) + value
    return _HEADER.pack(_BINDING_SUCCESS, len(attribute), _COOKIE, transaction) + attribute


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    @override
    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = answer_binding(data, (addr[0], addr[1]))
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


class StunServer:
    """Listens until closed. Stateless: nothing is kept about anybody."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    async def start(self, host: str) -> None:
        """Listen on a free UDP port of `host`."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(_Protocol, local_addr=(host, 0))
        self.port = self._transport.get_extra_info("sockname")[1]

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()
