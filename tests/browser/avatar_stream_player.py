"""A page that plays the avatar's WebSocket stream through MSE, as a kiosk's own page would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from kiosk.emulator.avatar.shape import VideoShape
from kiosk.emulator.server.server import EmulatorServer
from tests.av_sync import mouth_region
from tests.browser.screen_stage import SOUND, chromium

PAGE = Path(__file__).with_name("avatar_stream.html").read_text(encoding="utf-8")
DEADLINE_S = 60.0


class Player:
    """What a test asks the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def stats(self) -> dict[str, Any]:
        """Return buffer, frames, sound and mistakes so far."""
        found: dict[str, Any] = await self.page.evaluate("player.stats()")
        return found

    async def until(self, condition: str) -> None:
        """Wait until a JavaScript expression about `player` is true."""
        await self.page.wait_for_function(condition, timeout=DEADLINE_S * 1000)

    async def say(self, text: str) -> None:
        """Let the avatar say something."""
        content = [{"type": "text", "text": text}]
        message = {"type": "message", "role": "assistant", "content": content}
        response = {"pre_generated_assistant_message": message}
        event = {"type": "response.create", "response": response}
        await self.page.evaluate("event => player.send(event)", event)

    async def frames(self) -> list[tuple[float, list[int]]]:
        """Return the latest frames: media time, and the mouth as 16x12 grey values."""
        found: list[tuple[float, list[int]]] = await self.page.evaluate("player.frames")
        return found

    async def events(self) -> list[tuple[str, float, str]]:
        """Return the latest events: type, media time at arrival, and the message of an error."""
        found: list[tuple[str, float, str]] = await self.page.evaluate("player.events")
        return found


@asynccontextmanager
async def playing(emulator: EmulatorServer, **video: Any) -> AsyncIterator[Player]:
    """Open the page in Chromium, connect it to the emulator and wait for its first picture."""
    avatar = {"character": "lisa", "output_protocol": "websocket", "video": video}
    rows, columns = mouth_region(VideoShape.of(avatar))
    size = (columns.stop - columns.start, rows.stop - rows.start)
    mouth = [columns.start, rows.start, *size]
    query = "api-version=2026-07-15&model=gpt-realtime&api-key=any"
    socket = f"{emulator.endpoint.replace('http', 'ws', 1)}/voice-live/realtime?{query}"
    session = {"avatar": avatar, "instructions": "Be short."}

    async with chromium(SOUND, "--enable-precise-memory-info") as browser:
        page = await browser.new_page()
        # Chromium lets only a page that itself comes from this machine connect to it.
        await page.goto(f"{emulator.endpoint}/emulator/health")
        await page.set_content(PAGE)
        await page.wait_for_function("window.player")
        start = "([url, session, mouth]) => player.start(url, session, mouth)"
        await page.evaluate(start, [socket, session, mouth])
        player = Player(page)
        await player.until("player.stats().frames > 0")
        yield player
