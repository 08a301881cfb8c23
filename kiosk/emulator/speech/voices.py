"""A session's `voice`, as the wire has it, turned into what the emulator's engines can speak."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from kiosk.emulator.speech.languages import base_language
from kiosk.emulator.speech.parts import VoiceStyle
from kiosk.emulator.speech.voice_names import Gender, gender_of

UNSPOKEN = frozenset({"fil", "gl", "iu", "jv", "km", "lo", "mn", "ps", "so", "su", "wuu", "zu"})
"""Languages that Azure has voices for and espeak-ng has not; they are spoken as English."""

# Named values and ranges: Azure Speech documentation, "Customize voice and sound with SSML",
# adjust prosody. Volume is a share of what an engine gives, which is the service's default of 100.
_RATES = {"x-slow": 0.5, "slow": 0.64, "medium": 1.0, "fast": 1.55, "x-fast": 2.0, "default": 1.0}
_PITCHES = {
    "x-low": 0.55,
    "low": 0.8,
    "medium": 1.0,
    "high": 1.2,
    "x-high": 1.45,
    "default": 1.0,
}
_VOLUMES = {
    "silent": 0.0,
    "x-soft": 0.2,
    "soft": 0.4,
    "medium": 0.6,
    "loud": 0.8,
    "x-loud": 1.0,
    "default": 1.0,
}
_RATE_RANGE = (0.5, 2.0)
_PITCH_RANGE = (0.5, 1.5)
_VOLUME_RANGE = (0.0, 1.0)

_USUAL_HZ: dict[Gender, float] = {"female": 190.0, "male": 110.0, "": 110.0}
"""What an absolute or relative pitch in Hz is measured against."""

_NUMBER = re.compile(r"([+-]?)(\d+(?:\.\d+)?)(%|hz|st)?$", re.IGNORECASE)
_NAME = re.compile(
    r"(?P<locale>[a-z]{2,3}-(?:[a-z]{4}-)?[a-z]{2}(?:-[a-z]+)?)-(?P<first>[a-z]+?)\d?"
    r"(?:turbo|multilingual|indic|dialects|v2|v3)*(?:neural)?(?::.*)?$",
    re.IGNORECASE,
)
_MULTILINGUAL = re.compile("multilingual|dragonhd", re.IGNORECASE)
_VARIANTS = 3


def voice_style(voice: Any, language: str = "") -> VoiceStyle:
    """Return how to speak for a session's `voice`: a name or one of the SDK's voice objects.

    `language` is what the text is likely to be in. An azure-standard name tells locale and gender
    ("de-DE-KatjaNeural"); custom, personal and avatar voices tell only what their names do. With
    `locale` every sentence is spoken in it; else in its own language (SDK model).
    """
    data: Mapping[str, Any] = {"name": voice} if isinstance(voice, str) else (voice or {})
    name = str(data.get("name") or "")
    known = _NAME.match(name)
    own_locale = known["locale"] if known else ""
    gender = gender_of(known["first"] if known else re.split(r"[^A-Za-z]", name, maxsplit=1)[0])
    accents = tuple(str(locale) for locale in data.get("prefer_locales") or ())
    return VoiceStyle(
        locale=str(data.get("locale") or ""),
        fallback=language or own_locale or "en-US",
        accents=(*accents, *((own_locale,) if own_locale else ())),
        gender=gender,
        variant=crc32(name.lower().encode()) % _VARIANTS if gender else 0,
        rate=_within(_rate(data.get("rate")), _RATE_RANGE),
        pitch=_within(_pitch(data.get("pitch"), gender), _PITCH_RANGE),
        volume=_within(_volume(data.get("volume")), _VOLUME_RANGE),
    )


def voice_locale(voice: Any) -> str:
    """Return the locale that a voice is for, "" when it speaks any language (OpenAI's do)."""
    data: Mapping[str, Any] = {"name": voice} if isinstance(voice, str) else (voice or {})
    known = _NAME.match(str(data.get("name") or ""))
    return str(data.get("locale") or "") or (known["locale"] if known else "")


def session_language(values: Mapping[str, Any]) -> str:
    """Return the language a session is set to, ISO 639-1, or "" when it may be any.

    `transcription.language` says what the visitor speaks if it names one; then the voice's locale,
    unless the voice is multilingual.
    """
    heard = str((values.get("input_audio_transcription") or {}).get("language") or "")
    if heard and "," not in heard and heard != "auto":
        return base_language(heard)
    voice = values.get("voice")
    name = str(voice.get("name") or "") if isinstance(voice, Mapping) else ""
    locale = voice_locale(voice)
    enforced = isinstance(voice, Mapping) and voice.get("locale")
    if locale and (enforced or not _MULTILINGUAL.search(name)):
        return base_language(locale)
    return ""


def locale_of(text_language: str, style: VoiceStyle) -> str:
    """Return the locale to speak a sentence in; `text_language` is "" when it does not show."""
    if style.locale:
        return style.locale
    language = text_language or base_language(style.fallback)
    for accent in (*style.accents, style.fallback):
        if base_language(accent) == language:
            return accent
    # The accents that the SDK's docstring of `prefer_locales` calls default.
    return {"en": "en-US", "es": "es-MX"}.get(language, language)


def not_emulated(voice: Any) -> list[tuple[str, str]]:
    """Return (parameter, what it is) of a voice's settings that no engine here can follow.

    `temperature` is not among them: it varies the service's delivery, which nobody can hear here.
    """
    if not isinstance(voice, Mapping):
        return []
    found = []
    for name, what in (
        ("style", "a speaking style"),
        ("custom_lexicon_url", "a custom lexicon"),
        ("custom_text_normalization_url", "custom text normalization"),
    ):
        if voice.get(name):
            found.append((f"session.voice.{name}", what))
    if voice.get("type") in ("azure-custom", "azure-personal", "avatar-voice-sync"):
        found.append(("session.voice", "a voice of one's own (a standard voice speaks)"))
    elif base_language(voice_locale(voice)) in UNSPOKEN:
        found.append(("session.voice", "this language (English is spoken)"))
    return found


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])


def _rate(value: Any) -> float:
    """Return the rate of "fast", "+20%" or "1.5"; what cannot be read changes nothing."""
    text = str(value or "").strip().lower()
    number = _NUMBER.match(text)
    if number is None or number[3] in ("hz", "st"):
        return _RATES.get(text, 1.0)
    amount = float(number[2])
    if number[3] == "%":
        return 1.0 + (-amount if number[1] == "-" else amount) / 100
    return amount


def _pitch(value: Any, gender: Gender) -> float:
    """Return the pitch of "high", "-5%", "+50Hz", "-2st" or "200Hz"."""
    text = str(value or "").strip().lower()
    number = _NUMBER.match(text)
    if number is None or number[3] is None:
        return _PITCHES.get(text, 1.0)
    amount = -float(number[2]) if number[1] == "-" else float(number[2])
    if number[3] == "%":
        return 1.0 + amount / 100
    if number[3] == "st":
        return float(2.0 ** (amount / 12))
    usual = _USUAL_HZ[gender]
    return (usual + amount if number[1] else amount) / usual


def _volume(value: Any) -> float:
    """Return the volume of "soft", "80", "-10" or "+10%"; 100 is the usual."""
    if value is None:
        return 1.0
    text = str(value).strip().lower()
    number = _NUMBER.match(text)
    if number is None or number[3] in ("hz", "st"):
        return _VOLUMES.get(text, 1.0)
    amount = float(number[2]) / 100
    if number[1]:
        return 1.0 + (-amount if number[1] == "-" else amount)
    return amount
