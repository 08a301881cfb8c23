"""The page of plugins, and what plugins do to the operators' other pages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kiosk import keys
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.values import LoginRequest, OperatorClaim, PageView, Panel
from kiosk.model import Kiosk
from kiosk.testing.fakes import FakeSession
from tests.unit.hooks.hooking import turn
from tests.unit.web.composing import KIOSKS, PAGE, Site, site


class Failing:
    """Fails where a visit would ask it, and has something of everything."""

    def __init__(self) -> None:
        self.left: asyncio.Task[Any] | None = None

    @hookimpl
    def register_tools(self, register: Any) -> None:
        def open_gate() -> str:
            """Open the gate."""
            return "open"

        register(open_gate)

    @hookimpl
    async def admit_session(self, kiosk: Kiosk) -> None:
        raise ValueError(f"what nobody should read about {kiosk.id}")

    @hookimpl
    async def dashboard_panels(self) -> list[Panel]:
        wait = asyncio.Event().wait()
        self.left = asyncio.get_running_loop().create_task(wait)
        return []


async def test_the_page_names_plugin_hook_and_place_of_every_failure(tmp_path: Path) -> None:
    async with site(tmp_path, plugins={"gate": Failing()}) as running:
        hooks = running.app[keys.HOOKS]
        await running.log_in()
        page = await running.page("/operator/plugins")
        assert "open_gate" in page
        assert "No failures since the server started" in page
        await hooks.admit_session(KIOSKS[0])
        page = await running.page("/operator/plugins")
        assert "1 failure since the server started" in page
        assert "admit_session" in page
        assert "ValueError" in page
        assert "test_plugin_page.py:" in page
        assert "nobody should read" not in page


async def test_counts_go_on_and_one_plugin_hides_no_other(tmp_path: Path) -> None:
    often = 250
    limits = {"hooks": {"off": True, "breaker_failures": 2 * often}}
    plugins = {"gate": Failing(), "lift": Boxes(42)}
    async with site(tmp_path, plugins=plugins, sections=limits) as running:
        hooks = running.app[keys.HOOKS]
        await running.log_in()
        await running.page("/operator/")
        for _ in range(often):
            await hooks.admit_session(KIOSKS[0])
        page = await running.page("/operator/plugins")
        assert f"{often} failures since the server started" in page
        assert "returned int" in page, "the lift's only failure is still there"


class Deaf:
    """Hears of events when its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    @hookimpl
    async def session_event(self) -> None:
        await self.gate.wait()


async def test_events_that_a_slow_plugin_lost_are_told(tmp_path: Path) -> None:
    deaf = Deaf()
    limits = {"hooks": {"off": True, "queue": 10, "breaker_failures": 1}}
    plugins = {"deaf": deaf, "gate": Failing()}
    async with site(tmp_path, plugins=plugins, sections=limits) as running:
        hooks = running.app[keys.HOOKS]
        await running.log_in()
        page = await running.page("/operator/plugins")
        assert "lost since" not in page
        assert "not made since" not in page
        for number in range(13):
            hooks.session_event(FakeSession(), turn("x", seq=number))
        await hooks.admit_session(KIOSKS[0])
        await hooks.admit_session(KIOSKS[0])
        page = await running.page("/operator/plugins")
        assert "3 events lost since the server started" in page
        assert "1 call not made since the server started" in page
        deaf.gate.set()


async def test_a_left_out_hook_is_shown_and_an_admin_may_try_again(tmp_path: Path) -> None:
    async with site(tmp_path, plugins={"gate": Failing()}) as running:
        hooks = running.app[keys.HOOKS]
        for _ in range(5):
            await hooks.admit_session(KIOSKS[0])
        await running.log_in("bert")
        page = await running.page("/operator/plugins")
        assert "admit_session is left out since 12:00:00 after 5 failures in a row" in page
        assert "Try again now" not in page, "bert is no admin"
        assert (await running.post("/operator/plugins/gate/again"))[0] == 403
        await running.log_in("anna")
        assert "Try again now" in await running.page("/operator/plugins")
        status, _, headers = await running.post("/operator/plugins/gate/again")
        assert (status, headers["Location"]) == (303, "/operator/plugins?tried=gate")
        page = await running.page(headers["Location"])
        assert "The hooks of gate are called again" in page
        assert "left out" not in page
        assert (await running.post("/operator/plugins/nobody/again"))[0] == 404
        rows = await running.storage.audit.recent()
        assert [(row.actor, row.target) for row in rows if row.action == "plugin.try_again"] == [
            ("anna", "gate")
        ]


async def test_a_task_that_a_hook_left_running_is_shown(tmp_path: Path) -> None:
    plugin = Failing()
    async with site(tmp_path, plugins={"gate": plugin}) as running:
        await running.log_in()
        assert "Still running" not in await running.page("/operator/plugins")
        await running.page("/operator/")
        assert "1 task that dashboard_panels began" in await running.page("/operator/plugins")
        assert plugin.left is not None
        assert not plugin.left.done()
        hooks = running.app[keys.HOOKS]
    assert plugin.left.cancelled(), "it is ended with the server"
    assert [(item.hook, item.kind) for item in hooks.failures] == [
        ("dashboard_panels", "left a task running")
    ]


# ── the other pages ──────────────────────────────────────────────────────────────────────────


class SignOn:
    """Believes a header, as behind a proxy that authenticates."""

    def __init__(self) -> None:
        self.asked: list[LoginRequest] = []
        self.answer: Any = None

    @hookimpl
    async def operator_from_request(self, request: LoginRequest) -> Any:
        self.asked.append(request)
        if self.answer is not None:
            return self.answer
        name = request.headers.get("x-user", "")
        return OperatorClaim(name, admin=name == "ada") if name else None


async def test_hook_operator_from_request(tmp_path: Path) -> None:
    sign_on = SignOn()
    async with site(tmp_path, plugins={"sso": sign_on}) as running:
        assert (await running.get("/operator/", **PAGE))[0] == 303, "nobody is nobody"
        status, text, _ = await running.get("/operator/", **PAGE, **{"X-User": "ada"})
        assert (status, "ada" in text) == (200, True)
        assert (await running.get("/operator/audit", **{"X-User": "ada"}))[0] == 200
        assert (await running.get("/operator/audit", **{"X-User": "bob"}))[0] == 403
        status, _, _ = await running.post("/operator/screens/main/code", None, **{"X-User": "ada"})
        assert status == 200
        assert [row.actor for row in await running.storage.audit.recent()] == ["ada"]
        await running.log_in("anna")
        assert "anna" in await running.page("/operator/"), "the cookie comes after the plugins"


async def test_single_sign_on_does_not_see_our_cookies(tmp_path: Path) -> None:
    sign_on = SignOn()
    async with site(tmp_path, plugins={"sso": sign_on}) as running:
        await running.log_in()
        running.client.cookie_jar.update_cookies({"proxy": "session"})
        await running.page("/operator/")
        request = sign_on.asked[-1]
        assert dict(request.cookies) == {"proxy": "session"}
        assert "cookie" not in request.headers
        assert (request.method, request.path, request.peer) == ("GET", "/operator/", "127.0.0.1")


@pytest.mark.parametrize("answer", [42, OperatorClaim(7), OperatorClaim("  ")])  # type: ignore[arg-type]  # the mistake
async def test_a_single_sign_on_that_fails_lets_nobody_in(tmp_path: Path, answer: object) -> None:
    sign_on = SignOn()
    sign_on.answer = answer
    async with site(tmp_path, plugins={"sso": sign_on}) as running:
        assert (await running.get("/operator/", **PAGE))[0] == 303


class Boxes:
    """Has a panel, and another answer when it is told."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    @hookimpl
    def dashboard_panels(self, operator: str) -> Any:
        if self.answer is not None:
            return self.answer
        return [Panel(f"Lift for {operator}", "It <b>runs</b>.", [("Trips", "12")])]


async def test_hook_dashboard_panels(tmp_path: Path) -> None:
    async with site(tmp_path, plugins={"lift": Boxes()}) as running:
        await running.log_in()
        page = await running.page("/operator/")
        assert "Lift for anna" in page
        assert "It &lt;b&gt;runs&lt;/b&gt;." in page
        assert "Trips 12" in page


@pytest.mark.parametrize(
    "answer",
    [42, "text", [42], [Panel(5)], [Panel("x", rows=5)], [Panel("x", rows=[("a", "b", "c")])]],  # type: ignore[arg-type, list-item]  # the mistakes
    ids=repr,
)
async def test_a_panel_that_is_nonsense_says_so_and_the_page_is_there(
    tmp_path: Path, answer: Any
) -> None:
    async with site(tmp_path, plugins={"lift": Boxes(answer)}) as running:
        await running.log_in()
        assert "lift This panel failed; see Plugins." in await running.page("/operator/")
        assert running.app[keys.HOOKS].failures[0].kind.startswith("returned")


class Words:
    """Gives variables to the operator's pages."""

    def __init__(self) -> None:
        self.pages: list[PageView] = []

    @hookimpl
    async def extra_template_vars(self, page: PageView) -> Mapping[str, Any]:
        self.pages.append(page)
        return {"shift": "night"}


async def shown(running: Site) -> str:
    await running.log_in()
    return await running.page("/operator/visits")


async def test_every_page_asks_for_variables_and_says_which_it_is(tmp_path: Path) -> None:
    words = Words()
    async with site(tmp_path, plugins={"words": words}) as running:
        await shown(running)
    assert words.pages[-1] == PageView("operator/visits.html", operator="anna")
