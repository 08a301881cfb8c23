"""Chromium in front of the real server and emulator: what it shows, hears and says, measured."""

from __future__ import annotations

import asyncio
import logging
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Page

from kiosk.cli.demo import Demo
from kiosk.emulator.speech.engines import Engines
from kiosk.emulator.speech.parts import SAMPLE_RATE
from kiosk.testing import KioskHarness
from tests.browser import browsers

CHROMIUM: Final = browsers.CHROMIUM
SOUND: Final = "--autoplay-policy=no-user-gesture-required"
PORTRAIT: Final = {"width": 540, "height": 960}

# Watches from inside the page, without changing what it does: sound levels of the microphone and
# of the avatar every 10 ms, and frames as they are presented.
WATCH: Final = """
(() => {
  const watch = window.watch = { frames: 0, bright: 0, moved: 0, microphone: [], avatar: [] };
  const levels = new AudioContext();
  const meter = (stream, into, silenced) => {
    const analyser = levels.createAnalyser();
    analyser.fftSize = 512;
    levels.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(512);
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const value of samples) sum += value * value;
      const level = silenced() ? 0 : Math.sqrt(sum / samples.length);
      into.push([performance.now(), level]);
    }, 10);
  };
  if (navigator.mediaDevices) {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await real(wanted);
      meter(stream, watch.microphone, () => false);
      return stream;
    };
  }
  const canvas = new OffscreenCanvas(64, 64);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let before = null;
  const look = (video) => {
    watch.frames += 1;
    pen.drawImage(video, 0, 0, 64, 64);
    const now = pen.getImageData(0, 0, 64, 64).data;
    for (let i = 0; i < now.length; i += 4) watch.bright = Math.max(watch.bright, now[i]);
    if (before && now.some((value, i) => Math.abs(value - before[i]) > 12)) watch.moved += 1;
    before = now;
    video.requestVideoFrameCallback(() => look(video));
  };
  document.addEventListener("DOMContentLoaded", () => {
    const video = document.querySelector("[data-testid=avatar]");
    video.requestVideoFrameCallback(() => look(video));
    let metered = null;
    setInterval(() => {
      if (video.srcObject && video.srcObject !== metered && video.srcObject.getAudioTracks()[0]) {
        metered = video.srcObject;
        const muted = () => video.muted || video.volume === 0
          || !metered.getAudioTracks().some((track) => track.enabled);
        meter(new MediaStream(metered.getAudioTracks()), watch.avatar, muted);
      }
    }, 50);
  });
})();
"""


LOOKS: Final = """() => JSON.stringify([
  { ...document.documentElement.dataset }, { ...document.body.dataset },
  document.body.innerText.slice(0, 400),
])"""
"""What to look at first when a test fails."""

log = logging.getLogger(__name__)


async def record(engines: Engines, path: Path, parts: Sequence[str | float]) -> None:
    """Write a WAV: a number is a pause in seconds, a string is said."""
    pcm = b""
    for part in parts:
        if isinstance(part, str):
            async for speech in engines.voice.speak(part):
                pcm += speech.pcm
        else:
            pcm += bytes(2 * int(part * SAMPLE_RATE))
    await asyncio.to_thread(_write, path, pcm)


def _write(path: Path, pcm: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)


@asynccontextmanager
async def page_of(
    harness: KioskHarness | Demo,
    *,
    microphone: Path | None = None,
    sound: bool = True,
    touch: bool = False,
    motion: bool = False,
) -> AsyncIterator[Page]:
    """Open the kiosk's page; without `microphone` the browser refuses it.

    Without `motion` the browser asks for less of it, as drawing it takes most of the computing.
    """
    flags = [SOUND] if sound else []
    if microphone is not None:
        flags += [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ]
    async with browsers.lent(*flags) as browser:
        context = await browser.new_context(
            viewport=PORTRAIT,  # type: ignore[arg-type]  # playwright's TypedDict is private
            permissions=["microphone"] if microphone is not None else [],
            has_touch=touch,
            reduced_motion="no-preference" if motion else "reduce",
        )
        page = await context.new_page()
        page.set_default_timeout(40_000)
        await page.add_init_script(WATCH)
        await page.goto(harness.url)
        try:
            yield page
        except BaseException:
            if not page.is_closed():
                log.info("the page at the end: %s", await page.evaluate(LOOKS))
            raise


def first_loud(levels: Sequence[Sequence[float]], threshold: float, after: float = 0.0) -> float:
    """Return the time of the first level above `threshold`."""
    return next(time for time, level in levels if time > after and level > threshold)


def last_loud(levels: Sequence[Sequence[float]], threshold: float, before: float) -> float:
    """Return the time of the last level above `threshold` ahead of `before`."""
    return max(time for time, level in levels if time < before and level > threshold)
