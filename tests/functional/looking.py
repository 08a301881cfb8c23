"""Looking on from outside: as an operator who is logged in, as a listener on the bus."""

from __future__ import annotations

from html import unescape

from kiosk import keys
from kiosk.testing import KioskHarness

PASSWORD = "a-good-long-password"


async def log_in(harness: KioskHarness) -> None:
    """Log the harness's client in, as an admin."""
    await harness.app[keys.OPERATORS].add("anna", PASSWORD)
    fields = {"name": "anna", "password": PASSWORD}
    url = f"{harness.url}/operator/login"
    async with harness.http.post(url, data=fields, headers={"Origin": harness.url}) as answer:
        assert answer.status == 200, await answer.text()


async def page(harness: KioskHarness, path: str) -> str:
    """Return a page that a person may see."""
    headers = {"Accept": "text/html"}
    async with harness.http.get(harness.url + path, headers=headers) as answer:
        assert answer.status == 200, f"{path}: {answer.status}"
        return unescape(await answer.text())


def calls(harness: KioskHarness, outcome: str, tool: str = "open_gate") -> float | None:
    """Return how often a tool was called with an outcome: ok, failed, refused, timeout."""
    labels = {"tool": tool, "outcome": outcome}
    return harness.app_metrics().registry.get_sample_value("kiosk_tool_calls_total", labels)
