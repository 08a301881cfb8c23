"""Commands to screens: done, refused, too late or to nobody, each in a sentence; all bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from kiosk import events
from kiosk.bus.memory import MemoryBus
from kiosk.signaling.device import ARGS
from kiosk.telemetry import Metrics
from kiosk.testing import ManualClock
from kiosk.web.agent import command_target, device_target
from kiosk.web.commander import MOST_WAITING, RULES, Commander, Outcome, Rule
from kiosk.web.shots import Shots
from tests.unit.web.test_shots import JPEG

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


class Site:
    """A bus with one screen, which answers as it is told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock)
        self.shots = Shots(self.bus, self.clock)
        self.metrics = Metrics()
        self.commander = Commander(self.bus, self.clock, self.metrics, self.shots)
        self.heard: list[Mapping[str, Any]] = []

    def screen(self, answer: Answer, *, kiosk_id: str = "lobby") -> None:
        """Answer every command, before the sender even waits."""

        async def take(payload: Mapping[str, Any]) -> Mapping[str, Any]:
            self.heard.append(payload)
            said = answer(payload)
            if said is not None:
                await self.bus.command(
                    command_target(payload["id"]), {"kiosk_id": kiosk_id, **said}, timeout_s=1
                )
            return {"ok": True}

        self.bus.handle(device_target("lobby"), take)

    async def issue(self, name: str, **args: Any) -> Outcome:
        return await self.commander.issue("lobby", name, args, "anna")


def test_every_command_has_a_rule_and_every_rule_a_command() -> None:
    assert RULES.keys() == ARGS.keys()
    assert all(rule.done.endswith(".") and rule.within_s > 0 for rule in RULES.values())


async def test_a_command_is_done_and_everybody_hears_of_it() -> None:
    site = Site()
    site.screen(lambda _: {"ok": True})
    async with site.bus.subscribe(events.EVENTS_TOPIC) as told:
        outcome = await site.issue("volume", level="40")
        event = await anext(aiter(told))
    assert outcome == Outcome(True, "The volume is set.")
    assert site.heard[0]["args"] == {"level": 40}
    assert (event["type"], event["name"], event["by"], event["ok"]) == (
        "kiosk_commanded", "volume", "anna", True,
    )  # fmt: skip


async def test_what_does_not_fit_is_not_sent() -> None:
    site = Site()
    site.screen(lambda _: {"ok": True})
    for outcome in (await site.issue("volume", level=400), await site.issue("format_disk")):
        assert not outcome.ok
    assert site.heard == []


async def test_nobody_is_there() -> None:
    outcome = await Site().issue("identify")
    assert not outcome.ok
    assert "not connected" in outcome.detail


async def test_the_screen_says_no_or_sends_no_picture() -> None:
    site = Site()
    site.screen(lambda _: {"ok": False, "detail": "nobody visits now"})
    assert (await site.issue("restart_visit")).detail == "The screen could not: nobody visits now."
    site.screen(lambda _: {"ok": True, "image": "AAAA"})
    assert not (await site.issue("screenshot")).ok
    site.screen(lambda _: {"ok": True, "image": JPEG})
    assert (await site.issue("screenshot")).ok
    assert site.shots.get("lobby") is not None


async def test_another_screen_cannot_answer_and_silence_has_an_end() -> None:
    site = Site()
    quick = {"mute": Rule(RULES["mute"].access, 0.05, "Done.")}
    site.commander = Commander(site.bus, site.clock, site.metrics, site.shots, rules=quick)
    site.screen(lambda _: {"ok": True}, kiosk_id="west")
    outcome = await site.issue("mute", muted=True)
    assert not outcome.ok
    assert "did not answer in time" in outcome.detail


async def test_not_more_than_so_many_wait() -> None:
    site = Site()
    site.screen(lambda _: None)
    waiting = [
        asyncio.create_task(site.issue("identify"))  # noqa: TID251 - cancelled below
        for _ in range(MOST_WAITING)
    ]
    async with asyncio.timeout(20):
        while len(site.heard) < MOST_WAITING:
            await asyncio.wait(waiting, timeout=0.01)
        assert "Too many" in (await site.issue("identify")).detail
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
