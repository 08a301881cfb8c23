"""The preview of themes: for operators, framed by nobody but itself, every state a real screen."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kiosk import keys
from kiosk.security.operators import Operators
from kiosk.themes.making import new_theme
from kiosk.web.theme_preview import STATES
from tests.unit.running import running

PASSWORD = "a-good-long-password"
PAGE = {"Accept": "text/html"}


def break_one(folder: Path) -> None:
    new_theme("broken", folder)[0].write_text("name = 1")


async def test_operators_see_every_state_and_every_contrast(tmp_path: Path) -> None:
    await asyncio.to_thread(break_one, tmp_path / "themes")
    async with running(tmp_path, site={"themes": str(tmp_path / "themes")}) as server:
        for path in ("themes", "themes/dark", "themes/dark/screen", "themes.json"):
            address = f"{server.url}/operator/{path}"
            async with server.http.get(address, headers=PAGE, allow_redirects=False) as answer:
                assert (answer.status, "login" in answer.headers["Location"]) == (303, True)

        operators: Operators = server.app[keys.OPERATORS]
        await operators.add("anna", PASSWORD)
        form = {"name": "anna", "password": PASSWORD}
        async with server.http.post(
            f"{server.url}/operator/login", data=form, headers={"Origin": server.url}
        ) as answer:
            assert answer.status == 200

        async with server.http.get(f"{server.url}/operator/themes", headers=PAGE) as answer:
            listed = await answer.text()
        assert "Dark room" in listed
        assert "broken does not load" in listed
        async with server.http.get(f"{server.url}/operator/themes/dark", headers=PAGE) as answer:
            html = await answer.text()
            assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert html.count("<iframe") == len(STATES)
        assert "colours.ink on colours.surface" in html
        async with server.http.get(
            f"{server.url}/operator/themes/dark/screen", headers=PAGE
        ) as answer:
            html = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'self'" in policy
            assert "unsafe" not in policy
        assert "/static/themes/dark/screen.css?v=" in html
        assert "/static/operator/theme-screen.js" in html
        assert "/static/kiosk/main.js" not in html  # it must not take a screen's place
        async with server.http.get(f"{server.url}/operator/themes.json") as answer:
            assert (await answer.json())["version"]
        async with server.http.get(f"{server.url}/operator/themes/nope", headers=PAGE) as answer:
            assert answer.status == 404
