"""One test named after each hook of a visit and of a running server: it does what its spec says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk import keys
from kiosk.emulator.scenario.replies import Call, Reply
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import StorageError
from kiosk.events import EVENTS_TOPIC
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import NotRunningError, SessionHandle, Site
from kiosk.hooks.specs import RegisterHealthCheck, RegisterTool
from kiosk.hooks.values import Deny, Problem, Refuse, SessionConfig
from kiosk.model import Kiosk, ToolCall, ToolResult, VisitSummary
from kiosk.signaling import messages as m
from kiosk.testing import KioskHarness, Visit
from kiosk.testing.fixtures import MakeHarness
from tests.functional.looking import calls, log_in, page

WITHIN_S = 60.0
CALLS = Scenario(
    name="hooks",
    replies=(
        Reply(match="gate", call=Call(name="open_gate", arguments={"gate": "a"}), after="{output}"),
    ),
)


class Gate:
    """Has a tool, and remembers how it was called."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate(gate: str) -> str:
            """Open a gate."""
            self.opened.append(gate)
            return f"Gate {gate} is open."

        register(open_gate)


async def touched(harness: KioskHarness) -> Visit:
    """Touch the screen; the visit may be refused."""
    visit = await harness.connect(media=False)
    await visit.send(m.Start())
    return visit


async def refusal(visit: Visit) -> dict[str, Any]:
    """Return the error the screen got."""
    await visit.until(lambda v: any(x["type"] == "error" for x in v.messages), "error")
    return next(x for x in visit.messages if x["type"] == "error")


async def reached(event: asyncio.Event) -> None:
    async with asyncio.timeout(WITHIN_S):
        await event.wait()


# ── opening a visit ──────────────────────────────────────────────────────────────────────────


class Doors:
    """Decides who comes in."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    @hookimpl
    async def admit_session(self, kiosk: Kiosk) -> Any:
        self.asked.append(kiosk.id)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


async def test_hook_admit_session(kiosk_harness: MakeHarness, engines: Engines) -> None:
    doors = Doors(Deny("We open at ten."))
    harness = await kiosk_harness(engines=engines, plugins={"doors": doors})
    visit = await touched(harness)
    error = await refusal(visit)
    assert (error["code"], error["message"]) == ("denied", "We open at ten.")
    assert not harness.upstream_events(), "nothing was opened for it"
    doors.answer = None
    await visit.begin(microphone=False)
    assert await visit.heard()
    assert doors.asked == ["lobby", "lobby"]
    count = harness.app_metrics().registry.get_sample_value
    assert count("kiosk_visits_refused_total", {"reason": "denied"}) == 1


@pytest.mark.expects_failures
async def test_a_plugin_that_cannot_decide_keeps_the_door_shut(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"doors": Doors(OSError("no calendar"))})
    error = await refusal(await touched(harness))
    assert error["code"] == "unavailable"
    assert "calendar" not in error["message"]
    assert [(f.plugin, f.hook) for f in harness.failures] == [("doors", "admit_session")]


async def test_two_touches_while_a_plugin_decides_are_one_visit(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    class Slow:
        def __init__(self) -> None:
            self.both = asyncio.Barrier(2)
            self.over = asyncio.Event()
            self.reasons: list[str] = []

        @hookimpl
        async def admit_session(self) -> None:
            await self.both.wait()

        @hookimpl
        async def session_ended(self, summary: VisitSummary) -> None:
            self.reasons.append(summary.reason.value)
            self.over.set()

    slow = Slow()
    harness = await kiosk_harness(engines=engines, plugins={"slow": slow})
    one, other = await touched(harness), await touched(harness)
    await one.until(lambda v: v.id != "", "visit")
    await other.until(lambda v: v.id != "", "visit")
    await reached(slow.over)
    assert slow.reasons == ["kiosk_replaced"]
    assert len(list(harness.app[keys.REGISTRY].sessions)) == 1


async def test_hook_session_started(kiosk_harness: MakeHarness, engines: Engines) -> None:
    class Hears:
        def __init__(self) -> None:
            self.told: list[str] = []
            self.once = asyncio.Event()

        @hookimpl
        async def session_started(self, session: SessionHandle) -> None:
            self.told.append(session.id)
            self.once.set()

    hears = Hears()
    harness = await kiosk_harness(engines=engines, plugins={"hears": hears})
    visit = await harness.connect(media=False)
    await visit.send(m.Start())
    await visit.until(lambda v: v.id != "", "visit")
    assert hears.told == [], "not before the visitor agreed"
    await visit.send(m.Consent(accepted=True))
    await reached(hears.once)
    await visit.heard()
    assert hears.told == [visit.id]


async def test_a_plugin_may_take_the_tools_of_one_visit_away(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    class NoTools(Gate):
        @hookimpl
        def configure_session(self, config: SessionConfig) -> SessionConfig:
            assert "open_gate" in config.tools
            return replace(config, tools=())

    gate = NoTools()
    harness = await kiosk_harness(engines=engines, plugins={"gate": gate}, scenario=CALLS)
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type("open the gate")
    await visit.heard()
    assert gate.opened == []


# ── during a visit ───────────────────────────────────────────────────────────────────────────


class Guard(Gate):
    """Looks at every call of its own tool."""

    def __init__(self, verdict: Any) -> None:
        super().__init__()
        self.verdict = verdict
        self.told: list[tuple[str, Mapping[str, Any], str]] = []
        self.once = asyncio.Event()

    @hookimpl
    async def before_tool_call(self, call: ToolCall) -> Any:
        if callable(self.verdict):
            return self.verdict(call)
        return self.verdict

    @hookimpl
    async def after_tool_call(
        self, session: SessionHandle, call: ToolCall, result: ToolResult
    ) -> None:
        assert session.kiosk.id == "lobby"
        assert isinstance(result.output, str)
        self.told.append((call.name, call.arguments, result.output))
        self.once.set()


async def asked(kiosk_harness: MakeHarness, engines: Engines, guard: Guard) -> KioskHarness:
    """Ask for the gate to be opened, and wait for the answer."""
    harness = await kiosk_harness(engines=engines, plugins={"guard": guard}, scenario=CALLS)
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.type("open the gate")
    await visit.heard()
    return harness


async def test_hook_before_tool_call(kiosk_harness: MakeHarness, engines: Engines) -> None:
    guard = Guard(lambda call: replace(call, arguments={"gate": "b"}))
    harness = await asked(kiosk_harness, engines, guard)
    assert calls(harness, "ok") == 1
    assert guard.opened == ["b"]


@pytest.mark.parametrize(
    "verdict",
    [
        Refuse("Only staff opens gates."),
        lambda call: replace(call, arguments={"gate": 7}),
        lambda call: replace(call, name="close_gate"),
    ],
    ids=["refused", "changed so that it does not fit", "another tool"],
)
async def test_a_call_a_plugin_spoils_is_not_made(
    kiosk_harness: MakeHarness, engines: Engines, verdict: Any
) -> None:
    guard = Guard(verdict)
    harness = await asked(kiosk_harness, engines, guard)
    assert calls(harness, "refused") == 1
    assert not guard.opened
    assert not guard.told


@pytest.mark.expects_failures
async def test_a_failing_guard_keeps_the_gate_shut(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    guard = Guard(lambda _: 1 / 0)
    assert calls(await asked(kiosk_harness, engines, guard), "refused") == 1
    assert not guard.opened


async def test_hook_after_tool_call(kiosk_harness: MakeHarness, engines: Engines) -> None:
    guard = Guard(None)
    await asked(kiosk_harness, engines, guard)
    await reached(guard.once)
    assert guard.told == [("open_gate", {"gate": "a"}, "Gate a is open.")]


class Apology:
    """Is required, fails, and words the apology."""

    @hookimpl
    def instructions(self) -> str:
        raise OSError("no house rules")

    @hookimpl
    async def session_error(self, session: SessionHandle, error: Problem) -> str:
        return f"Sorry from {session.kiosk.name}: {error.code}."


@pytest.mark.expects_failures
async def test_hook_session_error(kiosk_harness: MakeHarness, engines: Engines) -> None:
    settings = {"plugins": {"rules": {"required": True}}}
    harness = await kiosk_harness(engines=engines, plugins={"rules": Apology()}, settings=settings)
    visit = await touched(harness)
    await visit.until(lambda v: v.ended == "plugin_required_failed", "refusal")
    assert visit.messages[-1]["text"] == "Sorry from Lobby: plugin_required_failed."
    assert not harness.upstream_events()


class Mute:
    """Is required, and cannot greet."""

    @hookimpl
    async def greeting(self) -> str:
        raise OSError("no house rules")


@pytest.mark.expects_failures
async def test_no_visit_goes_on_without_the_greeting_of_a_required_plugin(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    settings = {"plugins": {"rules": {"required": True}}, "hooks": {"breaker_failures": 2}}
    harness = await kiosk_harness(engines=engines, plugins={"rules": Mute()}, settings=settings)
    for _ in range(2):
        visit = await touched(harness)
        await visit.until(lambda v: v.ended == "plugin_required_failed", "refusal")
        await visit.aclose()
    # Left out now, it would not even be asked: nobody is let in to find that out.
    assert (await refusal(await touched(harness)))["code"] == "unavailable"


@pytest.mark.expects_failures
async def test_a_plugin_that_is_not_required_may_fail(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"rules": Apology()})
    visit = await harness.visit(microphone=False, media=False)
    assert await visit.heard()


class Host:
    """Comes when wanted."""

    @hookimpl
    async def person_wanted(self, session: SessionHandle) -> str:
        return f"I am coming to {session.kiosk.name}."


async def test_hook_person_wanted(kiosk_harness: MakeHarness, engines: Engines) -> None:
    harness = await kiosk_harness(engines=engines, plugins={"host": Host()})
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.send(m.Person())
    assert await visit.heard() == "I am coming to Lobby."


# ── after a visit ────────────────────────────────────────────────────────────────────────────


class Ends:
    """Hears of ends, and whether its lifespan was open then."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []
        self.once = asyncio.Event()

    @hookimpl
    async def session_ended(
        self, site: Site, session: SessionHandle, summary: VisitSummary
    ) -> None:
        # The server's client and database are there for as long as a plugin is told things.
        await site.store.set(session.id, summary.reason.value)
        self.ended.append((session.id, summary.reason.value))
        self.once.set()


async def test_hook_session_ended(kiosk_harness: MakeHarness, engines: Engines) -> None:
    ends = Ends()
    harness = await kiosk_harness(engines=engines, plugins={"ends": ends})
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await visit.leave()
    await reached(ends.once)
    assert ends.ended == [(visit.id, "visitor_left")]


async def test_a_visit_that_ends_with_the_server_is_told_too(engines: Engines) -> None:
    ends = Ends()
    async with KioskHarness(engines=engines, plugins={"ends": ends}) as harness:
        visit = await harness.visit(microphone=False, media=False)
        await visit.heard()
    assert ends.ended == [(visit.id, "shutdown")]
    assert not harness.failures


# ── what plugins are lent ────────────────────────────────────────────────────────────────────


async def test_site_lends_http_store_render_and_publish_while_the_server_runs(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    class Uses:
        def __init__(self) -> None:
            self.site: Site
            self.got: list[Any] = []
            self.done = asyncio.Event()

        @hookimpl
        def register_tools(self, register: RegisterTool, site: Site) -> None:
            self.site = site
            for what in ("http", "store"):
                with pytest.raises(NotRunningError, match=f"uses: site.{what} is there only while"):
                    getattr(site, what)
            with pytest.raises(NotRunningError, match=r"site\.render"):
                site.render("error.html")

        @hookimpl
        async def session_started(self, site: Site, session: SessionHandle) -> None:
            async with site.http.get(harness.url + "/livez") as answer:
                self.got.append(await answer.text())
            await site.store.set("visits", [session.id])
            with pytest.raises(StorageError):
                await site.store.set("", 1)
            self.got.append(await site.store.get("visits"))
            card = {"kind": "text", "title": "<b>", "data": {"text": "bold"}}
            self.got.append(site.render("cards/text.html", card=card))
            await site.publish("hello", kiosk=session.kiosk.id, count=1)
            self.done.set()

    uses = Uses()
    harness = await kiosk_harness(engines=engines, plugins={"uses": uses})
    visit = await harness.visit(microphone=False, media=False)
    await visit.heard()
    await reached(uses.done)
    alive, kept, html = uses.got
    assert (alive, kept) == ("ok\n", [visit.id])
    assert "bold" in html
    assert await harness.storage.plugin("uses").get("visits") == [visit.id]


async def test_what_a_plugin_publishes_reaches_operators_and_other_plugins(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    class Publishes:
        @hookimpl
        async def session_started(self, site: Site, session: SessionHandle) -> None:
            await site.publish("lift_called", kiosk=session.kiosk.id, floor=3)

    harness = await kiosk_harness(engines=engines, plugins={"lift": Publishes()})
    async with harness.app[keys.BUS].subscribe(EVENTS_TOPIC) as events:
        visit = await harness.visit(microphone=False, media=False)
        await visit.heard()
        async with asyncio.timeout(WITHIN_S):
            async for event in events:
                if event["type"] == "plugin_event":
                    break
    assert (event["plugin"], event["name"], event["data"]) == ("lift", "lift_called", {"floor": 3})


# ── pages, cards, checks ─────────────────────────────────────────────────────────────────────

MENU = '''"""A plugin package with a card of its own."""
from pydantic import BaseModel
from kiosk.hooks.markers import hookimpl
from kiosk.model import Card

class Menu(BaseModel):
    dishes: list[str]
    price: float = 0.0

@hookimpl
def register_card_types(register):
    register("menu", Menu, script="menu.js", style="menu.css")

@hookimpl
def prepare_jinja2_environment(env):
    env.filters["euros"] = lambda price: f"{price:.2f} EUR"

@hookimpl
def extra_template_vars(page):
    return {"where": page.kiosk.place if page.kiosk else page.template}

@hookimpl
async def session_started(session):
    await session.show(Card("menu", "Wrong", {"dishes": 5}))
    await session.show(Card("menu", "Today", {"dishes": ["<soup>"], "price": "4.5"}))
'''


def menu(folder: Path) -> Path:
    """Write the package into a folder."""
    package = folder / "menu"
    for name, text in {
        "__init__.py": MENU,
        "static/menu.js": "export {};",
        "static/menu.css": "menu { color: red }",
        "templates/cards/menu.html": "{{ card.data.dishes[0] }} {{ card.data.price | euros }}",
        "templates/operator/visits.html": '{% extends "operator/base.html" %}'
        "{% block main %}extra: {{ extra.menu.where }}{% endblock %}",
    }.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


async def with_menu(kiosk_harness: MakeHarness, engines: Engines, folder: Path) -> KioskHarness:
    settings = {"hooks": {"dir": str(menu(folder))}}
    return await kiosk_harness(engines=engines, settings=settings)


@pytest.mark.expects_failures
async def test_hook_register_card_types(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    harness = await with_menu(kiosk_harness, engines, tmp_path)
    async with harness.http.get(f"{harness.url}/") as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "/static/menu.css?v=" in page
    assert "/static/menu.js?v=" in page
    assert "unsafe" not in policy
    async with harness.http.get(f"{harness.url}/static/menu.js") as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")
    visit = await harness.visit(microphone=False, media=False)
    await visit.until(lambda v: bool(v.cards), "card")
    (card,) = visit.cards.values()
    assert (card["kind"], card["title"]) == ("menu", "Today"), "the wrong one was left out"


@pytest.mark.expects_failures
async def test_hook_prepare_jinja2_environment(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    harness = await with_menu(kiosk_harness, engines, tmp_path)
    visit = await harness.visit(microphone=False, media=False)
    await visit.until(lambda v: bool(v.cards), "card")
    (card,) = visit.cards.values()
    assert card["html"] == "&lt;soup&gt; 4.50 EUR"


async def test_hook_extra_template_vars(
    kiosk_harness: MakeHarness, engines: Engines, tmp_path: Path
) -> None:
    harness = await with_menu(kiosk_harness, engines, tmp_path)
    await log_in(harness)
    assert "extra: operator/visits.html" in await page(harness, "/operator/visits")


class Calendar:
    """Has one check that is critical, and one that is not."""

    def __init__(self) -> None:
        self.broken: dict[str, str] = {}

    @hookimpl
    def register_health_checks(self, register: RegisterHealthCheck) -> None:
        for name in ("feed", "rules"):

            async def check(name: str = name) -> None:
                if name in self.broken:
                    raise OSError(self.broken[name])

            register(name, check, critical=name == "rules")


async def test_hook_register_health_checks(kiosk_harness: MakeHarness, engines: Engines) -> None:
    calendar = Calendar()
    harness = await kiosk_harness(engines=engines, plugins={"calendar": calendar})

    async def ready() -> tuple[int, dict[str, Any]]:
        async with harness.http.get(f"{harness.url}/readyz") as answer:
            return answer.status, json.loads(await answer.text())

    status, body = await ready()
    assert (status, body["status"]) == (200, "ready")
    assert {"storage", "calendar:feed", "calendar:rules"} <= set(body["checks"])
    calendar.broken["feed"] = "the feed is a day old"
    status, body = await ready()
    assert (status, body["status"]) == (200, "degraded")
    assert body["checks"]["calendar:feed"]["message"] == "the feed is a day old"
    calendar.broken["rules"] = "no rules"
    assert (await ready())[0] == 503
    await log_in(harness)
    assert "the feed is a day old" in await page(harness, "/operator/plugins")
