"""What one session sees from picture to picture, whatever way the pictures travel."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.emulator.avatar.acting import BLACK, Performer
from kiosk.emulator.avatar.faults import NO_FAULTS, MediaFault
from kiosk.emulator.avatar.gop import Encoded
from kiosk.emulator.avatar.sprites import AvatarStudio, Look

_LOOK_AHEAD_S = (0.08, 0.16)


class LivePicture:
    """Chooses a session's pictures. `viseme` says which mouth belongs to a moment, None while idle.

    Of the faults it knows `video_black`; a stalled video is one nobody asks for a picture.
    """

    def __init__(
        self,
        studio: AvatarStudio,
        look: Look,
        performer: Performer,
        viseme: Callable[[float], int | None],
    ) -> None:
        self.late = 0
        """Pictures that were not drawn in time; the one before was shown again."""
        self.faults: frozenset[MediaFault] = NO_FAULTS
        self._studio = studio
        self._look = look
        self._performer = performer
        self._viseme = viseme
        self._shown = look.first
        self._is_upright = True

    def show(self, look: Look) -> None:
        """Go on in another look, such as after a change of the scene."""
        self._look = look
        self._shown = look.first
        self._is_upright = True

    def picture(self, now: float) -> Encoded:
        """Return what is shown at `now`, seconds on the clock all sessions share."""
        if "video_black" in self.faults:
            return self._studio.get(self._look, BLACK) or self._shown
        sprite = self._performer.picture(now, self._viseme(now))
        ready = self._studio.get(self._look, sprite)
        if ready is None and self._is_upright:
            # The right mouth matters more than a brow; but a head in a nod must not jump back.
            sprite = sprite._replace(nod=0, eyes="open")
            # And in the first seconds of a look it matters more than where the head is.
            ready = self._look.get(sprite) or self._look.get(sprite._replace(step=0))
        for ahead in _LOOK_AHEAD_S:
            # Asked for now, a shape that was never drawn is there when its moment comes.
            self._studio.get(self._look, sprite.later(now + ahead, self._viseme(now + ahead)))
        if ready is None:
            self.late += 1
        else:
            self._shown = ready
            self._is_upright = sprite.nod == 0
        return self._shown
