"""The SDK receives the avatar over the WebSocket: what it gets decodes, and says what was said."""

from __future__ import annotations

import base64
import logging

import numpy as np
from azure.ai.voicelive import models as sdk

from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE
from tests import fmp4
from tests.av_sync import loud_stretches
from tests.contract.talking import Client, Kind, said, talking
from tests.unit.emulator.emulating import FACTS

log = logging.getLogger(__name__)

WORDS = "a ticket costs twelve euros children under twelve come in free"

AVATAR = sdk.AvatarConfig(
    character="lisa",
    style="casual-sitting",
    customized=False,
    output_protocol=sdk.AvatarOutputProtocol.WEBSOCKET,
    video=sdk.VideoParams(resolution=sdk.VideoResolution(width=640, height=360)),
)


def received(client: Client) -> bytes:
    """Return the stream so far."""
    deltas = [e for e in client.seen if isinstance(e, sdk.ServerEventResponseVideoDelta)]
    assert {event.codec for event in deltas} == {"h264"}
    return b"".join(base64.b64decode(event.delta) for event in deltas)


async def test_the_stream_holds_what_is_said(engines: Engines) -> None:
    async with talking(engines) as client:
        session = await client.update(avatar=AVATAR, instructions=FACTS)
        assert session.avatar.output_protocol == sdk.AvatarOutputProtocol.WEBSOCKET
        (answer,) = said(await client.ask("How much is a ticket?"))
        await client.until(Kind.SESSION_AVATAR_SWITCH_TO_IDLE)
        # The event is ahead of the sound by what a player has in hand.
        fragments = fmp4.kinds(received(client)).count("moof") + 5
        while fmp4.kinds(data := received(client)).count("moof") < fragments:
            await client.until(Kind.RESPONSE_VIDEO_DELTA)
    media = fmp4.decoded(data)
    heard = await heard_words(engines, media)
    log.info(
        "%d bytes in %d events: %d pictures of %s, %.2f s of sound at %d Hz; said %r, heard %r",
        len(data),
        client.kinds().count("response.video.delta"),
        len(media.pictures),
        media.size,
        media.sound_seconds,
        media.rate,
        answer,
        heard,
    )
    assert media.size == (640, 360)
    assert media.rate == SAMPLE_RATE
    assert np.allclose(np.diff(media.times), 0.04, atol=1e-4)
    assert np.all(np.diff([at for at, _ in media.sound]) > 0)
    assert abs(media.sound_seconds - media.times[-1] - 0.04) < 0.15
    assert "response.audio.delta" not in client.kinds()
    assert answer.startswith("A ticket costs twelve euros")
    assert heard.lower() == WORDS


async def heard_words(engines: Engines, media: fmp4.Media) -> str:
    """Return the words that the emulator's own ears make out in the sound."""
    whole = np.concatenate([samples for _, samples in media.sound])
    stretches = loud_stretches(media.sound, media.rate)
    begin, end = stretches[0][0] - 0.3, stretches[-1][1] + 0.3
    part = whole[max(0, int(begin * media.rate)) : int(end * media.rate)]
    pcm = (np.clip(part, -1, 1) * 32767).astype("<i2").tobytes()
    return await engines.ears.transcribe(pcm, phrases=(WORDS, "the museum is open all day"))
