"""Tests of the service worker: what it keeps, that it is new with every version, and its end."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk.web.pages import page_version
from kiosk.web.shell import SHELL
from kiosk.web.worker import kept_files
from tests.unit.running import Running, running


async def script(server: Running) -> str:
    async with server.http.get(f"{server.url}/sw.js") as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")
        assert answer.headers["Cache-Control"] == "no-cache"
        return await answer.text()


def test_it_keeps_the_screens_own_files_and_no_operators() -> None:
    names = [
        "kiosk/main.js", "kiosk/sw.js", "kiosk/sw-off.js", "kiosk/keyboards/ar.js",
        "operator/operator.js", "plugin/card.css", "kiosk/kiosk.css", "kiosk/icon.svg",
    ]  # fmt: skip
    ours = ["/static/kiosk/icon.svg", "/static/kiosk/kiosk.css", "/static/kiosk/main.js"]
    assert kept_files(names) == [*ours, "/offline"]


async def test_all_that_it_keeps_from_the_start_is_there(tmp_path: Path) -> None:
    async with running(tmp_path, access={"open": False}) as server:
        head, _, _ = (await script(server)).partition(";\n")
        kept = json.loads(head.removeprefix("const KEPT = "))
        assert kept["version"] == server.app[SHELL].version
        for path in kept["files"]:
            async with server.http.get(f"{server.url}{path}") as answer:
                assert answer.status == 200, path
        assert "/offline" in kept["files"]


async def test_its_bytes_change_with_what_pages_show(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        first = await script(server)
    async with running(tmp_path, site={"name": "Another"}) as server:
        assert await script(server) != first


async def test_a_site_without_one_removes_it_from_its_screens(tmp_path: Path) -> None:
    async with running(tmp_path, screen={"service_worker": False}) as server:
        assert "registration.unregister()" in await script(server)


def test_a_version_fits_into_hello() -> None:
    assert len(page_version("1.2.3.dev456+g" + "0" * 60, "a", "b")) <= 64
    assert page_version("1", "a", "b") != page_version("1", "ab", "")
