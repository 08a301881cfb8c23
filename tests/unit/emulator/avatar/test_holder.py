"""The avatar over a real peer connection: it answers, speaks, falls silent and says so."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from kiosk.emulator.scenario.scenario import Scenario
from tests.unit.emulator.emulating import (
    FACTS,
    Browser,
    Wire,
    answer_text,
    avatar_connected,
    connected,
    emulating,
    spoken,
)

LOUD = 200.0


async def speaking(wire: Wire, browser: Browser) -> str:
    """Let the avatar begin to speak, wait until it is heard, and return the response's id."""
    mark = len(wire.seen)
    await wire.type("When do you open?")
    await wire.send("response.create")
    event = await wire.since(mark, "session.avatar.switch_to_speaking")
    while await browser.loudness() < LOUD:
        pass
    return str(event["turn_id"])


async def silent_within(browser: Browser, frames: int) -> bool:
    """Return whether one of the next frames and the one after it are silent."""
    quiet = 0
    for _ in range(frames):
        quiet = quiet + 1 if await browser.loudness() < 1.0 else 0
        if quiet == 2:
            return True
    return False


async def test_it_speaks_over_the_peer_connection_alone() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(instructions=FACTS)
        async with avatar_connected(wire) as browser:
            turn = await speaking(wire, browser)
            done = await wire.since(0, "response.done")
            assert done["response"]["id"] == turn
            assert "ten to six" in answer_text(done["response"])
            idle = await wire.since(0, "session.avatar.switch_to_idle")
            assert idle["turn_id"] == turn
    kinds = wire.kinds()
    assert "response.audio.delta" not in kinds
    assert "response.audio_transcript.delta" in kinds
    assert kinds.index("response.done") < kinds.index("session.avatar.switch_to_idle")


async def test_audit_audio_comes_besides() -> None:
    async with (
        emulating() as emulator,
        connected(emulator) as wire,
        avatar_connected(wire, output_audit_audio=True),
    ):
        await wire.ask("Hello")
    assert "response.audio.delta" in wire.kinds()


async def test_a_clear_silences_it_at_once() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(instructions=FACTS)
        async with avatar_connected(wire) as browser:
            await speaking(wire, browser)
            await wire.since(0, "response.done")
            # Generation is over, so there is nothing to cancel, and still the avatar talks.
            await wire.send("response.cancel")
            assert (await wire.error())["code"] == "response_cancel_not_active"
            assert await browser.loudness() >= 0
            await wire.send("output_audio_buffer.clear")
            await wire.until("output_audio_buffer.cleared")
            # What is on its way: three packets and the receiver's jitter buffer.
            assert await silent_within(browser, 20)
            await wire.since(0, "session.avatar.switch_to_idle")


async def test_cancelling_does_not_silence_it() -> None:
    async with emulating(Scenario(generation_speed=1.5)) as emulator, connected(emulator) as wire:
        await wire.update(instructions=FACTS)
        async with avatar_connected(wire) as browser:
            await speaking(wire, browser)
            await wire.send("response.cancel")
            await wire.since(0, "response.done")
            heard = [await browser.loudness() for _ in range(15)]
            assert max(heard[5:]) > LOUD


async def test_speech_silences_it() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(instructions=FACTS)
        async with avatar_connected(wire) as browser:
            await speaking(wire, browser)
            await wire.hear(await spoken("Stop please.", after_ms=0))
            await wire.until("input_audio_buffer.speech_started")
            assert await silent_within(browser, 20)


async def test_speech_leaves_it_if_the_scenario_is_harsh() -> None:
    scenario = Scenario(generation_speed=1000, interruption_clears_avatar=False)
    async with emulating(scenario) as emulator, connected(emulator) as wire:
        await wire.update(instructions=FACTS)
        async with avatar_connected(wire) as browser:
            await speaking(wire, browser)
            await wire.hear(await spoken("Stop please.", after_ms=0))
            await wire.until("input_audio_buffer.speech_started")
            assert not await silent_within(browser, 15)


async def test_an_offer_without_h264() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar={"character": "lisa"})
        browser = Browser()
        offer = await browser.offer(h264=False)
        await wire.send("session.avatar.connect", client_sdp=offer, event_id="a1")
        error = await wire.error()
        await browser.connection.close()
    assert error == {
        "type": "server_error",
        "code": "avatar_service_internal_error",
        "message": "WebRTC SDP negotiation failed: peer connect created failure: "
        "Failed to set remote video description send parameters",
        "param": None,
        "event_id": "a1",
    }


@pytest.mark.parametrize("sdp", ["", "nonsense", "v=0\r\nm=video", "v=0\r\n" * 20_000])
async def test_an_offer_that_is_no_sdp(sdp: str) -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar={"character": "lisa"})
        text = base64.b64encode(json.dumps({"type": "offer", "sdp": sdp}).encode()).decode()
        await wire.send("session.avatar.connect", client_sdp=text)
        assert (await wire.error())["code"] == "avatar_service_internal_error"


async def test_no_avatar_was_configured() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.send("session.avatar.connect", client_sdp="e30=")
        assert (await wire.error())["param"] == "session.avatar"
        await wire.send("output_audio_buffer.clear")
        assert (await wire.error())["code"] == "avatar_not_configured"


async def test_speech_before_the_avatar_is_lost_and_said_to_be() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar={"character": "lisa"})
        await wire.ask("Hello")
        warning = next(e for e in wire.seen if e["type"] == "warning")
        assert warning["warning"]["code"] == "avatar_not_connected"
        assert "response.audio.delta" not in wire.kinds()


@pytest.mark.parametrize("what", ["replace", "refuse"])
async def test_a_second_connect(what: str) -> None:
    scenario = Scenario.model_validate({"second_avatar_connect": what})
    async with (
        emulating(scenario) as emulator,
        connected(emulator) as wire,
        avatar_connected(wire),
    ):
        browser = Browser()
        await wire.send("session.avatar.connect", client_sdp=await browser.offer())
        if what == "refuse":
            assert (await wire.error())["code"] == "avatar_already_connected"
        else:
            await browser.take((await wire.until("session.avatar.connecting"))["server_sdp"])
            async with asyncio.timeout(10):
                await browser.tracks["video"].recv()
        await browser.connection.close()


async def test_taking_the_avatar_away_closes_it() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        async with avatar_connected(wire):
            await wire.update(avatar=None)
            await wire.ask("Hello")
        assert "response.audio.delta" in wire.kinds()
