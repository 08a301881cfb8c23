"""What orchestrators ask: alive, ready, and the figures for those who may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk import keys
from kiosk.errors import KioskError
from kiosk.web.health import PLUGIN_FAILED
from tests.unit.web.composing import site


async def test_alive_whatever_else(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        running.app[keys.READY].state = "draining"
        assert (await running.get("/livez"))[:2] == (200, "ok\n")


@pytest.mark.parametrize(
    ("state", "status"), [("starting", 503), ("ready", 200), ("draining", 503)]
)
async def test_ready_only_when_the_application_says_so(
    tmp_path: Path, state: str, status: int
) -> None:
    async with site(tmp_path) as running:
        readiness = running.app[keys.READY]
        readiness.state = "ready" if state == "ready" else readiness.state
        if state == "starting":
            readiness.state = "starting"
        elif state == "draining":
            readiness.state = "draining"
        got, text, _ = await running.get("/readyz")
        body = json.loads(text)
        assert (got, body["status"], body["checks"]["storage"]["ok"]) == (status, state, True)


async def test_a_failing_check_says_why(tmp_path: Path) -> None:
    async def sad() -> None:
        raise KioskError("The bus does not answer; see that Redis runs.")

    async with site(tmp_path) as running:
        running.app[keys.READY].add("bus", sad)
        status, text, _ = await running.get("/readyz")
        body = json.loads(text)
        assert (status, body["status"]) == (503, "failing")
        assert body["checks"]["bus"]["message"].startswith("The bus does not answer")
        assert body["checks"]["storage"]["ok"]


async def test_why_a_plugins_check_fails_is_for_operators(tmp_path: Path) -> None:
    async def sad() -> None:
        raise KioskError("401, url='https://far.example/?key=s3cret'")

    through = {"X-Forwarded-For": "198.51.100.9"}
    async with site(tmp_path) as running:
        running.app[keys.READY].add("far:api", sad, critical=False)
        assert "s3cret" in (await running.get("/readyz"))[1], "this machine itself"
        status, text, _ = await running.get("/readyz", **through)
        assert (status, json.loads(text)["status"]) == (200, "degraded")
        assert json.loads(text)["checks"]["far:api"]["message"] == PLUGIN_FAILED
        await running.log_in()
        assert "s3cret" in (await running.get("/readyz", **through))[1]


async def test_metrics_for_this_machine(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        status, text, headers = await running.get("/metrics")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain")
        assert "kiosk_visits 0.0" in text


async def test_metrics_through_a_proxy_are_for_operators(tmp_path: Path) -> None:
    through = {"X-Forwarded-For": "198.51.100.9"}
    for proxies in (0, 1):
        folder = tmp_path / str(proxies)
        async with site(folder, server={"trusted_proxies": proxies}) as running:
            assert (await running.get("/metrics", **through))[0] == 401
            await running.log_in()
            assert (await running.get("/metrics", **through))[0] == 200
