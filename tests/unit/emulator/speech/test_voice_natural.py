"""English goes to the natural engine, every other language to the light one."""

from __future__ import annotations

import pytest

from kiosk.emulator.speech.parts import PLAIN_STYLE, Speech, VoiceStyle
from kiosk.emulator.speech.voice_natural import NaturalSynthesizer


class Engine:
    """An engine that only says who it is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False

    def synthesize(self, text: str, style: VoiceStyle = PLAIN_STYLE) -> Speech:
        return Speech(self.name, b"")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("style", "speaker"),
    [
        (VoiceStyle(), "natural"),
        (VoiceStyle(locale="en-GB"), "natural"),
        (VoiceStyle(locale="de-DE"), "light"),
        (VoiceStyle(locale="fr-FR", fallback="en-US"), "light"),
        (VoiceStyle(fallback="es-ES"), "light"),
    ],
)
def test_who_speaks(style: VoiceStyle, speaker: str) -> None:
    both = NaturalSynthesizer(Engine("natural"), Engine("light"))
    assert both.synthesize("x", style).text == speaker


def test_both_are_named_and_closed() -> None:
    natural, light = Engine("piper"), Engine("espeak-ng")
    both = NaturalSynthesizer(natural, light)
    assert both.name == "piper (English), espeak-ng (other languages)"
    both.close()
    assert natural.closed
    assert light.closed
