"""Looks at certificates as a browser does: by a TLS handshake, now and then, within a deadline."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import structlog

from kiosk.alerts.facts import CertificateFacts
from kiosk.clock import Clock

log = structlog.get_logger(__name__)

HANDSHAKE_S: Final = 10.0
EVERY_S: Final = 3600.0
"""A certificate that was fine is looked at again after this."""
SOON_S: Final = 300.0
"""One that was not, or did not answer, is looked at sooner."""
TLS: Final = frozenset({"https", "wss"})


def targets(addresses: Iterable[str | None]) -> tuple[tuple[str, int], ...]:
    """Return host and port of each address that is spoken to in TLS; others have none."""
    found: dict[tuple[str, int], None] = {}
    for address in addresses:
        parts = urlsplit(address or "")
        if parts.scheme in TLS and parts.hostname:
            found[parts.hostname, parts.port or 443] = None
    return tuple(found)


class Certificates:
    """The certificates of some hosts; `look` keeps an answer for an hour."""

    def __init__(
        self,
        clock: Clock,
        hosts: Iterable[tuple[str, int]],
        *,
        context: ssl.SSLContext | None = None,
        deadline_s: float = HANDSHAKE_S,
    ) -> None:
        self._clock = clock
        self._hosts = tuple(hosts)
        self._context = context
        self._deadline_s = deadline_s
        self._known: dict[tuple[str, int], tuple[float, CertificateFacts]] = {}

    async def look(self) -> tuple[CertificateFacts, ...]:
        """Return what is known, after asking where that is too old."""
        now = self._clock.monotonic()
        due = [host for host in self._hosts if self._known.get(host, (now, None))[0] <= now]
        if due:
            if self._context is None:
                self._context = await asyncio.to_thread(ssl.create_default_context)
            for host, facts in zip(
                due, await asyncio.gather(*(self._ask(*host) for host in due)), strict=True
            ):
                pause = EVERY_S if facts.wrong == "" else SOON_S
                self._known[host] = (now + pause, facts)
        return tuple(self._known[host][1] for host in self._hosts)

    async def _ask(self, host: str, port: int) -> CertificateFacts:
        name = host if port == 443 else f"{host}:{port}"
        try:
            async with asyncio.timeout(self._deadline_s):
                _, writer = await asyncio.open_connection(
                    host, port, ssl=self._context, server_hostname=host
                )
                try:
                    certificate = writer.get_extra_info("peercert") or {}
                finally:
                    writer.close()
                    await _closed(writer)
        except ssl.SSLCertVerificationError as error:
            return CertificateFacts(name, wrong=error.verify_message or "it cannot be verified")
        except (OSError, TimeoutError):
            # Nobody there, or no TLS: other rules and `kiosk check` speak of that.
            log.info("no certificate could be looked at", host=name)
            return CertificateFacts(name, wrong=None)
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        return CertificateFacts(name, expires_at=datetime.fromtimestamp(ends, UTC))


async def _closed(writer: asyncio.StreamWriter) -> None:
    try:
        await writer.wait_closed()
    except OSError:
        pass  # it was asked, and may hang up as it likes
