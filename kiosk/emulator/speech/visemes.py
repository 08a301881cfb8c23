"""Phonemes in IPA to Azure's 22 viseme ids.

Source: "Get facial position with viseme", Azure Speech documentation, table of viseme ids. Sounds
that the table does not have go with those that look alike.
"""

# ruff: noqa: RUF001 - letters of the phonetic alphabet are what this module is about

from __future__ import annotations

import unicodedata

from kiosk.emulator.speech.parts import MouthMark

SILENCE = 0
CLOSED_LIPS = 21

MIN_PAUSE_MS = 120
"""A pause between words shorter than this does not close the mouth; people do not either."""

MIN_SHAPE_MS = 45
"""A mouth shape shorter than this is not visible at 25 pictures a second and would flicker."""

_DIPHTHONGS = {
    "aʊ": 9,
    "ɔɪ": 10,
    "aɪ": 11,
    "tʃ": 16,
    "dʒ": 16,
    "oʊ": 8,
    "əʊ": 8,
    "eɪ": 4,
}

_SINGLE = {
    **dict.fromkeys("æəʌaɐɤ", 1),
    **dict.fromkeys("ɑɒ", 2),
    "ɔ": 3,
    **dict.fromkeys("ɛʊe", 4),
    **dict.fromkeys("ɝɚɜ", 5),
    **dict.fromkeys("jiɪᵻɨɯ", 6),
    # German ü and French u: the lips are rounded, whatever the tongue does.
    **dict.fromkeys("wuʉyʏɥ", 7),
    **dict.fromkeys("oøœ", 8),
    **dict.fromkeys("hɦxçχ", 12),
    **dict.fromkeys("ɹrʁɾ", 13),
    **dict.fromkeys("lɫʎɭ", 14),
    **dict.fromkeys("sz", 15),
    **dict.fromkeys("ʃʒɕʑʂʐ", 16),
    "ð": 17,
    **dict.fromkeys("fvʋ", 18),
    **dict.fromkeys("dtnθɲ", 19),
    **dict.fromkeys("kgɡŋqʔɣɟc", 20),
    **dict.fromkeys("pbmβ", 21),
}
# Between vowels American English writes its tapped t as this sign; the tongue does what a t does.
_SINGLE["ɾ"] = 19

_MODIFIERS = frozenset("ˈˌːˑ̩̯̃ʲʰʷ‿͡|.,;:!?'-_^$\"()")


def viseme_of(phoneme: str) -> int | None:
    """Return the viseme of one IPA phoneme, SILENCE for a pause, None for a stress mark alone."""
    stripped = phoneme.strip()
    if not stripped:
        return SILENCE
    if stripped in _DIPHTHONGS:
        return _DIPHTHONGS[stripped]
    core = "".join(char for char in unicodedata.normalize("NFD", stripped) if _is_letter(char))
    if not core:
        return SILENCE if any(char in ".,;:!?^$" for char in stripped) else None
    if core in _DIPHTHONGS:
        return _DIPHTHONGS[core]
    if core[:2] in _DIPHTHONGS:
        return _DIPHTHONGS[core[:2]]
    return _SINGLE.get(core[0])


def _is_letter(char: str) -> bool:
    return char not in _MODIFIERS and not unicodedata.combining(char)


def mouth_marks(timed: list[tuple[str, float]], end_ms: float) -> tuple[MouthMark, ...]:
    """Return the mouth's movements for phonemes given as (phoneme, start in ms), in order.

    Diphthongs written as two phonemes are joined, repeated shapes are merged, shapes too
    short to be seen are left out, except closed lips: a missing p, b or m is what people notice.
    """
    joined: list[tuple[int, float]] = []
    index = 0
    while index < len(timed):
        phoneme, start = timed[index]
        pair = phoneme + timed[index + 1][0] if index + 1 < len(timed) else ""
        if pair in _DIPHTHONGS:
            joined.append((_DIPHTHONGS[pair], start))
            index += 2
            continue
        viseme = viseme_of(phoneme)
        if viseme is not None:
            joined.append((viseme, start))
        index += 1
    marks: list[MouthMark] = []
    for position, (viseme, start) in enumerate(joined):
        following = joined[position + 1][1] if position + 1 < len(joined) else end_ms
        shortest = {SILENCE: MIN_PAUSE_MS, CLOSED_LIPS: 0}.get(viseme, MIN_SHAPE_MS)
        if following - start < shortest and marks:
            continue
        if marks and marks[-1].viseme == viseme:
            continue
        marks.append(MouthMark(viseme, max(0, int(start))))
    if not marks or marks[-1].viseme != SILENCE:
        marks.append(MouthMark(SILENCE, max(0, int(end_ms))))
    return tuple(marks)
