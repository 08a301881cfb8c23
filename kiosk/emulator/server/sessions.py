"""The open sessions of one emulator, and the journals of those before them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from aiohttp import web

from kiosk.clock import Clock
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.session.session import EmulatorSession
from kiosk.emulator.wire.journal import Journal


class Sessions:
    """Who is connected. Journals of at most `limits.journal_sessions` ended ones are kept."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._open: dict[str, tuple[EmulatorSession, web.Request]] = {}
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._journals: OrderedDict[str, Journal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def open_journal(self, session_id: str) -> Journal:
        """Begin a session's journal."""
        journal = Journal(session_id, self._clock, self._limits.journal_entries)
        self._journals[session_id] = journal
        while len(self._journals) > self._limits.journal_sessions + len(self._open):
            self._journals.popitem(last=False)
        return journal

    def journal(self) -> list[dict[str, Any]]:
        """Return the journals, oldest first."""
        return [journal.as_json() for journal in self._journals.values()]

    def forget_ended(self) -> None:
        """Forget the journals of the sessions that have ended."""
        self._journals = OrderedDict(
            (name, journal) for name, journal in self._journals.items() if name in self._open
        )

    def find(self, session_id: str) -> EmulatorSession | None:
        """Return an open session."""
        found = self._open.get(session_id)
        return found[0] if found is not None else None

    async def run(self, session: EmulatorSession, request: web.Request) -> None:
        """Keep a session among the open ones until it has ended."""
        self._open[session.id] = (session, request)
        self._none_open.clear()
        try:
            await session.run()
        finally:
            del self._open[session.id]
            if not self._open:
                self._none_open.set()

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye to everybody."""
        await asyncio.gather(*(s.close(code, reason) for s, _ in list(self._open.values())))

    def cut(self, reason: str) -> None:
        """Drop everybody's connection without a word."""
        for session, _ in list(self._open.values()):
            session.cut(reason)

    async def all_ended(self) -> None:
        """Wait until nobody is connected."""
        await self._none_open.wait()


def cut_connection(request: web.Request) -> None:
    """Drop a connection without a close frame."""
    if request.transport is not None:
        request.transport.abort()
