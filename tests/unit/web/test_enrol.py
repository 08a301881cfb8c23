"""A new screen types its code once."""

from __future__ import annotations

from pathlib import Path

from kiosk import keys
from kiosk.security.access import Access
from kiosk.web.routes import Route
from tests.unit.web.composing import PAGE, site
from tests.unit.web.test_middlewares import screen

ROUTES = [Route("GET", "/screen", screen, Access.KIOSK)]


async def test_from_a_code_on_the_dashboard_to_a_screen(tmp_path: Path) -> None:
    async with site(tmp_path, routes=ROUTES) as running:
        await running.log_in()
        _, html, _ = await running.post("/operator/screens/west/code", Accept="text/html")
        code = html.partition("<output>")[2].partition("</output>")[0]
        assert "good once, for 15 min" in html
        running.client.cookie_jar.clear()
        assert "Enrol this screen" in await running.page("/enrol")
        status, _, headers = await running.post("/enrol", {"code": code.lower()})
        assert (status, headers["Location"]) == (303, "/kiosk")
        assert (await running.get("/screen"))[:2] == (200, "west")
        assert "is the screen west" in await running.page("/enrol")
        actions = [row.action for row in await running.storage.audit.recent()]
        assert actions == ["kiosk.enrolled", "kiosk.code", "operator.login"]
        assert code not in str(await running.storage.audit.recent())


async def test_a_wrong_code_comes_back_with_a_sentence(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        for code in ("AAAA-AAAA", "", "<script>", "é" * 500):
            status, html, headers = await running.post("/enrol", {"code": code}, **PAGE)
            assert status == 403
            assert "wrong, used or too old" in html
            assert "Set-Cookie" not in headers


async def test_the_screens_page_says_which_one_is_open(tmp_path: Path) -> None:
    async with site(tmp_path, access={"open": True}) as running:
        await running.log_in()
        assert running.app[keys.DEVICES].open_kiosk == "main"
        text = await running.page("/operator/screens")
        assert text.count("Also opens without a code") == 1
