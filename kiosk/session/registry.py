"""The visits of this server: admit, lease the kiosk, look up, take commands, drain."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable

import structlog

from kiosk.errors import SignalingError
from kiosk.model import EndReason, Kiosk
from kiosk.session.context import Screen, VisitServices
from kiosk.session.session import Session
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)


class SessionRegistry:
    """One for each application; owns the task of every visit."""

    def __init__(self, services: VisitServices) -> None:
        self._services = services
        self._sessions: dict[str, Session] = {}
        self._tasks = TaskSet("visits")
        self._empty = asyncio.Event()
        self._empty.set()
        self.draining = False

    @property
    def sessions(self) -> Iterable[Session]:
        """The visits going on."""
        return tuple(self._sessions.values())

    def on_kiosk(self, kiosk_id: str) -> Session | None:
        """Return the visit on a kiosk, if one is going on."""
        for session in self._sessions.values():
            if session.ctx.kiosk.id == kiosk_id:
                return session
        return None

    async def start(self, kiosk: Kiosk, screen: Screen, language: str) -> Session:
        """Begin a visit; raises SignalingError.

        `draining`, `busy`, `kiosk_taken`, `denied` with a plugin's sentence, `unavailable`.

        A visit that is still open on this kiosk, in another tab or from before a crash, is ended:
        whoever stands in front of the screen now counts.
        """
        settings = self._services.settings.visit
        self._refuse_when_draining()
        # Asked before anything is looked at: meanwhile other visits begin and end.
        await self._admit(kiosk)
        self._refuse_when_draining()
        old = self.on_kiosk(kiosk.id)
        if old is not None:
            old.ctx.end(EndReason.KIOSK_REPLACED)
            del self._sessions[old.ctx.id]
        if len(self._sessions) >= settings.max_visits:
            self._refused("busy")
            raise SignalingError("busy", "All places are taken; try again in a moment.")
        session = Session(self._services, kiosk, screen, language)
        # The place is taken before anything is awaited, so that two starts cannot share it.
        self._sessions[session.ctx.id] = session
        self._empty.clear()
        lease = await self._services.bus.acquire(
            f"kiosk:{kiosk.id}", session.ctx.id, ttl_s=settings.longest_s + 120
        )
        if lease is None and old is None:
            self._forget(session)
            self._refused("kiosk_taken")
            raise SignalingError("kiosk_taken", "This kiosk has a visit on another server.")
        self._tasks.spawn(self._live(session, old), name=session.ctx.id)
        return session

    def _refuse_when_draining(self) -> None:
        if self.draining:
            self._refused("draining")
            raise SignalingError("draining", "The server is being restarted; try again shortly.")

    async def _admit(self, kiosk: Kiosk) -> None:
        """Ask the plugins, before anything is opened or leased for the visit."""
        denied = await self._services.hooks.admit_session(kiosk)
        if denied is None:
            return
        self._refused("denied" if denied.reason else "plugin_failed")
        if denied.reason:
            raise SignalingError("denied", denied.reason)
        raise SignalingError("unavailable", "A plugin that decides on visits failed; see its page.")

    async def _live(self, session: Session, old: Session | None) -> None:
        ctx = session.ctx
        bus = self._services.bus
        self._services.metrics.visits.inc()
        stop = bus.handle(f"visit:{ctx.id}", session.command)
        lease = None
        try:
            if old is not None:
                await old.ended.wait()
            key = f"kiosk:{ctx.kiosk.id}"
            lease = await bus.acquire(key, ctx.id, ttl_s=ctx.settings.longest_s + 120)
            await session.run()
        finally:
            stop()
            if lease is not None:
                await lease.release()
            self._services.metrics.visits.dec()
            session.ended.set()
            self._forget(session)

    async def until_over(self, visit_id: str) -> None:
        """Wait until all that a visit leaves behind is handed on; returns at once for no visit."""
        session = self._sessions.get(visit_id)
        if session is not None:
            await session.gone.wait()

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.ctx.id, None)
        session.gone.set()
        if not self._sessions:
            self._empty.set()

    def _refused(self, reason: str) -> None:
        self._services.metrics.visits_refused.labels(reason).inc()

    def resume(self, kiosk: Kiosk, token: str, screen: Screen, *, playing: bool) -> Session | None:
        """Take up the visit of a resume token, or None when there is none on this kiosk."""
        session = self.on_kiosk(kiosk.id)
        if session is None or session.ctx.over.is_set():
            return None
        if not hmac.compare_digest(session.ctx.resume.encode(), token.encode()):
            return None
        session.attach(screen, playing=playing)
        return session

    async def drain(self, timeout_s: float) -> None:
        """Admit nobody, wait for the visits to end, then end those that are left."""
        self.draining = True
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            log.info("visits are ended because the server stops", visits=len(self._sessions))
        for session in self.sessions:
            session.ctx.end(EndReason.SHUTDOWN)
        try:
            async with asyncio.timeout(10):
                await self._empty.wait()
        except TimeoutError:
            log.error("visits did not end in time", visits=len(self._sessions))
        await self._tasks.aclose()
