"""The avatar over the session's own WebSocket: its picture and voice as one fMP4 stream."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import structlog

from kiosk.clock import Clock
from kiosk.emulator.avatar.acting import Performer
from kiosk.emulator.avatar.faults import NO_FAULTS, MediaFault
from kiosk.emulator.avatar.gop import Encoded, PictureSequence
from kiosk.emulator.avatar.live import LivePicture
from kiosk.emulator.avatar.playback import PACKET_MS, PACKET_SAMPLES, Playback
from kiosk.emulator.avatar.shape import FRAMES_PER_SECOND, Scene, VideoShape
from kiosk.emulator.avatar.sprites import AvatarStudio, Look
from kiosk.emulator.avatar.stream_mux import FRAGMENT_MS, FragmentMuxer
from kiosk.emulator.avatar.tracks import Pacer
from kiosk.emulator.speech.parts import Speech
from kiosk.emulator.speech.worker import EngineBusyError, EngineWorker
from kiosk.errors import MediaError
from kiosk.tasks import TaskSet

log = structlog.get_logger(__name__)

LEAD_FRAGMENTS = 1
"""Fragments sent at once at the start, so that a player has something in hand from then on."""

_PICTURES = FRAGMENT_MS * FRAMES_PER_SECOND // 1000
_PACKETS = FRAGMENT_MS // PACKET_MS
_PICTURE_S = Fraction(1, FRAMES_PER_SECOND)
_SILENCE = bytes(2 * PACKET_SAMPLES)
_LOG_EVERY = 50
_RETRY_SECONDS = 0.25


class AvatarStream:
    """One session's avatar as a byte stream. Implements `AvatarOutput`.

    It runs from the moment it is made until `aclose()`, at real-time speed, idle as well as
    speaking. Callbacks run on the loop: `send(data)` with the bytes of the stream in order,
    `on_speaking(tag)` when the first sound of a tag is put into it, `on_idle(tag, completed)` when
    the last was or it was cleared, `on_error(error)` with a MediaError when a picture asked for
    cannot be drawn after all, and with anything else when the stream had to end.

    `backlog()` is how many bytes wait for the reader of the WebSocket. Above `max_backlog` the
    avatar goes on, but what it shows and says is left out of the stream, a fragment at a time:
    the viewer sees it jump, memory does not grow, and the stream's own time has no hole.

    Raises MediaError, code `invalid_argument`, for a picture that cannot be made.
    """

    def __init__(
        self,
        studio: AvatarStudio,
        worker: EngineWorker,
        config: Mapping[str, Any],
        *,
        send: Callable[[bytes], None],
        on_speaking: Callable[[str], None],
        on_idle: Callable[[str, bool], None],
        on_error: Callable[[BaseException], None],
        backlog: Callable[[], int],
        max_backlog: int,
        clock: Clock,
    ) -> None:
        self.left_out_ms = 0
        """Milliseconds of picture and sound that a slow reader or a busy machine missed."""
        self._studio = studio
        self._worker = worker
        self._shape = VideoShape.of(config)
        self._send = send
        self._backlog, self._max_backlog = backlog, max_backlog
        self._clock = clock
        loop = asyncio.get_running_loop()
        self._playback = Playback(
            lambda tag: _later(loop, on_speaking, tag),
            lambda tag, completed: _later(loop, on_idle, tag, completed),
        )
        self._faults: frozenset[MediaFault] = NO_FAULTS
        self._live: LivePicture | None = None
        self._stalled: Encoded | None = None
        self._muxer: FragmentMuxer | None = None
        self._sequence = PictureSequence()
        self._anew = False
        self._on_error = on_error
        self._asked, self._drawn = asyncio.Event(), asyncio.Event()
        self._asked.set()
        self._ready: Look | None = None
        self._ends_at = float("-inf")
        self._tasks = TaskSet("avatar stream", on_error=on_error)
        self._tasks.spawn(self._draw(), name="draw")
        self._tasks.spawn(self._run(), name="run")

    @property
    def queued_ms(self) -> int:
        """Milliseconds of speech that wait to be said."""
        return self._playback.queued_ms

    @property
    def late_pictures(self) -> int:
        """Pictures that were not drawn in time and were replaced by the one before."""
        return self._live.late if self._live is not None else 0

    def play(self, speech: Speech, tag: str) -> None:
        """Queue audio; at most `MAX_QUEUED_S` seconds wait, what comes on top is dropped."""
        self._playback.play(speech, tag)

    def finish(self, tag: str) -> None:
        """Say that no more of `tag` will come, so that `on_idle` follows its last sound at once."""
        self._playback.finish(tag)

    def clear(self) -> int:
        """Fall silent with the next fragment; return how much of the current tag was heard."""
        tag = self._playback.speaking
        heard = self.heard_ms(tag) if tag is not None else 0
        _ = self._playback.clear()
        return heard

    def heard_ms(self, tag: str) -> int:
        """Milliseconds of `tag`'s audio that a player without any delay has played by now."""
        taken = self._playback.heard_ms(tag)
        if tag != self._playback.speaking:
            return taken
        ahead = max(0.0, self._ends_at - self._clock.monotonic())
        return max(0, taken - round(1000 * ahead))

    def change(self, config: Mapping[str, Any]) -> None:
        """Go on as another avatar as soon as it is drawn, in the middle of a word if need be.

        A new init segment follows what was sent, and the stream's time goes on; a scene that
        moves needs none. Raises MediaError as the constructor does; the stream is then as it was.
        """
        shape = VideoShape.of(config)
        if shape == self._shape:
            return
        neutral = Scene()
        if replace(shape, scene=neutral) != replace(self._shape, scene=neutral):
            self._anew = True
        self._shape = shape
        self._asked.set()

    def suffer(self, faults: frozenset[MediaFault]) -> None:
        """Let these faults, and no others, strike from now on.

        A stalled video repeats its picture here: players stop the sound of a stream that has no
        pictures at all.
        """
        self._faults = faults
        if self._live is not None:
            self._live.faults = faults

    async def aclose(self) -> None:
        """End the stream; safe to call twice. Its last fragment is not sent."""
        await self._tasks.aclose()
        # The worker may still be in its last step; the muxer is released with that.
        self._muxer = None

    async def _draw(self) -> None:
        """Have every look drawn that is asked for; only the last one matters."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            shape = self._shape
            try:
                look = await self._studio.look(shape)
            except MediaError as error:
                # Such as a background image that is not there: what was shown goes on.
                self._on_error(error)
                continue
            except EngineBusyError:
                await self._clock.sleep(_RETRY_SECONDS)
                self._asked.set()
                continue
            if shape == self._shape:
                self._ready = look
                self._drawn.set()

    async def _run(self) -> None:
        await self._drawn.wait()
        look = self._new_look()
        assert look is not None
        viseme = self._playback.viseme
        live = LivePicture(self._studio, look, Performer(secrets.randbits(32)), viseme)
        self._live = live
        live.faults = self._faults
        await self._begin_run(look)
        pacer = Pacer(self._clock, FRAGMENT_MS / 1000)
        place, origin = await pacer.wait()
        for early in range(LEAD_FRAGMENTS):
            await self._step(live, origin + early * FRAGMENT_MS / 1000)
        while True:
            changed = self._new_look()
            if changed is not None:
                await self._change_look(live, changed)
            await self._step(live, origin + (place + LEAD_FRAGMENTS) * FRAGMENT_MS / 1000)
            place, _ = await pacer.wait()

    def _new_look(self) -> Look | None:
        look, self._ready = self._ready, None
        return look

    async def _change_look(self, live: LivePicture, look: Look) -> None:
        live.show(look)
        assert self._muxer is not None
        if self._anew or look.first.headers != self._muxer.headers:
            await self._begin_run(look)

    async def _begin_run(self, look: Look) -> None:
        self._anew = False
        rest = await self._worker.run(partial(self._new_run, look))
        if rest:
            self._send(rest)

    def _new_run(self, look: Look) -> bytes:
        """Begin a run of fMP4 and return the end of the one before; on the worker's thread."""
        old = self._muxer
        start = old.time if old is not None else Fraction(0)
        rest = old.finish() if old is not None else b""
        self._sequence = PictureSequence(look.shape.gop_size)
        self._muxer = FragmentMuxer(look.first.key(), picture_seconds=_PICTURE_S, start=start)
        return rest

    async def _step(self, live: LivePicture, at: float) -> None:
        """Send one fragment's worth of picture and sound, whose first picture is for `at`."""
        pictures, pcm = self._perform(live, at)
        if self._backlog() > self._max_backlog:
            self._leave_out()
            return
        assert self._muxer is not None
        try:
            data = await self._worker.run(partial(self._mux, self._muxer, pictures, pcm))
        except EngineBusyError:
            self._leave_out()
            return
        if data:
            self._send(data)

    def _mux(self, muxer: FragmentMuxer, pictures: list[Encoded], pcm: bytes) -> bytes:
        return muxer.write((self._sequence.next(picture) for picture in pictures), pcm)

    def _leave_out(self) -> None:
        if self.left_out_ms % (_LOG_EVERY * FRAGMENT_MS) == 0:
            log.warning("avatar video left out, its reader is slow", left_out_ms=self.left_out_ms)
        self.left_out_ms += FRAGMENT_MS

    def _perform(self, live: LivePicture, at: float) -> tuple[list[Encoded], bytes]:
        pictures: list[Encoded] = []
        pcm = bytearray()
        for index in range(_PACKETS):
            now = at + index * PACKET_MS / 1000
            said = self._playback.take(now)
            pcm += _SILENCE if said is None or "audio_silent" in self._faults else said
            if index % (_PACKETS // _PICTURES) == 0:
                pictures.append(self._picture(live, now))
        self._ends_at = at + FRAGMENT_MS / 1000
        return pictures, bytes(pcm)

    def _picture(self, live: LivePicture, now: float) -> Encoded:
        picture = live.picture(now)
        if "video_stall" not in self._faults:
            self._stalled = None
            return picture
        self._stalled = self._stalled or picture
        return self._stalled


def _later(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: object) -> None:
    """Call back from the loop itself, so that a callback that raises does not stop the media."""
    loop.call_soon(call, *args)
