"""Five hundred screens on one server: how fast its page opens, how late and how dear the feed is.

The server runs in a process of its own (benchmarks/fleet_server.py), so its processor time is the
server's alone. Every screen has a real socket and reports every few seconds, far more often than
a screen does; each report has news, so each is a row for every dashboard.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.row import Row, median, quantile
from kiosk.clock import SystemClock
from kiosk.tasks import TaskSet
from kiosk.web.tickets import PREFIX, PROTOCOL
from tests.browser.browsers import lent

SCREENS: Final = 500
REPORT_EVERY_S: Final = 5.0
MEASURED_S: Final = 8.0
OPENED: Final = 10
DELAYS: Final = 25
TARGET_MS: Final = 1000.0
GAP_S: Final = 0.4
CLOCK: Final = SystemClock()
# When the page is first painted, and when it says that it is live; ms since it was asked for.
WATCH: Final = """document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live");
  new MutationObserver((_, watch) => {
    if (live.textContent.trim() !== "Live") return;
    window.liveAt = performance.now();
    watch.disconnect();
  }).observe(live, { childList: true, characterData: true, subtree: true });
});"""
TIMES: Final = """() => ({
  painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  live: window.liveAt,
})"""
ROOT: Final = Path(__file__).resolve().parents[1]


class _Fleet:
    """The server's process and its screens."""

    def __init__(
        self, process: asyncio.subprocess.Process, told: dict[str, Any], http: aiohttp.ClientSession
    ) -> None:
        self._process = process
        self.url: str = told["url"]
        self.operator = {"Cookie": f"kiosk_operator={told['operator']}", "Origin": self.url}
        self._tokens: dict[str, str] = told["screens"]
        self.http = http
        self.sockets: dict[str, aiohttp.ClientWebSocketResponse] = {}
        self.tasks = TaskSet("bench")

    async def open_screen(self, name: str, *, read: bool = True) -> None:
        headers = {"Cookie": f"kiosk_device={self._tokens[name]}", "Origin": self.url}
        async with self.http.post(f"{self.url}/kiosk/ticket", headers=headers) as answer:
            ticket = (await answer.json())["ticket"]
        socket = await self.http.ws_connect(
            f"{self.url}/ws/kiosk", headers=headers, protocols=(PROTOCOL, PREFIX + ticket)
        )
        await socket.send_json({"type": "hello", "protocol": 1})
        self.sockets[name] = socket
        if read:
            self.tasks.spawn(_read(socket), name=name)

    async def report(self, name: str, news: str) -> None:
        """Let a screen report an error, which is news for its row."""
        await self.sockets[name].send_json(
            {
                "type": "device", "every_s": 30, "page": "bench", "width": 1080, "height": 1920,
                "language": "en", "state": "attract", "volume": 80, "microphone": "off",
                "up_s": 1, "at": round(CLOCK.now().timestamp() * 1000),
                "errors": [{"kind": news, "age_s": 0}],
            }
        )  # fmt: skip

    async def cpu(self) -> float:
        """Return the server's processor time so far, seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return float(await self._process.stdout.readline())

    async def keep_reporting(self) -> None:
        """Let every screen report in turn, evenly; some are left to those who wait for theirs."""
        names = list(self.sockets)[DELAYS:]
        gap = REPORT_EVERY_S / len(names)
        began, number = time.perf_counter(), 0
        while True:
            number += 1
            await self.report(names[number % len(names)], f"page: News{number}")
            await CLOCK.sleep(max(0.0, began + number * gap - time.perf_counter()))

    def dashboard(self) -> Any:
        return self.http.ws_connect(
            f"{self.url}/operator/fleet/feed", headers=self.operator, max_msg_size=0
        )


@asynccontextmanager
async def _running() -> AsyncIterator[_Fleet]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.fleet_server", str(SCREENS),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=2**20,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        told = json.loads(await process.stdout.readline())
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            fleet = _Fleet(process, told, http)
            for name in told["screens"]:
                await fleet.open_screen(name)
            fleet.tasks.spawn(fleet.keep_reporting(), name="reports")
            try:
                yield fleet
            finally:
                await fleet.tasks.aclose()
    finally:
        process.stdin.close()
        await process.wait()


async def _read(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def _opening(fleet: _Fleet) -> float:
    """Return how long the page takes, from asking to its last byte, ms."""
    taken = []
    for _ in range(OPENED):
        began = time.perf_counter()
        async with fleet.http.get(f"{fleet.url}/operator/", headers=fleet.operator) as page:
            assert page.status == 200
            await page.read()
        taken.append((time.perf_counter() - began) * 1e3)
    return median(taken)


async def _opening_in_a_browser(fleet: _Fleet) -> tuple[float, float]:
    """Return what somebody waits until the page is painted, and until it is live, ms."""
    painted, live = [], []
    async with lent() as browser:
        name, _, value = fleet.operator["Cookie"].partition("=")
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        await context.add_cookies([{"name": name, "value": value, "url": fleet.url}])
        for _ in range(OPENED + 1):
            page = await context.new_page()
            await page.add_init_script(WATCH)
            await page.goto(f"{fleet.url}/operator/")
            await page.locator("#live").get_by_text("Live", exact=True).wait_for()
            times = await page.evaluate(TIMES)
            assert await page.locator(".unit").count() == SCREENS
            painted.append(times["painted"])
            live.append(times["live"])
            await page.close()
    return median(painted[1:]), median(live[1:])  # the first fills the browser's cache


async def _delays(fleet: _Fleet) -> list[float]:
    """Return how long news of a screen takes until a dashboard has it, ms."""
    found = []
    async with fleet.dashboard() as feed:
        await feed.receive()
        for number in range(DELAYS):
            news = f"Delay{number}x"
            began = time.perf_counter()
            await fleet.report(f"k{number:03}", f"page: {news}")
            while news not in (await feed.receive()).data:
                pass
            found.append((time.perf_counter() - began) * 1e3)
            await CLOCK.sleep(GAP_S)
    return found


async def _share(fleet: _Fleet, dashboards: int) -> float:
    """Return the server's share of a core with so many dashboards, percent."""
    feeds = [await fleet.dashboard() for _ in range(dashboards)]
    readers = TaskSet("dashboards")
    for feed in feeds:
        readers.spawn(_read(feed), name="dashboard")
    before, began = await fleet.cpu(), time.perf_counter()
    await CLOCK.sleep(MEASURED_S)
    share = (await fleet.cpu() - before) / (time.perf_counter() - began) * 100
    await readers.aclose()
    for feed in feeds:
        await feed.close()
    return share


async def _answered(fleet: _Fleet, slow: int) -> float:
    """Return how long a screen waits for an answer on its socket, p95, ms."""
    stuck = [await fleet.dashboard() for _ in range(slow)]  # nobody ever reads from them
    name = "k000"
    await fleet.sockets[name].close()
    await fleet.open_screen(name, read=False)
    socket = fleet.sockets[name]
    await socket.receive()
    taken = []
    for _ in range(DELAYS):
        began = time.perf_counter()
        await socket.send_json({"type": "hello", "protocol": 1})  # refused, with an answer
        while json.loads((await socket.receive()).data)["type"] != "error":
            pass
        taken.append((time.perf_counter() - began) * 1e3)
        await CLOCK.sleep(0.1)
    for feed in stuck:
        await feed.close()
    return quantile(taken, 0.95)


async def fleet() -> Sequence[Row]:
    """Measure."""
    async with _running() as running:
        page = await _opening(running)
        painted, live = await _opening_in_a_browser(running)
        delays = await _delays(running)
        none = await _share(running, 0)
        one = await _share(running, 1)
        ten = await _share(running, 10)
        alone, beside = await _answered(running, 0), await _answered(running, 5)
    rate = f"{SCREENS} screens, {SCREENS / REPORT_EVERY_S:.0f} news a second"
    return [
        Row(f"{rate}: fleet page, against a second", page, TARGET_MS, "ms"),
        Row(f"{rate}: fleet page painted in Chromium, against a second", painted, TARGET_MS, "ms"),
        Row(f"{rate}: fleet page live in Chromium, against a second", live, TARGET_MS, "ms"),
        Row(
            f"{rate}: news to dashboard, median, against a second", median(delays), TARGET_MS, "ms"
        ),
        Row(f"{rate}: news to dashboard, p95", quantile(delays, 0.95), TARGET_MS, "ms"),
        Row(f"{rate}: server with 1 dashboard, against none", one, none, "% of a core"),
        Row(f"{rate}: server with 10 dashboards, against none", ten, none, "% of a core"),
        Row(f"{rate}: a screen's answer beside 5 stuck dashboards, p95", beside, alone, "ms"),
    ]
