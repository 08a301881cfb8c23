"""What operators may have a screen do: who may, for how long it is waited, what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from kiosk import events
from kiosk.bus.base import Bus, NoHandlerError, Payload
from kiosk.clock import Clock, new_id
from kiosk.security.access import Access
from kiosk.signaling.device import CommandError, checked
from kiosk.telemetry import Metrics
from kiosk.web.agent import command_target, device_target
from kiosk.web.shell import service_target
from kiosk.web.shots import Shots

DELIVER_S: Final = 5.0
"""How long the server that has the screen's socket may take to answer at all."""
MOST_WAITING: Final = 50
"""Commands waited for at once on this server; one more is refused."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One command: who may give it, how long its answer may take, what was done, in words."""

    access: Access
    within_s: float
    done: str


RULES: Final[Mapping[str, Rule]] = {
    # A reload is answered by the page that comes of it, in a browser that may be slow.
    "reload": Rule(Access.KIOSK_COMMAND, 45, "The page was loaded anew."),
    "identify": Rule(Access.KIOSK_COMMAND, 8, "The screen shows its name."),
    "volume": Rule(Access.KIOSK_COMMAND, 8, "The volume is set."),
    "mute": Rule(Access.KIOSK_COMMAND, 8, "The sound is switched."),
    # What every visitor meets first is the site's own choice, so it takes more.
    "language": Rule(Access.KIOSK_CONFIGURE, 12, "The waiting screen begins in that language."),
    "message": Rule(Access.KIOSK_COMMAND, 8, "The waiting screen shows it."),
    "screenshot": Rule(Access.KIOSK_COMMAND, 20, "Here is the screen."),
    "restart_visit": Rule(Access.KIOSK_COMMAND, 45, "The visit ended and a new one has begun."),
    "dark": Rule(Access.KIOSK_COMMAND, 8, "The waiting screen is dark, or shows itself again."),
    "service": Rule(Access.KIOSK_COMMAND, 8, "Visitors are told so from now on."),
    "hold": Rule(Access.KIOSK_CONFIGURE, 8, "Whether it takes newer pages by itself is set."),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command, in a sentence."""

    ok: bool
    detail: str


class Commander:
    """Sends commands to screens, wherever they are connected, and waits for their answers."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        shots: Shots,
        *,
        rules: Mapping[str, Rule] = RULES,
    ) -> None:
        self._rules = rules
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._shots = shots
        self._waiting = 0

    async def issue(
        self,
        kiosk_id: str,
        name: str,
        args: Mapping[str, Any],
        by: str,
        *,
        on_sent: Callable[[], None] | None = None,
    ) -> Outcome:
        """Have a screen do it, and tell every dashboard what came of it.

        `on_sent` is called when the server that has the screen has passed it on.
        """
        rule = self._rules.get(name)
        try:
            wanted = checked(name, args)
        except CommandError as error:
            return Outcome(False, str(error))
        assert rule is not None, "every command of the wire has its rule"
        if self._waiting >= MOST_WAITING:
            return Outcome(False, "Too many commands are under way; try again in a moment.")
        self._waiting += 1
        try:
            if name == "service":
                outcome, word = await self._service(kiosk_id, wanted, rule)
            else:
                outcome, word = await self._done(kiosk_id, name, wanted, rule, on_sent)
        finally:
            self._waiting -= 1
        self._metrics.device_commands.labels(name, word).inc()
        event = events.KioskCommanded(
            kiosk_id=kiosk_id,
            at=self._clock.now(),
            name=name,
            by=by,
            ok=outcome.ok,
            detail=outcome.detail,
        )
        await self._bus.publish(events.EVENTS_TOPIC, event.model_dump(mode="json"))
        return outcome

    async def _service(
        self, kiosk_id: str, args: Mapping[str, Any], rule: Rule
    ) -> tuple[Outcome, str]:
        """Take a screen out of service or back; the servers keep that, connected or not."""
        try:
            told = await self._bus.command(service_target(kiosk_id), args, timeout_s=rule.within_s)
        except NoHandlerError:
            return Outcome(False, "No server looks after this screen."), "offline"
        except TimeoutError:
            return Outcome(False, "The server did not answer in time; try again."), "silent"
        if told.get("ok") is not True:
            return Outcome(False, str(told.get("detail", ""))[:200]), "refused"
        return Outcome(True, rule.done), "done"

    async def _done(
        self,
        kiosk_id: str,
        name: str,
        args: Mapping[str, Any],
        rule: Rule,
        on_sent: Callable[[], None] | None,
    ) -> tuple[Outcome, str]:
        command_id = new_id("command")
        answered: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()

        async def take(payload: Payload) -> Payload:
            # Only the screen that was asked may answer, and only once.
            if payload.get("kiosk_id") == kiosk_id and not answered.done():
                answered.set_result(payload)
            return {"ok": True}

        stop = self._bus.handle(command_target(command_id), take)
        try:
            order = {"id": command_id, "name": name, "args": args}
            target = device_target(kiosk_id)
            sent = await self._bus.command(target, order, timeout_s=DELIVER_S)
            if sent.get("ok") is not True:
                return Outcome(False, str(sent.get("detail", ""))[:200]), "refused"
            if on_sent is not None:
                on_sent()
            async with asyncio.timeout(rule.within_s):
                answer = await answered
        except NoHandlerError:
            text = "The screen is not connected; look whether it has power and network."
            return Outcome(False, text), "offline"
        except TimeoutError:
            text = "The screen did not answer in time; reload it, or look at it on the spot."
            return Outcome(False, text), "silent"
        finally:
            stop()
        if answer.get("ok") is not True:
            said = str(answer.get("detail", "")) or "no reason given"
            return Outcome(False, f"The screen could not: {said}."), "failed"
        if name == "screenshot" and not await self._shots.publish(
            kiosk_id, str(answer.get("image", ""))
        ):
            return Outcome(False, "The screen sent no picture; try again."), "failed"
        return Outcome(True, rule.done), "done"


COMMANDER = web.AppKey("commander", Commander)
