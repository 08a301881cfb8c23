"""How long a visitor waits in Chromium: touch to greeting, touch to face, words to their caption.

`other` is the same emulator driven by the SDK directly, with no server of ours between (its media
by aiortc instead of a browser). Both are split by the emulator's own journal into what the
upstream took and what was added to it. The notice is accepted at once, by script.
"""

from __future__ import annotations

import asyncio
import base64
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from azure.ai.voicelive import aio as voicelive
from azure.core.credentials import AzureKeyCredential
from playwright.async_api import Page

from benchmarks.row import Row, median, quantile
from kiosk.clock import Clock
from kiosk.emulator.scenario.replies import Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines, load_engines
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.hooks.markers import hookimpl
from kiosk.model import Greeting
from kiosk.testing import KioskHarness
from kiosk.testing.browser import BrowserPeer
from tests.browser.real_visit import CHROMIUM, page_of, record

RUNS: Final = 16
"""The first of them warms everything up and is left out."""
GREETING: Final = "Hello, and welcome to the museum."
PHRASE: Final = "where are the toilets"
GAP_S: Final = 5.0
LOUD: Final = 0.01
WITHIN_S: Final = 40.0
FRAME: Final = 960
"""Samples of 40 ms."""
SCENARIO: Final = Scenario(
    name="first-words", phrases=(PHRASE,), replies=(Reply(match=".", say="On the left."),)
)
SETTINGS: Final = {"visit": {"goodbye_s": 0}, "server": {"report_s": 600}}

# Notes, in milliseconds since 1970: each touch, the first frame and first sound behind it, and
# when each finished caption of the visitor's was there to be read.
WATCH: Final = """(() => {
  const bench = window.bench = { taps: [], frames: [], sounds: [], captions: [], quiet: [] };
  const now = () => performance.timeOrigin + performance.now();
  const note = (list) => { if (bench.taps.length > list.length) list.push(now()); };
  addEventListener("click", ({ target }) => {
    if (target.closest("[data-testid=start]")) bench.taps.push(now());
  }, true);
  document.addEventListener("DOMContentLoaded", () => {
    const video = document.querySelector("[data-testid=avatar]");
    const look = () => { note(bench.frames); video.requestVideoFrameCallback(look); };
    video.requestVideoFrameCallback(look);
    new MutationObserver(() => {
      if (document.body.dataset.state !== "consent") return;
      document.querySelector("[data-testid=consent-accept]").click();
    }).observe(document.body, { attributes: true, attributeFilter: ["data-state"] });
    new MutationObserver(() => {
      const lines = document.querySelectorAll('.line[data-speaker="visitor"][data-final="true"]');
      while (bench.captions.length < lines.length) bench.captions.push(now());
    }).observe(document.querySelector("[data-testid=captions]"),
      { subtree: true, childList: true, attributes: true });
    const sound = new AudioContext();
    let heard = null;
    setInterval(() => {
      if (!video.srcObject?.getAudioTracks().length || video.srcObject === heard) return;
      heard = video.srcObject;
      const analyser = sound.createAnalyser();
      analyser.fftSize = 256;
      sound.createMediaStreamSource(heard).connect(analyser);
      const samples = new Float32Array(256);
      const timer = setInterval(() => {
        if (video.srcObject !== heard && video.srcObject) return clearInterval(timer);
        analyser.getFloatTimeDomainData(samples);
        const power = samples.reduce((sum, one) => sum + one * one, 0) / 256;
        if (Math.sqrt(power) > 0.01) note(bench.sounds);
      }, 5);
    }, 5);
  });
})();"""


class Greets:
    """Greets in one fixed sentence."""

    @hookimpl
    def greeting(self) -> Greeting:
        return Greeting(GREETING)


@dataclass
class Waits:
    """Waits of one kind, ms: in all, and the upstream's share of each."""

    total: list[float] = field(default_factory=list)
    upstream: list[float] = field(default_factory=list)

    def add(self, total: float, upstream: float) -> None:
        self.total.append(total)
        self.upstream.append(upstream)

    @property
    def added(self) -> list[float]:
        """What was not the upstream's."""
        return [all_ - part for all_, part in zip(self.total, self.upstream, strict=True)]


@dataclass
class Measured:
    """The three waits of one way to the emulator."""

    frame: Waits = field(default_factory=Waits)
    sound: Waits = field(default_factory=Waits)
    caption: Waits = field(default_factory=Waits)
    steps: dict[str, list[float]] = field(default_factory=dict)
    """What was added, by where it was spent."""

    def begun(self, tap: float, frame: float, sound: float, journal: Mapping[str, Any]) -> None:
        """Take one beginning, times in ms since 1970."""
        at = _times(journal)
        asked = at["in", "session.update"], at["in", "session.avatar.connect"]
        said = at["out", "session.updated"], at["out", "session.avatar.connecting"]
        # The picture's way from the answer on is between the peer and the avatar.
        seen = (said[0] - asked[0]) + (said[1] - asked[1]) + (frame - said[1])
        self.frame.add(frame - tap, seen)
        greeted = at["in", "response.create"]
        self.sound.add(sound - tap, seen + (sound - greeted))
        for step, ms in (
            ("touch to session.update", asked[0] - tap),
            ("session.updated to the offer", asked[1] - said[0]),
            ("first picture to the greeting asked for", greeted - frame),
        ):
            self.steps.setdefault(step, []).append(ms)


async def first_words() -> Sequence[Row]:
    """Measure both ways in one run, one after the other."""
    if CHROMIUM is None:
        return []
    engines = load_engines("light")
    ours, other = Measured(), Measured()
    try:
        with tempfile.TemporaryDirectory() as folder:
            speech = Path(folder) / "ask.wav"
            parts: list[str | float] = [9.0]
            for _ in range(RUNS):
                parts += [PHRASE, GAP_S]
            await record(engines, speech, [*parts, 10.0])
            async with KioskHarness(
                engines=engines, scenario=SCENARIO, settings=SETTINGS, plugins={"greets": Greets()}
            ) as harness:
                async with page_of(harness, microphone=speech, motion=True) as page:
                    await page.add_init_script(WATCH)
                    await page.reload()
                    await _begin_often(harness, page, ours)
                    await _ask_often(harness, page, ours.caption)
                await _begin_directly(harness, other)
                await _ask_directly(harness, engines, other.caption)
    finally:
        await engines.aclose()
    return [
        row
        for name, mine, theirs in (
            ("touch to greeting heard", ours.sound, other.sound),
            ("touch to first picture", ours.frame, other.frame),
            ("end of words to their caption", ours.caption, other.caption),
        )
        for row in _rows(name, mine, theirs)
    ] + [
        Row(f"added: {step}, median", median(spent[1:]), median(other.steps[step][1:]), "ms")
        for step, spent in ours.steps.items()
    ]


def _rows(name: str, ours: Waits, other: Waits) -> list[Row]:
    count = len(ours.total) - 1
    mine, theirs = ours.total[1:], other.total[1:]
    upstream, theirs_upstream = ours.upstream[1:], other.upstream[1:]
    return [
        Row(f"{name}, median of {count}", median(mine), median(theirs), "ms"),
        Row(f"{name}, p95", quantile(mine, 0.95), quantile(theirs, 0.95), "ms"),
        Row("  of it upstream, median", median(upstream), median(theirs_upstream), "ms"),
        Row("  of it added, median", median(ours.added[1:]), median(other.added[1:]), "ms"),
        Row("  of it added, p95", quantile(ours.added[1:], 0.95),
            quantile(other.added[1:], 0.95), "ms"),
    ]  # fmt: skip


# ── in Chromium, through our server ──────────────────────────────────────────────────────────


async def _begin_often(harness: KioskHarness, page: Page, ours: Measured) -> None:
    for number in range(1, RUNS + 1):
        await page.wait_for_selector("body[data-state=attract]")
        await page.get_by_test_id("start").click()
        await page.wait_for_function(
            "n => bench.frames.length === n && bench.sounds.length === n", arg=number
        )
        tap, frame, sound = await page.evaluate(
            "[bench.taps.at(-1), bench.frames.at(-1), bench.sounds.at(-1)]"
        )
        ours.begun(tap, frame, sound, harness.emulator.journal()[-1])
        if number < RUNS:
            await page.get_by_test_id("end").click()


async def _ask_often(harness: KioskHarness, page: Page, ours: Waits) -> None:
    """Go on with the last visit, whose microphone says the phrase again and again."""
    await page.wait_for_function(
        "n => bench.captions.length >= n", arg=RUNS, timeout=(RUNS * (GAP_S + 3) + 30) * 1000
    )
    found = await page.evaluate(
        "({ captions: bench.captions, origin: performance.timeOrigin, levels: watch.microphone })"
    )
    ends = [found["origin"] + at for at in _ends(found["levels"])]
    done = _all(
        harness.emulator.journal()[-1], "conversation.item.input_audio_transcription.completed"
    )
    for shown in found["captions"][:RUNS]:
        spoken = max((at for at in ends if at < shown), default=None)
        heard = max((at for at in done if at <= shown), default=None)
        if spoken is not None and heard is not None:
            ours.add(shown - spoken, heard - spoken)


def _ends(levels: Sequence[Sequence[float]], quiet_ms: float = 1500) -> list[float]:
    """Return when speech ended and a long quiet began."""
    loud = [time for time, level in levels if level > LOUD]
    return [
        time
        for time, after in zip(loud, [*loud[1:], float("inf")], strict=True)
        if after - time > quiet_ms
    ]


# ── the SDK alone ────────────────────────────────────────────────────────────────────────────


async def _begin_directly(harness: KioskHarness, other: Measured) -> None:
    for _ in range(RUNS):
        peer = BrowserPeer(harness.clock)
        tap = _now(harness.clock)
        try:
            async with _connected(harness) as line:
                await line.send({"type": "session.update", "session": _session(avatar=True)})
                updated = await _event(line, "session.updated")
                servers = updated["session"]["avatar"].get("ice_servers") or ()
                del servers  # the emulator is on this machine; what it names would only cost time
                sdp = await peer.offer(())
                packed = base64.b64encode(json.dumps({"type": "offer", "sdp": sdp}).encode())
                await line.send({"type": "session.avatar.connect", "client_sdp": packed.decode()})
                answer = await _event(line, "session.avatar.connecting")
                await peer.answer(json.loads(base64.b64decode(answer["server_sdp"]))["sdp"])
                async with asyncio.timeout(WITHIN_S):
                    await peer.first_frame.wait()
                    frame = _now(harness.clock)
                    await line.send({"type": "response.create", "response": _said(GREETING)})
                    while peer.last_loud is None:
                        await harness.clock.sleep(0.002)
                other.begun(tap, frame, _now(harness.clock), harness.emulator.journal()[-1])
        finally:
            await peer.close()


async def _ask_directly(harness: KioskHarness, engines: Engines, other: Waits) -> None:
    spoken = b"".join([part.pcm async for part in engines.voice.speak(PHRASE)])
    quiet = bytes(2 * int(GAP_S * SAMPLE_RATE))
    clock = harness.clock
    async with _connected(harness) as line:
        await line.send({"type": "session.update", "session": _session(avatar=False)})
        await _event(line, "session.updated")
        for _ in range(RUNS):
            ended = asyncio.get_running_loop().create_future()
            async with asyncio.TaskGroup() as both:
                both.create_task(_speak(line, clock, spoken, quiet, ended))
                done = both.create_task(
                    _event(line, "conversation.item.input_audio_transcription.completed")
                )
                await done
                came = _now(clock)
            sent = _all(
                harness.emulator.journal()[-1],
                "conversation.item.input_audio_transcription.completed",
            )[-1]
            other.add(came - ended.result(), sent - ended.result())


async def _speak(
    line: Any, clock: Clock, spoken: bytes, quiet: bytes, ended: asyncio.Future[float]
) -> None:
    """Send speech and the quiet behind it as a microphone would, one frame after the other."""
    began = clock.monotonic()
    loud = _last_loud(spoken)
    data = spoken + quiet
    for at in range(0, len(data), 2 * FRAME):
        wait = began + at / 2 / SAMPLE_RATE - clock.monotonic()
        if wait > 0:
            await clock.sleep(wait)
        audio = base64.b64encode(data[at : at + 2 * FRAME]).decode("ascii")
        await line.send({"type": "input_audio_buffer.append", "audio": audio})
        if at >= loud and not ended.done():
            ended.set_result(_now(clock))


def _last_loud(pcm: bytes) -> int:
    """Return where the last frame with a voice in it begins, in bytes."""
    samples = memoryview(pcm).cast("h")
    frames = range(0, len(samples), FRAME)
    loud = [
        at
        for at in frames
        if (sum(one * one for one in samples[at : at + FRAME]) / FRAME) ** 0.5 > LOUD * 32_768
    ]
    return 2 * (loud[-1] if loud else 0)


def _connected(harness: KioskHarness) -> Any:
    return voicelive.connect(
        credential=AzureKeyCredential("benchmark"),
        endpoint=harness.emulator.endpoint,
        model="gpt-realtime",
    )


def _session(*, avatar: bool) -> dict[str, Any]:
    session: dict[str, Any] = {
        "voice": {"type": "azure-standard", "name": "en-US-AvaMultilingualNeural"},
        "input_audio_transcription": {"model": "azure-speech"},
        "turn_detection": {"type": "azure_semantic_vad"},
    }
    if avatar:
        video = {"resolution": {"width": 512, "height": 288}, "codec": "h264"}
        session["avatar"] = {"character": "lisa", "style": "casual-sitting", "customized": False,
                             "video": video}  # fmt: skip
    return session


def _said(text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    message = {"type": "message", "role": "assistant", "content": content}
    return {"pre_generated_assistant_message": message}


async def _event(line: Any, kind: str) -> Mapping[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        while True:
            event: Mapping[str, Any] = await line.recv()
            if event["type"] == kind:
                return event


# ── the emulator's journal ───────────────────────────────────────────────────────────────────


def _times(journal: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Return when each kind of event first went each way, ms since 1970."""
    began = datetime.fromisoformat(journal["started_at"]).timestamp()
    found: dict[tuple[str, str], float] = {}
    for entry in journal["entries"]:
        found.setdefault((entry["direction"], entry["type"]), (began + entry["at"]) * 1000)
    return found


def _all(journal: Mapping[str, Any], kind: str) -> list[float]:
    began = datetime.fromisoformat(journal["started_at"]).timestamp()
    return [(began + one["at"]) * 1000 for one in journal["entries"] if one["type"] == kind]


def _now(clock: Clock) -> float:
    return clock.now().timestamp() * 1000
