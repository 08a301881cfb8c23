"""The operator's pages over real HTTP: the way in, what is shown, ending a visit, the audit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kiosk import keys
from kiosk.model import EndReason, VisitSummary
from kiosk.storage.rows import Grant
from tests.unit.web.composing import PAGE, PASSWORD, Site, site


async def audited(running: Site) -> list[tuple[str, str, str, str]]:
    rows = await running.storage.audit.recent()
    return [(row.actor, row.action, row.target, row.detail) for row in rows]


async def test_the_way_in_and_out(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        status, _, headers = await running.get("/operator/visits?before=visit_1", **PAGE)
        assert status == 303
        form = await running.get(headers["Location"], **PAGE)
        assert 'value="/operator/visits?before=visit_1"' in form[1]
        await running.log_in()
        assert "anna" in await running.page("/operator/")
        status, _, headers = await running.get("/operator/login", **PAGE)
        assert (status, headers["Location"]) == (303, "/operator/")
        status, _, headers = await running.post("/operator/logout")
        assert (status, headers["Location"]) == (303, "/operator/login")
        assert (await running.get("/operator/", **PAGE))[0] == 303
        assert [row[1] for row in await audited(running)] == ["operator.logout", "operator.login"]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/operator//evil.example",
        "/operator/\\evil.example",
        "/kiosk",
        "/operator/logout",
        "/operator/\r\nSet-Cookie: a=b",
        "",
    ],
)
async def test_a_login_sends_nobody_anywhere_else(tmp_path: Path, target: str) -> None:
    async with site(tmp_path) as running:
        fields = {"name": "anna", "password": PASSWORD, "next": target}
        status, _, headers = await running.post("/operator/login", fields)
        assert (status, headers["Location"]) == (303, "/operator/")
        assert "evil" not in str(headers)


async def test_a_wrong_password_comes_back_with_the_name_and_no_password(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        fields = {"name": 'anna"><script>', "password": "wrong-password-1"}
        status, text, headers = await running.post("/operator/login", fields)
        assert status == 401
        assert "do not belong together" in text
        assert "wrong-password-1" not in text
        assert "<script>" not in text.replace('<script type="module"', "")
        assert "Set-Cookie" not in headers


async def test_guessing_is_paused_and_says_how_long(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        for _ in range(5):
            fields = {"name": "anna", "password": "wrong"}
            assert (await running.post("/operator/login", fields))[0] == 401
        fields = {"name": "anna", "password": PASSWORD}
        status, text, headers = await running.post("/operator/login", fields)
        assert (status, headers["Retry-After"]) == (429, "60")
        assert "60 seconds" in text
        running.clock.advance(61)
        await running.log_in()


async def test_a_login_nobody_uses_is_over(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        running.clock.advance(59 * 60)
        await running.page("/operator/")
        running.clock.advance(59 * 60)
        await running.page("/operator/")
        running.clock.advance(61 * 60)
        assert (await running.get("/operator/", **PAGE))[0] == 303


async def test_now_shows_each_screen_as_a_sentence(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        await running.said(1, "Wo sind die Aufzüge?")
        text = await running.page("/operator/")
        assert "1 of 2 screens connected, 1 visit running." in text
        assert re.search(r"Main entrance .*Ground floor .*Listening in German .*direct pic", text)
        assert "Lobby West has not connected since this server started" in text
        assert "Aufzüge" not in text


async def past(running: Site, visit: str, seconds: float, **more: Any) -> None:
    start = running.at(seconds)
    await running.storage.visits.started(visit, "west", "pt", start)
    await running.storage.visits.ended(
        VisitSummary(
            visit, "west", "pt", start, running.at(seconds + 95), EndReason.IDLE, 1, **more
        )
    )


async def test_past_visits_come_in_pages(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        for number in range(53):
            await past(running, f"visit_{number}", number)
        _, html, _ = await running.get("/operator/visits", **PAGE)
        assert html.count('href="/operator/visits/visit_') == 50
        older = re.search(r'href="(/operator/visits\?before=[^"]+)"', html)
        assert older is not None
        _, rest, _ = await running.get(older[1], **PAGE)
        assert rest.count('href="/operator/visits/visit_') == 3
        assert "visit_0" in rest


async def test_what_does_not_exist_is_not_found_and_not_audited(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        for path in ("/operator/visits/visit_x", "/operator/visits/%ff%fe", "/operator/visits/a b"):
            assert (await running.get(path, **PAGE))[0] == 404
            assert (await running.post(f"{path}/end"))[0] == 404
        assert (await running.post("/operator/screens/nowhere/code"))[0] == 404
        assert [row[1] for row in await audited(running)] == ["operator.login"]
        _, text, _ = await running.get("/operator/visits/visit_x", **PAGE)
        assert "There is no such visit" in text


async def test_the_audit_and_the_screens_are_for_admins(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in("bert")
        for path in ("/operator/audit", "/operator/screens"):
            status, text, _ = await running.get(path, **PAGE)
            assert status == 403
            assert "ask an admin" in text
        assert (await running.post("/operator/screens/main/code"))[0] == 403
        assert "Audit" not in await running.page("/operator/")


async def test_the_audit_lists_what_was_done(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        for number in range(103):
            await running.storage.audit.add("bert", "visit.end", f"visit_{number}", "<i>why</i>")
        _, html, _ = await running.get("/operator/audit", **PAGE)
        assert "&lt;i&gt;why" in html
        assert html.count("<tr>") == 101
        older = re.search(r'href="(/operator/audit\?before=\d+)"', html)
        assert older is not None
        assert "operator.login" in await running.page(older[1])
        for junk in ("x", "-1", "9" * 40, "²"):
            await running.page(f"/operator/audit?before={junk}")


async def test_the_audit_links_to_no_visit_that_is_gone(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit("visit_live")
        await past(running, "visit_kept", 0)
        await past(running, "visit_gone", 1)
        for name in ("visit_live", "visit_kept", "visit_gone"):
            await running.storage.audit.add("bert", "visit.read", name)
        await running.storage.audit.add("bert", "visit.erase", "visit_gone")
        await running.storage.keeping.erase({"visit_gone"}, whole=True)
        _, html, _ = await running.get("/operator/audit", **PAGE)
        links = re.findall(r'href="(/operator/visits/[^"]+)"', html)
        assert links == ["/operator/visits/visit_kept", "/operator/visits/visit_live"]
        for link in links:
            assert (await running.get(link, **PAGE))[0] == 200
        assert html.count("<code>visit_gone</code>") == 2


async def test_the_audit_links_to_no_visit_that_its_reader_may_not_open(tmp_path: Path) -> None:
    async with site(tmp_path, houses={"main": "north", "west": "south"}) as running:
        await past(running, "visit_kept", 0)
        await running.visit("visit_live")
        for name in ("visit_kept", "visit_live"):
            await running.storage.audit.add("anna", "visit.read", name, site="north")
        await running.app[keys.OPERATORS].add("olga", PASSWORD, grants=[Grant("auditor")])
        await running.log_in("olga")
        _, html, _ = await running.get("/operator/audit", **PAGE)
        for link in re.findall(r'href="(/operator/visits/[^"]+)"', html):
            assert (await running.get(link, **PAGE))[0] == 200
        assert "<code>visit_kept</code>" in html


async def test_pages_work_without_scripts_or_styles_in_them(tmp_path: Path) -> None:
    """The content policy forbids inline code; a page that had some would break silently."""
    async with site(tmp_path) as running:
        await running.log_in()
        await running.visit()
        await running.said(1, "hello")
        await past(running, "visit_old", 0)
        for path in (
            "/operator/", "/operator/visits", "/operator/visits/visit_1", "/operator/audit",
            "/operator/visits/visit_old", "/operator/visits/visit_1/end", "/operator/screens",
            "/operator/nothing", "/enrol",
        ):  # fmt: skip
            _, html, _ = await running.get(path, **PAGE)
            assert "<main" in html
            assert re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", html) is None, path
