"""A natural voice for English and a light one for every other language, as one engine."""

from __future__ import annotations

from kiosk.emulator.speech.languages import base_language
from kiosk.emulator.speech.parts import PLAIN_STYLE, Speech, VoiceStyle
from kiosk.emulator.speech.voice_cache import Synthesizer


class NaturalSynthesizer:
    """Speaks English with `natural`, whatever the accent, and other languages with `light`."""

    def __init__(self, natural: Synthesizer, light: Synthesizer) -> None:
        self.name = f"{natural.name} (English), {light.name} (other languages)"
        self._natural = natural
        self._light = light

    def synthesize(self, text: str, style: VoiceStyle = PLAIN_STYLE) -> Speech:
        """Return one sentence spoken by the engine for its language."""
        is_english = base_language(style.locale or style.fallback) == "en"
        return (self._natural if is_english else self._light).synthesize(text, style)

    def close(self) -> None:
        """Release both engines."""
        self._natural.close()
        self._light.close()
