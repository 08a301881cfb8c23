"""wake_sensor: a sensor's post wakes its screen, nobody else's does, a visit is not disturbed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.errors import StartupError
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, ManualClock
from kiosk.testing.visit import Visit
from plugins import wake_sensor

KEY = "a-key-of-sixteen-and-more"
SETTINGS = {"plugins": {"wake_sensor": {"keys": {"lobby": KEY}, "every_s": 2}}}


def has(kind: str) -> Callable[[Visit], bool]:
    return lambda visit: any(message["type"] == kind for message in visit.messages)


async def post(
    kiosk: KioskHarness, key: str | None = KEY, screen: str = "lobby"
) -> tuple[int, Any]:
    headers = {"X-Sensor-Key": key} if key is not None else {}
    async with kiosk.http.post(f"{kiosk.url}/-/wake_sensor/{screen}", headers=headers) as answer:
        return answer.status, await answer.json()


async def test_a_sensor_wakes_its_own_screen_and_disturbs_no_visit(kiosk_harness: Any) -> None:
    clock = ManualClock()
    kiosk = await kiosk_harness(
        plugins={"wake_sensor": wake_sensor}, settings=SETTINGS, clock=clock
    )
    assert await post(kiosk) == (
        202,
        {"woken": False, "why": "the screen is not connected or has a visitor"},
    )
    await clock.advance(seconds=3)

    screen = await kiosk.connect(media=False)
    await screen.until(has("welcome"), "welcome")
    assert await post(kiosk) == (202, {"woken": True})
    await screen.until(has("wake"), "wake")
    assert await post(kiosk) == (202, {"woken": False, "why": "too soon"})

    await clock.advance(seconds=3)
    await screen.send(m.Start())
    await screen.until(lambda visit: bool(visit.id), "visit")
    status, answer = await post(kiosk)
    assert (status, answer["woken"]) == (202, False)


@pytest.mark.parametrize(
    ("key", "screen"),
    [(None, "lobby"), ("", "lobby"), ("wrong", "lobby"), (KEY, "desk"), ("", "desk")],
)
async def test_whoever_has_no_key_wakes_nothing(
    kiosk_harness: Any, key: str | None, screen: str
) -> None:
    kiosk = await kiosk_harness(plugins={"wake_sensor": wake_sensor}, settings=SETTINGS)
    status, answer = await post(kiosk, key, screen)
    assert status == 403
    assert "x-sensor-key" in answer["error"]


async def test_without_keys_there_is_no_address(kiosk_harness: Any) -> None:
    kiosk = await kiosk_harness(plugins={"wake_sensor": wake_sensor})
    async with kiosk.http.post(f"{kiosk.url}/-/wake_sensor/lobby") as answer:
        assert answer.status == 404


async def test_a_short_key_stops_the_start_and_is_not_quoted(kiosk_harness: Any) -> None:
    short = {"plugins": {"wake_sensor": {"keys": {"lobby": "hunter2"}}}}
    with pytest.raises(StartupError, match="too short") as caught:
        await asyncio.wait_for(
            kiosk_harness(plugins={"wake_sensor": wake_sensor}, settings=short), 20
        )
    assert "hunter2" not in str(caught.value)
