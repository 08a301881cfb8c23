"""Whatever format a session uses, a tone sent comes out as that tone."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.emulator.hearing.audio import (
    OUTPUT_RATES,
    InputDecoder,
    InputStream,
    encode_output,
    is_silent,
)
from kiosk.emulator.speech.parts import SAMPLE_RATE


def tone(hertz: float, seconds: float = 1.0) -> bytes:
    time = np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    return (np.sin(2 * np.pi * hertz * time) * 8000).astype("<i2").tobytes()


def error(one: bytes, other: bytes) -> float:
    """Root mean square of the difference, leaving out the edges, relative to the tone's."""
    a = np.frombuffer(one, "<i2").astype(float)[: len(other) // 2]
    b = np.frombuffer(other, "<i2").astype(float)
    edge = 400
    return float(np.sqrt(np.mean((a - b)[edge:-edge] ** 2)) / (8000 / np.sqrt(2)))


@pytest.mark.parametrize("sound", sorted(OUTPUT_RATES))
def test_out_and_in_again(sound: str) -> None:
    sent = tone(440)
    encoded = encode_output(sent, sound)
    width = 1 if sound.startswith("g711") else 2
    assert len(encoded) == OUTPUT_RATES[sound] * width
    decoder = InputDecoder(sound if width == 1 else "pcm16", OUTPUT_RATES[sound])
    # Pieces of an odd length: samples are cut in two, resampling goes across the seams.
    heard = b"".join(decoder.feed(encoded[i : i + 321]) for i in range(0, len(encoded), 321))
    assert len(heard) > 0.98 * len(sent)
    assert error(sent, heard) < 0.02


def test_24_khz_passes_through() -> None:
    decoder = InputDecoder("pcm16", SAMPLE_RATE)
    sent = tone(200, 0.1)
    assert decoder.feed(sent[:101]) + decoder.feed(sent[101:]) == sent


def test_g711_has_the_known_values() -> None:
    """ITU-T G.711: silence, the loudest and the sign of both laws."""

    def sample(code: int, law: str) -> int:
        # 8 kHz to 24 kHz: the middle of a constant stretch is that constant.
        pcm = InputDecoder(law, 8_000).feed(bytes([code]) * 400)
        return round(float(np.frombuffer(pcm, "<i2")[500:700].mean()))

    assert sample(0xFF, "g711_ulaw") == 0
    assert abs(sample(0x80, "g711_ulaw") - 32_124) < 40
    assert abs(sample(0x00, "g711_ulaw") + 32_124) < 40
    assert abs(sample(0xD5, "g711_alaw") - 8) < 3
    assert abs(sample(0xAA, "g711_alaw") - 32_256) < 40
    assert abs(sample(0x2A, "g711_alaw") + 32_256) < 40


def test_stereo_is_the_microphone_without_its_reference() -> None:
    """The second channel is gone, and so is what it plays; pieces may cut a sample in two."""
    voice = np.frombuffer(tone(440), "<i2")
    music = np.frombuffer(tone(1_000), "<i2")
    both = np.stack([voice // 2, np.zeros_like(voice)], axis=1)
    echo = np.stack([music // 2, music], axis=1)
    for stereo, loud in ((both, True), (echo, False)):
        stream = InputStream("pcm16", SAMPLE_RATE, 2)
        data = stereo.astype("<i2").tobytes()
        heard = b"".join(stream.feed(data[i : i + 1_001]) for i in range(0, len(data), 1_001))
        level = int(np.abs(np.frombuffer(heard, "<i2")[SAMPLE_RATE // 2 :].astype(int)).max())
        assert (level > 3_500) is loud
        assert (level < 300) is not loud


@pytest.mark.parametrize(
    ("sound", "rate", "channels", "direct", "bytes_per_second"),
    [
        ("pcm16", 24_000, 1, True, 48_000),
        ("pcm16", 8_000, 1, False, 16_000),
        ("pcm16", 16_000, 2, False, 64_000),
        ("g711_alaw", 8_000, 1, False, 8_000),
    ],
)
def test_a_stream_knows_its_cost(
    sound: str, rate: int, channels: int, direct: bool, bytes_per_second: int
) -> None:
    stream = InputStream(sound, rate, channels)
    assert (stream.direct, stream.bytes_per_second) == (direct, bytes_per_second)


def test_silence_is_known() -> None:
    assert is_silent(b"")
    assert is_silent(bytes(4_000))
    assert not is_silent(tone(440, 0.1))
