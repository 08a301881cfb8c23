"""What the avatar does from one picture to the next: breathing, blinking, looking, speaking."""

from __future__ import annotations

import random
from bisect import bisect_right
from typing import NamedTuple

from kiosk.emulator.avatar.face import MOUTH_OF_VISEME
from kiosk.emulator.avatar.figure import POSES
from kiosk.emulator.speech.parts import MouthMark

STEP_S = 0.12
"""Seconds for one step of the idle movement; the whole loop takes a little under eight."""

LEAD_MS = 30
"""The mouth is this much ahead of the sound, as mouths are."""

SMILE_S = 1.6
"""Seconds of smile after the last word."""

_BLINK = ((0.04, "half"), (0.08, "closed"), (0.05, "half"))
_BLINK_S = sum(seconds for seconds, _ in _BLINK)
_NOD = ((0.08, 1), (0.20, 2), (0.10, 1))
_NOD_S = sum(seconds for seconds, _ in _NOD)


class Sprite(NamedTuple):
    """One picture of the avatar, by what can be seen in it."""

    step: int
    nod: int
    eyes: str
    mouth: str

    def later(self, now: float, viseme: int | None) -> Sprite:
        """Return this picture as it will probably be at `now`: moved on, with another mouth."""
        if viseme is None:
            return self._replace(step=_step(now, is_speaking=False))
        return self._replace(step=_step(now, is_speaking=True), mouth=MOUTH_OF_VISEME[viseme])


BLACK = Sprite(-1, 0, "", "")
"""No avatar at all: a black picture."""

SPEAKING_STEPS = range(0, POSES, 4)
"""Poses shown while speaking: a quarter of them, for each is drawn with every mouth shape."""


def _step(now: float, *, is_speaking: bool) -> int:
    step = int(now / STEP_S) % POSES
    return step // SPEAKING_STEPS.step * SPEAKING_STEPS.step if is_speaking else step


class _Moment:
    """Something that happens now and then and lasts a while: a blink, a nod, a look aside."""

    def __init__(self, chance: random.Random, every: tuple[float, float], lasts: float) -> None:
        self._chance = chance
        self._every = every
        self._lasts = lasts
        self._starts = chance.uniform(*every)

    def elapsed(self, now: float) -> float | None:
        """Return seconds since it began, or None while it is not happening."""
        if now >= self._starts + self._lasts:
            self._starts = now + self._chance.uniform(*self._every)
        return now - self._starts if now >= self._starts else None

    def begin(self, now: float) -> None:
        """Let it happen now."""
        self._starts = now


class Performer:
    """One session's avatar. `now` is seconds on any clock that all sessions share.

    The slow movement depends on `now` alone, so that sessions at the same moment show the same
    pose and share its pictures; what a visitor notices (blinks, looks, nods) is each one's own.
    """

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self._chance = chance
        self._blink = _Moment(chance, (2.2, 5.5), _BLINK_S)
        self._look = _Moment(chance, (6.0, 13.0), 0.9)
        self._nod = _Moment(chance, (2.2, 4.5), _NOD_S)
        self._lift = _Moment(chance, (2.5, 5.0), 0.45)
        self._was_speaking = False
        self._spoke_until = float("-inf")
        self._side = "left"

    def picture(self, now: float, viseme: int | None) -> Sprite:
        """Return what to show; `viseme` is None while nothing is being said."""
        step = _step(now, is_speaking=viseme is not None)
        if viseme is None:
            if self._was_speaking:
                self._spoke_until = now
            self._was_speaking = False
            return Sprite(step, 0, self._idle_eyes(now), self._idle_mouth(now))
        if not self._was_speaking:
            self._nod.begin(now)
        self._was_speaking = True
        return Sprite(step, self._nodding(now), self._speaking_eyes(now), MOUTH_OF_VISEME[viseme])

    def _blinking(self, now: float) -> str | None:
        since = self._blink.elapsed(now)
        if since is None:
            return None
        for seconds, eyes in _BLINK:
            if since < seconds:
                return eyes
            since -= seconds
        return None

    def _idle_eyes(self, now: float) -> str:
        blink = self._blinking(now)
        if blink is not None:
            return blink
        if now - self._spoke_until < SMILE_S:
            return "warm"
        since = self._look.elapsed(now)
        if since is None:
            self._side = self._chance.choice(("left", "right"))
            return "open"
        return self._side

    def _idle_mouth(self, now: float) -> str:
        return "smile" if now - self._spoke_until < SMILE_S else "rest"

    def _nodding(self, now: float) -> int:
        since = self._nod.elapsed(now)
        if since is None:
            return 0
        for seconds, depth in _NOD:
            if since < seconds:
                return depth
            since -= seconds
        return 0

    def _speaking_eyes(self, now: float) -> str:
        blink = self._blinking(now)
        if blink is not None:
            return blink
        return "open" if self._lift.elapsed(now) is None else "wide"


def viseme_at(mouths: tuple[MouthMark, ...], position_ms: float) -> int:
    """Return the mouth shape at a place in a Speech, a little ahead of its sound."""
    index = bisect_right(mouths, position_ms + LEAD_MS, key=lambda mark: mark.start_ms) - 1
    return mouths[index].viseme if index >= 0 else 0
