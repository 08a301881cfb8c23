"""The avatar's events: refused without one, counted over either way, ended with the session."""

from __future__ import annotations

import base64
import json

from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import Service
from tests.unit.emulator.emulating import avatar_connected, connected, emulating

COUNTED = Scenario(service=Service(concurrent_avatars=9), generation_speed=1000)
SIZE = {"resolution": {"width": 320, "height": 180}}


async def test_without_an_avatar_there_is_nothing_to_connect_or_clear() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.send("session.avatar.connect", client_sdp="e30=", event_id="e1")
        error = await wire.error()
        assert (error["code"], error["event_id"]) == ("avatar_not_configured", "e1")
        await wire.send("output_audio_buffer.clear", event_id="e2")
        error = await wire.error()
        assert (error["code"], error["event_id"]) == ("avatar_not_configured", "e2")


async def test_an_offer_that_fails_gives_its_place_back() -> None:
    offer = base64.b64encode(json.dumps({"type": "offer", "sdp": "v=0\r\n"}).encode()).decode()
    async with emulating(COUNTED) as emulator, connected(emulator) as wire:
        await wire.update(avatar={"character": "lisa", "video": SIZE})
        await wire.send("session.avatar.connect", client_sdp=offer)
        await wire.error()
        assert emulator.quotas.as_json()["avatars"]["used"] == 0


async def test_a_place_is_free_when_the_avatar_is_taken_away_and_when_the_session_ends() -> None:
    async with emulating(COUNTED) as emulator:
        async with connected(emulator) as wire:
            async with avatar_connected(wire):
                assert emulator.quotas.as_json()["avatars"]["used"] == 1
                await wire.update(avatar=None)
                assert emulator.quotas.as_json()["avatars"]["used"] == 0
            await wire.update(
                avatar={"character": "lisa", "video": SIZE, "output_protocol": "websocket"}
            )
            await wire.until("response.video.delta")
            assert emulator.quotas.as_json()["avatars"]["used"] == 1
        await emulator.sessions.all_ended()
        assert emulator.quotas.as_json()["avatars"]["used"] == 0


async def test_another_scene_is_not_another_avatar() -> None:
    scenario = Scenario(service=Service(avatar_starts_per_minute=1), generation_speed=1000)
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        avatar = {"character": "lisa", "video": SIZE, "output_protocol": "websocket"}
        await wire.update(avatar=avatar)
        await wire.until("response.video.delta")
        await wire.update(avatar={**avatar, "output_audit_audio": True})
        await wire.ask("Hello")
        assert "error" not in wire.kinds()
