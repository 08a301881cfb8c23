"""What makes a screen usable by everybody, measured: axe, targets, gaps, contrast, nothing cut."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

AXE_FILE: Final = Path(__file__).parents[2] / "tests/js/node_modules/axe-core/axe.min.js"
AXE: Final = AXE_FILE.read_text("utf-8") if AXE_FILE.is_file() else ""
TARGET_PX: Final = 64
GAP_PX: Final = 16
CAPTION_CONTRAST: Final = 7.0
TEXT_CONTRAST: Final = 4.5
LARGE_CONTRAST: Final = 3.0

# The rule and the element, and nothing else. All of WCAG 2.2 AA and axe's own advice; contrast is
# measured by ourselves, because axe gives up where text lies on a picture.
VIOLATIONS: Final = """async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: {
      "page-has-heading-one": { enabled: false }, // its states are screens of one page
    },
  })).violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160))}`)"""

# Everything that can be touched and is seen: how large, how far from its neighbours, cut or not.
TARGETS: Final = """([size, gap]) => {
  const faults = [], seen = [];
  for (const one of document.querySelectorAll("button, input, a[href], select, [role=button]")) {
    const box = one.getBoundingClientRect();
    const shown = one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!box.width || !shown) continue;
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const name = one.dataset.testid ?? one.textContent.trim().slice(0, 24);
    // Scrolled out of view, behind the edge of its box.
    if (!middle || !(one.contains(middle) || middle.contains(one))) continue;
    if (Math.min(box.width, box.height) < size - 0.1) {
      faults.push(`small: ${name} ${box.width}x${box.height}`);
    }
    if (box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) {
      faults.push(`outside: ${name}`);
    }
    if (one.scrollWidth > one.clientWidth + 1 && one.tagName === "BUTTON") {
      faults.push(`cut: ${name}`);
    }
    seen.push([name, box]);
  }
  for (const [i, [name, a]] of seen.entries()) {
    for (const [other, b] of seen.slice(i + 1)) {
      // Sending is part of the field: a touch beside it only brings the field's own cursor.
      if (name === "text-input" && other === "send") continue;
      const across = Math.max(a.left - b.right, b.left - a.right);
      const down = Math.max(a.top - b.bottom, b.top - a.bottom);
      if (Math.max(across, down) < gap - 0.1) {
        faults.push(`close: ${name} and ${other} ${across} ${down}`);
      }
    }
  }
  return faults;
}"""

# Every text that is seen, against what lies behind it: the nearest painted box, or the backdrop.
CONTRASTS: Final = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const solid = (colour) => rgba(colour)[3] > 250;
  const scrim = document.querySelector(".scrim");
  const behind = (element, box) => {
    for (let one = element; one && one !== document.body; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one);
      if (solid(backgroundColor)) return backgroundColor;
    }
    const under = scrim.getBoundingClientRect(), paint = getComputedStyle(scrim).backgroundColor;
    const x = box.x + 2, y = box.y + box.height / 2;
    if (solid(paint) && x >= under.left && x <= under.right && y >= under.top) return paint;
    return getComputedStyle(document.body).backgroundColor;
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim()) continue;
    if (element.closest("script, template, .only-heard, [aria-disabled=true]")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || box.bottom < 0 || box.top > innerHeight) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const kind = element.closest(".captions") ? "caption"
      : size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? "large" : "text";
    const colours = [rgba(style.color).slice(0, 3), rgba(behind(element, box)).slice(0, 3)];
    const row = [kind, ...colours, node.textContent.trim().slice(0, 30)];
    found.set(JSON.stringify(row.slice(0, 3)), row);
  }
  return [...found.values()];
}"""


def luminance(colour: list[int]) -> float:
    """Return the relative luminance of an sRGB colour, as WCAG defines it."""
    parts = []
    for value in colour:
        share = value / 255
        parts.append(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: list[int], other: list[int]) -> float:
    """Return the contrast ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


async def contrast_faults(page: Page) -> list[str]:
    """Return every text whose contrast is too low; captions need more than others."""
    wanted = {"caption": CAPTION_CONTRAST, "large": LARGE_CONTRAST, "text": TEXT_CONTRAST}
    rows: list[list[Any]] = await page.evaluate(CONTRASTS)
    return [
        f"{kind} {ratio:.2f}: {words}"
        for kind, ink, ground, words in rows
        if (ratio := contrast(ink, ground)) < wanted[kind]
    ]


async def faults(page: Page, *, axe: bool = True) -> list[str]:
    """Return all that is wrong with what the page shows now."""
    found: list[str] = await page.evaluate(TARGETS, [TARGET_PX, GAP_PX])
    found += await contrast_faults(page)
    if axe and AXE:
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE)
        found += await page.evaluate(VIOLATIONS)
    return found


async def painted(page: Page) -> None:
    """Wait until what changed was laid out and its observers were told."""
    await page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


async def until(page: Page, claim: str) -> None:
    """Wait until a JavaScript expression holds; the page's own policy allows no `eval` for it."""
    look = f"const look = () => ({claim}) ? done() : requestAnimationFrame(look); look();"
    async with asyncio.timeout(60):
        await page.evaluate(f"() => new Promise((done) => {{ {look} }})")
