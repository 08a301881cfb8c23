"""The avatar over a real peer connection: it answers, speaks, falls silent and says so."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from kiosk.emulator.avatar.stream_mux import FRAGMENT_MS
from kiosk.emulator.scenario.scenario import Scenario
from tests import fmp4
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
            assert await silent_within(browser, 60)
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
            assert await silent_within(browser, 60)


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


# Over the WebSocket

STREAMED: dict[str, Any] = {
    "character": "lisa",
    "output_protocol": "websocket",
    "video": {"resolution": {"width": 320, "height": 180}},
}


async def video(wire: Wire, seconds: float) -> bytes:
    """Return everything streamed so far, once that is so many seconds of fragments."""
    while True:
        deltas = [event for event in wire.seen if event["type"] == "response.video.delta"]
        data = b"".join(base64.b64decode(event["delta"]) for event in deltas)
        if fmp4.kinds(data).count("moof") * FRAGMENT_MS / 1000 >= seconds:
            return data
        await wire.until("response.video.delta")


async def test_a_stream_begins_behind_session_updated_without_an_offer() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar=STREAMED)
        assert "response.video.delta" not in wire.kinds()
        data = await video(wire, 1.0)
    assert fmp4.kinds(data)[:4] == ["ftyp", "moov", "moof", "mdat"]
    deltas = [event for event in wire.seen if event["type"] == "response.video.delta"]
    assert {(event["codec"], event["output_index"]) for event in deltas} == {("h264", 0)}
    assert max(len(event["delta"]) for event in deltas) <= 24_576
    assert fmp4.decoded(data).size == (320, 180)


async def test_a_stream_speaks_with_all_the_events_of_an_avatar() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar=STREAMED, instructions=FACTS)
        done = await wire.ask("When do you open?")
        assert "ten to six" in answer_text(done)
        speaking = await wire.since(0, "session.avatar.switch_to_speaking")
        idle = await wire.since(0, "session.avatar.switch_to_idle")
        assert speaking["turn_id"] == idle["turn_id"] == done["id"]
        played = len([e for e in wire.seen if e["type"] == "response.video.delta"])
        await wire.send("session.update", session={"instructions": "x"})
        data = await video(wire, 1.0)
    assert played > 3
    assert "response.audio.delta" not in wire.kinds()
    assert "response.audio_transcript.delta" in wire.kinds()
    assert len(fmp4.runs(data)) == 1
    media = fmp4.decoded(data)
    assert media.loudness(0, media.sound_seconds) > 0.01


async def test_audit_audio_comes_besides_a_stream() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar={**STREAMED, "output_audit_audio": True})
        await wire.ask("Hello")
    assert "response.audio.delta" in wire.kinds()


async def test_a_clear_silences_a_stream_within_a_fragment() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar=STREAMED, instructions=FACTS)
        await wire.ask("When do you open?")
        await wire.since(0, "session.avatar.switch_to_speaking")
        sent = fmp4.decoded(await video(wire, 0.8)).times[-1]
        await wire.send("output_audio_buffer.clear")
        await wire.until("output_audio_buffer.cleared")
        await wire.since(0, "session.avatar.switch_to_idle")
        media = fmp4.decoded(await video(wire, sent + 1.5))
    # The fragment that was under way when the clear arrived, and the one it was sent behind.
    assert media.loudness(sent + 0.04 + 2.5 * FRAGMENT_MS / 1000, media.times[-1]) < 0.002


async def test_speech_interrupts_a_stream() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(
            avatar=STREAMED,
            instructions=FACTS,
            turn_detection={
                "type": "azure_semantic_vad",
                "interrupt_response": True,
                "auto_truncate": True,
            },
        )
        item = (await wire.ask("When do you open?"))["output"][0]
        await wire.since(0, "session.avatar.switch_to_speaking")
        await wire.hear(await spoken("Stop please.", after_ms=0))
        truncated = await wire.until("conversation.item.truncated")
        assert truncated["item_id"] == item["id"]
        await wire.since(0, "session.avatar.switch_to_idle")


async def test_an_offer_for_a_stream_is_refused() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar=STREAMED)
        await wire.send("session.avatar.connect", client_sdp="e30=", event_id="a1")
        error = await wire.error()
    assert error["code"] == "avatar_over_websocket"
    assert error["param"] == "session.avatar.output_protocol"
    assert error["event_id"] == "a1"


async def test_an_update_of_the_avatar_begins_a_new_run_and_null_ends_it() -> None:
    smaller = {**STREAMED, "video": {"resolution": {"width": 160, "height": 90}}}
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar=STREAMED)
        await video(wire, 0.6)
        await wire.update(avatar=smaller)
        data = await video(wire, 1.0)
        while len(fmp4.runs(data)) < 2:
            await wire.until("response.video.delta")
            data = await video(wire, 1.0)
        data = await video(wire, fmp4.kinds(data).count("moof") * 0.2 + 0.6)
        sizes = [fmp4.decoded(run).size for run in fmp4.runs(data)]
        assert sizes == [(320, 180), (160, 90)]
        await wire.update(avatar=None)
        mark = len(wire.seen)
        await wire.ask("Hello")
        assert "response.video.delta" not in wire.kinds()[mark:]
        assert "response.audio.delta" in wire.kinds()[mark:]


async def test_from_one_protocol_to_the_other_and_back() -> None:
    async with emulating() as emulator, connected(emulator) as wire:
        async with avatar_connected(wire):
            await wire.update(avatar=STREAMED)
            await video(wire, 0.4)
        async with avatar_connected(wire, output_protocol="webrtc") as browser:
            mark = len(wire.seen)
            await speaking(wire, browser)
            assert "response.video.delta" not in wire.kinds()[mark:]


async def test_a_background_that_is_not_there_is_told_and_can_be_mended(
    unused_tcp_port: int,
) -> None:
    missing = {"image_url": f"http://127.0.0.1:{unused_tcp_port}/sea.png"}
    size = STREAMED["video"]
    async with emulating() as emulator, connected(emulator) as wire:
        await wire.update(avatar={**STREAMED, "video": {**size, "background": missing}})
        error = await wire.error()
        assert error["code"] == "invalid_argument"
        assert error["param"] == "session.avatar.video.background.image_url"
        assert "response.video.delta" not in wire.kinds()
        await wire.update(avatar=STREAMED)
        await video(wire, 0.4)
