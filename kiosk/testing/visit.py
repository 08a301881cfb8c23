"""A visit to talk to: signaling, microphone and media of one kiosk, as a browser has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import aiohttp

from kiosk.clock import Clock
from kiosk.emulator.speech.engines import Engines
from kiosk.signaling import messages as m
from kiosk.tasks import TaskSet
from kiosk.testing.browser import BrowserPeer
from kiosk.testing.notes import MadeCall, no_calls

FRAME_BYTES: Final = 1920
"""40 ms of PCM16 at 24 kHz, as the kiosk's page sends them."""
WITHIN_S: Final = 20.0
"""How long a test waits for something that should happen, unless it says otherwise."""


class Visit:
    """One kiosk socket with a microphone that always runs and, if wanted, a media peer.

    `say` speaks with the emulator's own voice down the real microphone path.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        clock: Clock,
        engines: Engines,
        *,
        media: bool,
        first_report: Literal["playing", "sound_blocked"] = "playing",
        tool_calls: Callable[[str], Sequence[MadeCall]] = no_calls,
    ) -> None:
        self._socket = socket
        self._clock = clock
        self._engines = engines
        self._media = media
        self._first_report = first_report
        self._tool_calls = tool_calls
        self._tasks = TaskSet("test-visit")
        self._changed = asyncio.Condition()
        self._reader: asyncio.Task[None]
        self._speech = bytearray()
        self._spoken = asyncio.Event()
        self.on_sound = asyncio.Event()
        self._microphone_on = False
        self._heard_turns: set[str] = set()
        self.peer = BrowserPeer(clock)
        self.messages: list[dict[str, Any]] = []
        self.captions: dict[str, dict[str, Any]] = {}
        self.cards: dict[str, dict[str, Any]] = {}
        self.notices: dict[str, dict[str, Any]] = {}
        self.states: list[str] = []
        self.media: str | None = None
        self.id = ""
        self.resume = ""
        self.ended: str | None = None

    # ── the socket ───────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to read."""
        self._reader = self._tasks.start(self._read(), name="reader")

    async def send(self, message: m.ClientMessage) -> None:
        """Send a message as the page would."""
        await self._socket.send_str(message.model_dump_json(exclude_none=True))

    async def send_raw(self, data: str | bytes) -> None:
        """Send any frame, well formed or not."""
        if isinstance(data, bytes):
            await self._socket.send_bytes(data)
        else:
            await self._socket.send_str(data)

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                await self._take(json.loads(frame.data))

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        async with self._changed:
            self.messages.append(message)
            if kind == "visit":
                self.id, self.resume = message["id"], message["resume"]
            elif kind == "state":
                self.states.append(message["state"])
                self.media = message.get("media", self.media)
            elif kind == "caption":
                self.captions[message["turn"]] = message
            elif kind == "card":
                self.cards[message["id"]] = message
            elif kind == "card_gone":
                self.cards.pop(message["id"], None)
            elif kind == "notice":
                self.notices[message["code"]] = message
            elif kind == "notice_gone":
                self.notices.pop(message["code"], None)
            elif kind == "ended":
                self.ended = message["reason"]
            self._changed.notify_all()
        if kind == "ice" and not self._media:
            await self.send(m.Media(state="failed", detail="this test has no media"))
        elif kind == "ice":
            servers = tuple(m.IceServer(**entry) for entry in message["servers"])
            await self.send(m.Offer(sdp=await self.peer.offer(servers)))
        elif self._media and kind == "answer":
            await self.peer.answer(message["sdp"])
            self._tasks.spawn(self._report_picture(), name="picture")

    async def _report_picture(self) -> None:
        await self.peer.first_frame.wait()
        await self.send(m.Media(state=self._first_report))

    async def until(
        self, claim: Callable[[Visit], bool], what: str, *, within: float = WITHIN_S
    ) -> None:
        """Wait until `claim` holds; raises AssertionError saying what did not happen."""
        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: claim(self))
        except TimeoutError:
            kinds = [message["type"] for message in self.messages[-8:]]
            raise AssertionError(
                f"within {within:g} s there was no {what}; state {self.state}, last {kinds}"
            ) from None

    # ── what a visitor does ──────────────────────────────────────────────────────────────

    async def begin(self, language: str | None = None, *, microphone: bool = True) -> None:
        """Touch, accept the notice, and switch the microphone on."""
        await self.send(m.Start(language=language))
        await self.until(lambda v: v.id != "", "visit")
        if "consent" in self.states or self.state == "consent":
            await self.send(m.Consent(accepted=True))
        if microphone:
            await self.send(m.Microphone(state="on"))
            self._microphone_on = True
            self._tasks.spawn(self._microphone(), name="microphone")
        else:
            await self.send(m.Microphone(state="denied"))

    async def _microphone(self) -> None:
        silence = bytes(FRAME_BYTES)
        due = self._clock.monotonic()
        while not self._socket.closed:
            frame = bytes(self._speech[:FRAME_BYTES])
            if frame:
                del self._speech[:FRAME_BYTES]
                frame = frame.ljust(FRAME_BYTES, b"\0")
                if not self._speech:
                    self._spoken.set()
            await self._socket.send_bytes(frame or silence)
            if any(frame):
                self.on_sound.set()
            due += 0.04
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))

    async def say(self, text: str) -> None:
        """Speak; returns when the last sound has gone out."""
        assert self._microphone_on, "begin() with the microphone first"
        pcm = bytearray()
        async for speech in self._engines.voice.speak(text):
            pcm += speech.pcm
        self._spoken.clear()
        self._speech += pcm
        await self._spoken.wait()

    def start_saying(self, text: str) -> asyncio.Task[None]:
        """Begin to speak; `on_sound` is set when the first sound has gone out."""
        return self._tasks.start(self.say(text), name="saying")

    async def type(self, text: str) -> None:
        """Type a line."""
        await self.send(m.Say(text=text))

    async def leave(self) -> None:
        """Press end and wait for the goodbye."""
        await self.send(m.End())
        await self.until(lambda v: v.ended is not None, "end of the visit")

    # ── what a visitor sees and hears ────────────────────────────────────────────────────

    @property
    def state(self) -> str:
        """The state the screen shows."""
        return self.states[-1] if self.states else "attract"

    def lines(self, speaker: str) -> Sequence[str]:
        """Return the finished captions of one side."""
        return [
            caption["text"]
            for caption in self.captions.values()
            if caption["speaker"] == speaker and caption.get("final")
        ]

    def texts(self) -> set[str]:
        """Return everything that was captioned, on either side, finished or not."""
        return {str(x["text"]) for x in self.messages if x["type"] == "caption"}

    @property
    def tool_calls(self) -> Sequence[MadeCall]:
        """The tool calls that were answered in this visit, oldest first."""
        return self._tool_calls(self.id)

    @property
    def transcript(self) -> Sequence[tuple[str, str]]:
        """What was said so far as the screen shows it: (speaker, words), finished turns only."""
        return [
            (str(caption["speaker"]), str(caption["text"]))
            for caption in self.captions.values()
            if caption.get("final")
        ]

    async def heard(self, *, within: float = WITHIN_S) -> str:
        """Wait for the next thing the avatar finished saying, and return it."""

        def fresh(visit: Visit) -> str | None:
            for turn, caption in visit.captions.items():
                done = caption["speaker"] == "avatar" and caption.get("final")
                if done and turn not in visit._heard_turns:
                    return turn
            return None

        await self.until(lambda v: fresh(v) is not None, "answer", within=within)
        turn = fresh(self)
        assert turn is not None
        self._heard_turns.add(turn)
        return str(self.captions[turn]["text"])

    async def drop(self) -> None:
        """Lose the socket without a goodbye, as a reloaded page does."""
        await self._socket.close()

    async def aclose(self) -> None:
        """Hang up and end every task."""
        await self._socket.close()
        # Not cancelled: aioice would leave its sockets open in the middle of gathering.
        await asyncio.wait({self._reader}, timeout=WITHIN_S)
        await self.peer.close()
        await self._tasks.aclose()
