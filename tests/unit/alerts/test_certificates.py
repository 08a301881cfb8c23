"""Certificates are looked at by a real handshake: good, ending, refused, nobody there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from kiosk.alerts.certificates import Certificates, targets
from tests.unit.alerts.receiving import ENDS, HOST, certificate
from tests.unit.storage.keeping import ManualClock


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None) -> AsyncIterator[tuple[int, list[int]]]:
    """Listen on a free port; the list counts who came."""
    came: list[int] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(1)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, HOST, 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], came


def test_only_addresses_in_tls_have_a_certificate() -> None:
    assert targets(
        [
            "https://a.example/path",
            "wss://b.example:8443",
            "http://c.example",
            None,
            "https://a.example",
        ]
    ) == (("a.example", 443), ("b.example", 8443))


async def test_a_trusted_one_tells_its_end_and_is_asked_once_an_hour(tmp_path: Path) -> None:
    file = await asyncio.to_thread(certificate, tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    trusting = ssl.create_default_context(cafile=file)
    clock = ManualClock()
    async with listening(tls) as (port, came):
        looked = Certificates(clock, [(HOST, port)], context=trusting)
        (facts,) = await looked.look()
        assert (facts.host, facts.expires_at, facts.wrong) == (f"{HOST}:{port}", ENDS, "")
        await looked.look()
        assert len(came) == 1
        clock.advance(timedelta(hours=1).total_seconds())
        await looked.look()
        assert len(came) == 2


async def test_one_that_nobody_trusts_is_wrong(tmp_path: Path) -> None:
    file = await asyncio.to_thread(certificate, tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    async with listening(tls) as (port, _):
        (facts,) = await Certificates(ManualClock(), [(HOST, port)]).look()
        assert facts.wrong == "self-signed certificate"


async def test_nobody_there_and_no_answer_say_nothing() -> None:
    async with listening(None) as (silent, _):
        hosts = [(HOST, silent)]
        (facts,) = await Certificates(ManualClock(), hosts, deadline_s=0.05).look()
        assert (facts.expires_at, facts.wrong) == (None, None)
    (gone,) = await Certificates(ManualClock(), [(HOST, silent)]).look()
    assert gone.wrong is None
