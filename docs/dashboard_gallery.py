"""Draws every page of the operators' dashboard, light and dark, wide and narrow, to be looked at.

Run `.venv/bin/python docs/dashboard_gallery.py [FOLDER]`; the folder is docs/gallery when none is
named. `--pictures FOLDER` keeps each picture in its own size, `--only WORD` takes the pages whose
name has the word. It runs the demo with three screens of two houses, a past that is made up, and a
visit that is going on. It needs Chromium and takes about three minutes. Pages that scroll sideways
and words that are cut are printed, and end it with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import random
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pyotp
from playwright.async_api import Browser, Page, async_playwright

from kiosk.cli.demo import OPERATOR, Demo, demo_running
from kiosk.clock import SystemClock
from kiosk.model import EndReason, Kiosk, Speaker, TranscriptEntry, VisitSummary
from kiosk.settings.sections import StorageSettings
from kiosk.storage.database import open_storage
from kiosk.storage.rows import AlertRow

SIZES: Final = {"1440": (1440, 900), "390": (390, 844)}
SCHEMES: Final = ("light", "dark")
THUMB_PX: Final = {"1440": 470, "390": 200}
COLUMNS: Final = {"1440": 4, "390": 9}
TALLEST: Final = {"1440": 1500, "390": 1900}
"""Of a page, px; what is below is left out of its picture, not of what is measured."""
QUALITY: Final = 40
DEADLINE_MS: Final = 20_000
SCREENS: Final = (
    Kiosk("lobby", "Lobby", "entrance"),
    Kiosk("harbour", "Harbour gallery", "first floor"),
    Kiosk("north", "North entrance", "coat check", site="north"),
)
TOML: Final = """
[operators]
prove_minutes = 1
[operators.oidc]
issuer = "https://login.example.org/museum"
client_id = "kiosk"
label = "your museum account"
roles = { staff = ["operator"] }
# Nobody answers there: what is to be sent waits, and the page of the sinks says so.
[plugins.webhook_sink]
url = "https://archive.example.org/turns"
secret = "of the gallery only, and of nothing else"
[retention]
visitor_code = true
[sites.main]
name = "Museum"
[sites.north]
name = "North wing"
[[operators.sentences]]
id = "closing"
text = { en = "The museum closes in ten minutes." }
"""
QUESTIONS: Final = (
    ("Where are the lifts?", "The lifts are behind the staff desk, on your left."),
    ("When does the museum close today?", "Today we close at six in the evening."),
    ("Is there a guided tour this afternoon?", "Yes, at three. It starts at the staff desk."),
)
FAULTS: Final = """() => {
  const found = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.push(`scrolls sideways by ${scrollWidth - innerWidth} px`);
  for (const one of document.querySelectorAll("main *, .bar *")) {
    const style = getComputedStyle(one);
    if (!one.textContent.trim() || one.closest(".theme-frame, [hidden], svg, select")) continue;
    if (style.clipPath !== "none" || style.textOverflow === "ellipsis") continue;
    const cut = style.overflowX === "hidden" || style.overflowX === "clip";
    const words = one.textContent.trim().slice(0, 40);
    if (cut && one.scrollWidth > one.clientWidth + 1) found.push(`cuts ${words}`);
  }
  return found;
}"""


@dataclass(slots=True)
class Work:
    """What is drawn, where it is kept, and what was found wrong."""

    folder: Path
    pictures: Path | None
    only: str
    shots: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)


async def furnish(folder: Path) -> str:
    """Write three weeks of visits and some alerts into the demo's database; returns one visit."""
    dice, clock = random.Random(7), SystemClock()  # always the same
    now, visit_id = clock.now(), ""
    url = f"sqlite+aiosqlite:///{folder / 'demo.sqlite3'}"
    async with open_storage(StorageSettings(url=url), clock) as storage:
        await storage.kiosks.sync(SCREENS)
        for number in range(120):
            screen, language = dice.choice(SCREENS), dice.choice(("en", "en", "de", "fr", "ar"))
            began = now - timedelta(days=dice.randrange(21), minutes=dice.randrange(30, 600))
            visit_id, length = f"visit_{number:024d}", timedelta(seconds=dice.randrange(20, 300))
            await storage.visits.started(visit_id, screen.id, language, began)
            asked = dice.sample(QUESTIONS, dice.randrange(1, 4))
            lines: list[tuple[Speaker, str]] = []
            for question, answer in asked:
                lines += [("visitor", question), ("avatar", answer)]
            said = [
                TranscriptEntry(visit_id, screen.id, seq, who, text, "en", began)
                for seq, (who, text) in enumerate(lines, 1)
            ]
            await storage.turns.add(said)
            figures: dict[str, dict[str, float]] = {
                "step": {"consent": 1, "greeting": 1, "asked": 1, "tool": dice.randrange(2)},
                "tool": {f"find_way {dice.choice(('ok', 'ok', 'ok', 'timed_out'))}": 1},
                "tool_ms": {"find_way": dice.randrange(20, 900)},
                "answer_ms": {dice.choice(("500", "1000", "1000", "2000", "more")): len(asked)},
                "answer": {"ms": 800 * len(asked)},
                "satisfaction": {str(dice.randrange(2, 6)): 1},
                "media": {dice.choice(("direct", "direct", "direct", "relayed")): 1},
                "tokens": {"input": dice.randrange(800, 4000), "output": dice.randrange(200, 900)},
                "avatar": {"starts": 1},
                "unanswered": {"faq": dice.randrange(2)},
            }
            reason = dice.choice(
                (EndReason.GOODBYE, EndReason.GOODBYE, EndReason.IDLE, EndReason.MEDIA_FAILED)
            )
            await storage.visits.ended(
                VisitSummary(
                    visit_id, screen.id, language, began, began + length, reason, len(lines),
                    ("find_way",), figures,
                )
            )  # fmt: skip
        await storage.alerts.apply(
            new=[
                AlertRow(
                    f"alert_{number}", f"offline:{number}", "offline", "warning", "main", "harbour",
                    "Harbour gallery has been away for 12 min in its opening hours.",
                    "Look whether it has power and network.", since, since, since, since,
                    resolved_at=since + timedelta(minutes=40),
                    acked_at=since + timedelta(minutes=3), acked_by="anna", acked_why="on my way",
                )
                for number in range(4)
                for since in [now - timedelta(days=number + 1, hours=3)]
            ]
            + [
                AlertRow(
                    f"alert_of_{screen}", f"offline:{screen}", "offline", "warning", site, screen,
                    f"{name} has not connected since the server started.",
                    "Look whether it has power and network.", since, since, since, since,
                    acked_at=now if why else None, acked_by="anna" if why else "", acked_why=why,
                )
                for screen, site, name, why in (
                    ("harbour", "main", "Harbour gallery", ""),
                    ("north", "north", "North entrance", "painters unplugged it"),
                )
                for since in [now - timedelta(minutes=26)]
            ]
        )  # fmt: skip
        await storage.keeping.hold(visit_id, "anna", "claim of a visitor", None)
    return visit_id


def settings_of() -> str:
    """Return the demo's settings file: its screens and their houses."""
    rows = "".join(
        f'[[kiosks]]\nid = "{one.id}"\nname = "{one.name}"\n'
        f'place = "{one.place}"\nsite = "{one.site}"\n'
        for one in SCREENS
    )
    return rows + TOML


async def opened(browser: Browser, address: str) -> Page:
    """Open an address in a profile of its own."""
    page = await (await browser.new_context(reduced_motion="reduce")).new_page()
    page.set_default_timeout(DEADLINE_MS)
    await page.goto(address)
    return page


async def draw(work: Work, page: Page, name: str, address: str = "") -> None:
    """Take one page in every size and scheme, and measure it."""
    if address:
        await page.goto(address)  # also when it is not wanted: what comes next may begin there
    if work.only not in name:
        return
    await page.evaluate("document.fonts.ready")
    schemes: tuple[Any, ...] = SCHEMES
    for (size, (width, height)), scheme in itertools.product(SIZES.items(), schemes):
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=scheme)
        sheet = f"dashboard-{size}-{scheme}"
        tall = await page.evaluate("document.documentElement.scrollHeight")
        clip: Any = {"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST[size])}
        shot = await page.screenshot(type="jpeg", quality=85, full_page=True, clip=clip)
        work.shots.setdefault(sheet, []).append((name, shot))
        work.found += [
            f"{name} at {size} px: {one}"
            for one in await page.evaluate(FAULTS)
            if scheme == "light"
        ]
        if work.pictures is not None:
            kept = work.pictures / f"{name.replace(' ', '-')}-{size}-{scheme}.png"
            await page.screenshot(path=str(kept), full_page=True, clip=clip)


async def logged_in(browser: Browser, demo: Demo) -> Page:
    """Return the page that the demo's operator finds after the password."""
    page = await opened(browser, f"{demo.url}/operator/login")
    await page.locator("[name=name]").fill(OPERATOR)
    await page.locator("[name=password]").fill(demo.password)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await page.wait_for_load_state("load")
    return page


async def let_in(work: Work, page: Page, screen: Page, screens: str) -> None:
    """Draw a new screen with its code, and where it waits; let it in as the lobby's."""
    code = await screen.get_by_test_id("pairing-code").inner_text()
    await draw(work, screen, "a new screen shows its code")
    await draw(work, page, "a new screen waits", screens)
    waiting = page.get_by_role("listitem").filter(has_text=code)
    await waiting.get_by_role("combobox").select_option("lobby")
    await waiting.get_by_role("button", name="Let it in").click()
    await draw(work, page, "a new screen is let in")
    await screen.wait_for_selector("body[data-state=attract]")


async def second_factor(work: Work, page: Page, browser: Browser, demo: Demo) -> None:
    """Set one up, and log in with it."""
    at = f"{demo.url}/operator/me/totp"
    await draw(work, page, "second factor", at)
    device = pyotp.TOTP(await page.locator(".key").inner_text())
    await page.locator("#code").fill(device.now())
    await page.get_by_role("button", name="Use this device").click()
    await draw(work, page, "second factor in use")
    await draw(work, await logged_in(browser, demo), "login second step")


async def draw_all(work: Work, browser: Browser, demo: Demo, past: str) -> None:
    """Log in, begin a visit, and go through the dashboard."""
    out = await opened(browser, f"{demo.url}/operator/login")
    await draw(work, out, "login")
    await draw(work, out, "login by emergency code", f"{demo.url}/operator/login/emergency")
    await draw(work, out, "a screen enrols", f"{demo.url}/enrol")
    await draw(work, out, "erase with a code", f"{demo.url}/erase")
    await draw(work, out, "logged out", f"{demo.url}/operator/login/out")
    page = await logged_in(browser, demo)
    at = f"{demo.url}/operator"
    screen = await opened(browser, demo.url)
    await let_in(work, page, screen, f"{at}/screens")
    await screen.get_by_test_id("start").click()
    await screen.get_by_test_id("consent-type").click()
    await screen.wait_for_selector("body[data-state=listening]")
    await screen.get_by_test_id("text-input").fill("Where are the toilets?")
    await screen.get_by_test_id("send").click()
    await screen.wait_for_selector(".line:last-child[data-speaker=avatar][data-final=true]")
    await draw(work, page, "now", f"{at}/")
    await draw(work, page, "wall", f"{at}/?view=wall")
    for name in ("alerts", "alerts/history", "visits", "insight", "retention", "plugins", "sinks"):
        await draw(work, page, name.replace("/", " "), f"{at}/{name}")
    for name in ("themes", "themes/gallery", "commands", "screens", "people", "me", "audit"):
        await draw(work, page, name.replace("/", " "), f"{at}/{name}")
    await second_factor(work, page, browser, demo)
    await draw(work, page, "person", f"{at}/people/{OPERATOR}")
    await draw(work, page, "screen", f"{at}/kiosks/lobby")
    await page.goto(f"{at}/")
    await page.locator("#pick-all").check()
    await page.locator("#bulk button").click()
    await page.wait_for_load_state("load")
    await draw(work, page, "command to many")
    await page.locator("main form .actions button").click()
    await page.wait_for_load_state("load")
    await draw(work, page, "command given")
    await draw(work, page, "visit over", f"{at}/visits/{past}")
    await draw(work, page, "visit held", f"{at}/visits/{past}/keep")
    await draw(work, page, "visit erase", f"{at}/visits/{past[:-1]}0/keep")
    await page.goto(f"{at}/transcripts")
    await page.locator("#words").fill("lift")
    await page.locator("main form button").first.click()
    await page.wait_for_selector(".found")
    await draw(work, page, "transcripts")
    await page.goto(f"{at}/")
    visit = await page.locator('[data-kiosk="lobby"] .state a').get_attribute("href")
    await draw(work, page, "visit live", f"{demo.url}{visit}")
    await page.get_by_role("button", name="Take over").click()
    await page.locator("#typed").wait_for()
    await draw(work, page, "visit taken over")
    await draw(work, page, "visit end", f"{demo.url}{visit}/end")
    async with asyncio.timeout(90):
        while not page.url.startswith(f"{at}/me/prove"):  # a young login is not asked
            await page.goto(f"{at}/me/prove")
    await draw(work, page, "proof")


async def sheet(page: Page, title: str, size: str, shots: Sequence[tuple[str, bytes]]) -> bytes:
    """Return the pictures beside each other, each with its name, as WebP."""
    cells = "".join(
        f"<figure><figcaption>{name}</figcaption>"
        f"<img src='data:image/jpeg;base64,{base64.b64encode(shot).decode()}'></figure>"
        for name, shot in shots
    )
    width = COLUMNS[size] * (THUMB_PX[size] + 12) + 12
    await page.set_viewport_size({"width": width, "height": 600})
    await page.set_content(
        f"<style>body{{margin:12px;font:14px sans-serif;background:#777;color:#fff}}main{{columns:"
        f"{COLUMNS[size]} {THUMB_PX[size]}px;column-gap:12px}}figure{{margin:0 0 12px;break-inside:"
        f"avoid}}img{{width:100%;display:block}}figcaption{{padding:2px 0}}</style>"
        f"<h1 style='font-size:18px'>{title}</h1><main>{cells}</main>"
    )
    height = await page.evaluate("document.documentElement.scrollHeight")
    devtools = await page.context.new_cdp_session(page)
    # Playwright itself takes no WebP, which is half of a JPEG.
    taken: dict[str, Any] = await devtools.send(
        "Page.captureScreenshot",
        {
            "format": "webp",
            "quality": QUALITY,
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1},
        },
    )
    await devtools.detach()
    return base64.b64decode(taken["data"])


async def work_through(work: Work, chromium: str) -> None:
    """Run the demo and the browser, and draw the sheets."""
    with tempfile.TemporaryDirectory(prefix="kiosk-gallery-") as name:
        data = Path(name)
        past = await furnish(data)
        config = data / "kiosk.toml"
        await asyncio.to_thread(config.write_text, settings_of(), "utf-8")
        async with (
            async_playwright() as playwright,
            demo_running(
                voice="light", data=data, config=config, overrides={"access": {"open": False}}
            ) as demo,
        ):
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            await draw_all(work, browser, demo, past)
            paper = await browser.new_page()
            for sheet_name, shots in work.shots.items():
                _, size, scheme = sheet_name.split("-")
                image = await sheet(paper, f"{size} px, {scheme}", size, shots)
                await asyncio.to_thread((work.folder / f"{sheet_name}.webp").write_bytes, image)
                print(f"{sheet_name}.webp: {len(shots)} pages, {len(image) // 1000} kB")
            await browser.close()


def main() -> None:
    """Draw, and exit 1 when something is wrong anywhere."""
    asked = argparse.ArgumentParser(description="Draw every page of the dashboard into sheets.")
    asked.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "gallery")
    asked.add_argument("--pictures", type=Path, help="a folder for each picture in its own size")
    asked.add_argument("--only", default="", metavar="WORD")
    options = asked.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("There is no Chromium on this machine; install it: apt install chromium.")
    for folder in (options.folder, options.pictures):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    work = Work(options.folder, options.pictures, options.only)
    asyncio.run(work_through(work, chromium))
    for line in work.found:
        print(line)
    if work.found:
        raise SystemExit(1)
    print("Nothing scrolls sideways or is cut.")


if __name__ == "__main__":
    main()
