"""STUN Binding requests are answered with the asker's address, anything else with nothing."""

from __future__ import annotations

import asyncio
import struct

import pytest
from typing_extensions import override

from kiosk.emulator.server.stun import StunServer, answer_binding

TRANSACTION = b"0123456789ab"
REQUEST = struct.pack("!HHI12s", 1, 0, 0x2112A442, TRANSACTION)


def test_an_ipv4_address() -> None:
    answer = answer_binding(REQUEST, ("192.0.2.1", 32853))
    assert answer is not None
    assert answer[:2] == b"\x01\x01"
    assert answer[8:20] == TRANSACTION
    # RFC 5769's way: the address is hidden by the cookie.
    assert answer[20:] == bytes.fromhex("0020 0008 0001 a147 e112 a643".replace(" ", ""))


def test_an_ipv6_address() -> None:
    answer = answer_binding(REQUEST, ("2001:db8::1", 32853))
    assert answer is not None
    assert answer[24:26] == b"\x00\x02"
    assert len(answer) == 44


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"",
        b"\0" * 20,
        REQUEST[:-1],
        REQUEST + b"\0\0\0\0",
        struct.pack("!HHI12s", 3, 0, 0x2112A442, TRANSACTION),
        REQUEST + b"\0" * 2_000,
    ],
)
def test_anything_else(request_bytes: bytes) -> None:
    assert answer_binding(request_bytes, ("192.0.2.1", 1)) is None


async def test_over_a_real_socket() -> None:
    class Client(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        @override
        def datagram_received(self, data: bytes, addr: object) -> None:
            self.answer.set_result(data)

    server = StunServer()
    await server.start("127.0.0.1")
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_datagram_endpoint(
        Client, remote_addr=("127.0.0.1", server.port)
    )
    transport.sendto(b"noise")
    transport.sendto(REQUEST)
    async with asyncio.timeout(20):
        answer = await client.answer
    own = transport.get_extra_info("sockname")
    assert answer == answer_binding(REQUEST, own)
    transport.close()
    server.close()
