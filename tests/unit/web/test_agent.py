"""A screen's agent: reports reach the bus, not too often; commands the page; answers the asker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk import events
from kiosk.bus.base import NoHandlerError
from kiosk.bus.memory import MemoryBus
from kiosk.signaling import messages as m
from kiosk.telemetry import Metrics
from kiosk.testing import ManualClock
from kiosk.web.agent import DeviceAgent, command_target, device_target
from tests.unit.signaling.test_device import FACTS


class Socket:
    """A bus, an agent and what it sent to its page."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock)
        self.metrics = Metrics()
        self.sent: list[m.ServerMessage] = []
        self.agent = DeviceAgent(self.bus, self.clock, self.metrics, "lobby", self.sent.append)

    def figure(self, metric: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"kiosk_{metric}_total", labels) or 0


async def test_reports_are_told_and_a_flood_of_them_is_not() -> None:
    socket = Socket()
    report = m.Report.model_validate(FACTS)
    async with socket.bus.subscribe(events.EVENTS_TOPIC) as told:
        await socket.agent.report(report)
        await socket.agent.report(report)
        await socket.clock.advance(seconds=1.5)
        await socket.agent.report(report)
        got: list[dict[str, Any]] = []
        async with asyncio.timeout(20):
            async for payload in told:
                got.append(dict(payload))
                if len(got) == 2:
                    break
    assert [one["type"] for one in got] == ["kiosk_reported"] * 2
    assert got[0]["facts"]["volume"] == 80
    assert socket.figure("device_reports", outcome="too_fast") == 1


async def test_a_command_goes_to_the_newest_socket_and_a_strange_one_nowhere() -> None:
    socket = Socket()
    newer: list[m.ServerMessage] = []
    second = DeviceAgent(socket.bus, socket.clock, socket.metrics, "lobby", newer.append)
    socket.agent.listen()
    second.listen()
    order = {"id": "command_1", "name": "volume", "args": {"level": 30}}
    assert (await socket.bus.command(device_target("lobby"), order, timeout_s=1))["ok"] is True
    assert newer == [m.Command(id="command_1", name="volume", args={"level": 30})]
    wrong = order | {"name": "shell"}
    answer = await socket.bus.command(device_target("lobby"), wrong, timeout_s=1)
    assert answer["ok"] is False
    assert "no command" in answer["detail"]
    assert len(newer) == 1
    # The older socket closes late; the newer one stays.
    socket.agent.close()
    await socket.bus.command(device_target("lobby"), order, timeout_s=1)
    second.close()
    with pytest.raises(NoHandlerError):
        await socket.bus.command(device_target("lobby"), order, timeout_s=1)
    assert socket.sent == []


async def test_an_answer_finds_who_asked_and_a_late_one_is_counted() -> None:
    socket = Socket()
    got: list[Any] = []

    async def take(payload: Any) -> Any:
        got.append(payload)
        return {}

    stop = socket.bus.handle(command_target("command_1"), take)
    await socket.agent.done(m.CommandDone(id="command_1", ok=True, detail="done"))
    stop()
    await socket.agent.done(m.CommandDone(id="command_1", ok=True))
    assert got == [{"ok": True, "detail": "done", "image": "", "kiosk_id": "lobby"}]
    assert socket.figure("device_commands", name="unknown", outcome="late") == 1
