"""A screen as a device, at its socket: reports go to operators, commands to the page and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from kiosk import events
from kiosk.bus.base import Bus, NoHandlerError, Payload
from kiosk.clock import Clock
from kiosk.signaling import messages as m
from kiosk.signaling.device import CommandError, checked
from kiosk.telemetry import Metrics

log = structlog.get_logger(__name__)

MIN_GAP_S: Final = 1.0
"""Reports that come faster than this are dropped and counted; the next one tells the same."""
PASS_ON_S: Final = 5.0


def device_target(kiosk_id: str) -> str:
    """Return the bus target of the screen's newest socket, on whatever server that is."""
    return f"device:{kiosk_id}"


def command_target(command_id: str) -> str:
    """Return the bus target of whoever waits for a command's answer."""
    return f"command:{command_id}"


class DeviceAgent:
    """One socket's part in it; `listen()` once the page has said hello."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        kiosk_id: str,
        send: Callable[[m.ServerMessage], None],
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._kiosk_id = kiosk_id
        self._send = send
        self._reported: float | None = None
        self._stop: Callable[[], None] | None = None

    def listen(self) -> None:
        """Take the screen's commands from now on; an older socket of the same screen does not."""
        self._stop = self._bus.handle(device_target(self._kiosk_id), self.command)

    def close(self) -> None:
        """Take no more commands."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    async def command(self, payload: Payload) -> Payload:
        """Hand a command to the page; that it was done comes later, by `done`."""
        try:
            args = checked(str(payload["name"]), payload["args"])
        except CommandError as error:
            # Checked by the sender, too; on a bus shared with another version nothing is sure.
            return {"ok": False, "detail": str(error)}
        self._send(
            m.Command.model_validate({"id": payload["id"], "name": payload["name"], "args": args})
        )
        return {"ok": True}

    async def report(self, report: m.Report) -> None:
        """Tell operators what the screen says of itself."""
        now = self._clock.monotonic()
        if self._reported is not None and now - self._reported < MIN_GAP_S:
            self._metrics.device_reports.labels("too_fast").inc()
            return
        self._reported = now
        self._metrics.device_reports.labels("taken").inc()
        facts = report.model_dump(mode="json", exclude={"type"})
        event = events.KioskReported(kiosk_id=self._kiosk_id, at=self._clock.now(), facts=facts)
        await self._bus.publish(events.EVENTS_TOPIC, event.model_dump(mode="json"))

    async def done(self, message: m.CommandDone) -> None:
        """Pass an answer to whoever waits for it, on whatever server."""
        answer = message.model_dump(mode="json", exclude={"type", "id"})
        answer["kiosk_id"] = self._kiosk_id
        try:
            await self._bus.command(command_target(message.id), answer, timeout_s=PASS_ON_S)
        except (NoHandlerError, TimeoutError):
            # Whoever asked has given up, or the id was never one of ours.
            self._metrics.device_commands.labels("unknown", "late").inc()
            log.info("nobody waits for a screen's answer", kiosk=self._kiosk_id)
