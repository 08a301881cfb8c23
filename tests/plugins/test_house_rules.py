"""House voice, house rules, notices, the proxy's login: nothing unless set, then exactly that."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from kiosk import keys
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import SettingsError
from kiosk.hooks.markers import hookimpl
from kiosk.hooks.site import SessionHandle
from kiosk.hooks.specs import RegisterTool
from kiosk.hooks.values import LoginRequest, OperatorClaim, PageView, Problem, Refuse, SessionConfig
from kiosk.model import Kiosk, ToolCall
from kiosk.testing import fake_session, fake_site
from kiosk.testing.fixtures import MakeHarness
from plugins import house_voice, notice, proxy_login, visit_rules
from plugins.house_voice import VoiceSettings
from plugins.notice import NoticeSettings
from plugins.proxy_login import LoginSettings
from plugins.visit_rules import Rule, RuleSettings
from tests.functional.looking import log_in, page
from tests.unit.hooks.hooking import hooked

PLAIN = SessionConfig("en-US-AvaNeural", "lisa", None, None, None, ("a",), ("Quay",), None)
CALL = ToolCall("1", "print_map", {})


# ── house_voice ──────────────────────────────────────────────────────────────────────────────


def configured(session: SessionHandle, **rule: Any) -> SessionConfig | None:
    site = fake_site(VoiceSettings.model_validate({"rules": [rule]}))
    return house_voice.configure_session(site, session, PLAIN)


def test_a_rule_changes_what_it_names() -> None:
    made = configured(
        fake_session(language="de-AT", place="children"),
        languages=["de"],
        places=["children"],
        voice="de-DE-GiselaNeural",
        silence_ms=900,
        phrases=["Hafenorgel"],
    )
    assert made is not None
    assert (made.voice, made.silence_ms, made.temperature) == ("de-DE-GiselaNeural", 900, None)
    assert made.phrases == ("Quay", "Hafenorgel")
    assert (made.tools, made.character) == (PLAIN.tools, PLAIN.character)


def test_elsewhere_nothing_changes() -> None:
    rule = {"languages": ["de"], "places": ["children"], "voice": "x"}
    assert configured(fake_session(language="en", place="children"), **rule) is None
    assert configured(fake_session(language="de", place="entrance"), **rule) is None


async def test_the_service_is_told(kiosk_harness: MakeHarness, engines: Engines) -> None:
    rules = {"rules": [{"languages": ["de"], "temperature": 0.2, "background_color": "#102030FF"}]}
    harness = await kiosk_harness(
        engines=engines,
        plugins={"house_voice": house_voice},
        settings={"plugins": {"house_voice": rules}},
    )
    visit = await harness.visit(language="de", media=False, microphone=False)
    await visit.heard()
    (session,) = harness.emulator.journal()
    assert session["entries"]
    assert "session.update" in harness.upstream_events()


# ── visit_rules ──────────────────────────────────────────────────────────────────────────────


def test_hours_may_go_over_midnight() -> None:
    rule = Rule(tools=("print_map",), begins=time(22), ends=time(6), places=("entrance",))
    assert rule.counts("print_map", "entrance", time(23))
    assert rule.counts("print_map", "entrance", time(5))
    assert not rule.counts("print_map", "entrance", time(12))
    assert not rule.counts("print_map", "shop", time(23))
    assert not rule.counts("find_place", "entrance", time(23))


def test_without_rules_nothing_is_refused() -> None:
    site = fake_site(RuleSettings())
    assert visit_rules.before_tool_call(site, fake_session(), CALL) is None
    assert visit_rules.session_error(site, fake_session(), Problem("error")) is None


def test_the_houses_own_sorry_is_in_the_visitors_language() -> None:
    site = fake_site(RuleSettings(sorry={"de": "Bitte rufen Sie 7 an."}))
    error = Problem("upstream_lost")
    german = fake_session(language="de-AT")
    assert visit_rules.session_error(site, german, error) == "Bitte rufen Sie 7 an."
    assert visit_rules.session_error(site, fake_session(language="en"), error) is None


class Gate:
    @hookimpl
    def register_tools(self, register: RegisterTool) -> None:
        async def open_gate() -> str:
            """Open the gate."""
            return "The gate is open."

        register(open_gate)


async def test_a_refused_tool_is_not_called_and_the_day_is_counted(
    kiosk_harness: MakeHarness, engines: Engines
) -> None:
    rules = {"refuse": [{"tools": ["open_gate"], "reason": "Not at this kiosk."}]}
    harness = await kiosk_harness(
        engines=engines,
        plugins={"gate": Gate(), "visit_rules": visit_rules},
        settings={"plugins": {"visit_rules": rules}},
    )
    visit = await harness.visit(media=False, microphone=False)
    await visit.heard()
    await visit.type("Open the gate, please.")
    assert await visit.heard() == "I am sorry, that did not work."
    assert not visit.tool_calls
    await visit.leave()
    await harness.transcript(visit.id)
    await harness.app[keys.HOOKS].settle(5)
    await log_in(harness)
    assert "Visits ended: visitor left" in await page(harness, "/operator/")
    site, call = fake_site(RuleSettings.model_validate(rules)), ToolCall("1", "open_gate", {})
    answer = visit_rules.before_tool_call(site, fake_session(), call)
    assert answer == Refuse("Not at this kiosk.")


# ── notice ───────────────────────────────────────────────────────────────────────────────────


def test_a_notice_has_its_days_and_places() -> None:
    line = {"text": {"en": "Lift closed"}, "begins": "2026-03-04", "ends": "2026-03-05"}
    site = fake_site(NoticeSettings.model_validate({"notices": [{**line, "places": ["entrance"]}]}))
    entrance = PageView("kiosk.html", kiosk=Kiosk("lobby", "Lobby", "entrance", "en"))
    shop = PageView("kiosk.html", kiosk=Kiosk("shop", "Shop", "shop", "en"))
    assert notice.extra_template_vars(site, entrance) == {"lines": [{"en": "Lift closed"}]}
    assert notice.extra_template_vars(site, shop) == {"lines": []}
    assert notice.extra_template_vars(site, PageView("now.html", operator="anna")) == {}


async def test_the_waiting_screen_shows_it(kiosk_harness: MakeHarness, engines: Engines) -> None:
    lines = {"notices": [{"text": {"en": "The lift <is> closed.", "de": "Kein Aufzug."}}]}
    harness = await kiosk_harness(
        engines=engines, plugins={"notice": notice}, settings={"plugins": {"notice": lines}}
    )
    async with harness.http.get(f"{harness.url}/") as answer:
        text = await answer.text()
    assert '<p class="lead" lang="de">Kein Aufzug.</p>' in text
    assert "The lift &lt;is&gt; closed." in text


# ── proxy_login ──────────────────────────────────────────────────────────────────────────────


def claim(peer: str, headers: dict[str, str], **table: Any) -> OperatorClaim | None:
    site = fake_site(LoginSettings.model_validate({"proxies": ["10.0.0.5/32"], **table}))
    request = LoginRequest("GET", "/operator/", "192.0.2.9", peer, headers, {})
    return proxy_login.operator_from_request(site, request)


def test_the_proxy_is_believed() -> None:
    assert claim("10.0.0.5", {"x-remote-user": "ada"}) == OperatorClaim("ada")
    assert claim("::ffff:10.0.0.5", {"x-remote-user": "ada"}, admins=["ada"]) == OperatorClaim(
        "ada", admin=True
    )


@pytest.mark.parametrize(
    ("peer", "headers", "table"),
    [
        ("192.0.2.9", {"x-remote-user": "ada"}, {}),
        ("10.0.0.6", {"x-remote-user": "ada"}, {}),
        ("", {"x-remote-user": "ada"}, {}),
        ("10.0.0.5", {}, {}),
        ("10.0.0.5", {"x-remote-user": ""}, {}),
        ("10.0.0.5", {"x-remote-user": "ada, bob"}, {}),
        ("10.0.0.5", {"x-forwarded-user": "ada"}, {}),
        ("10.0.0.5", {"x-remote-user": "eve"}, {"people": ["ada"]}),
        ("10.0.0.5", {"x-remote-user": "ada"}, {"proxies": []}),
    ],
)
def test_nobody_else_is(peer: str, headers: dict[str, str], table: dict[str, Any]) -> None:
    assert claim(peer, headers, **table) is None


def test_a_network_of_everybody_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="no proxy"):
        hooked({"proxy_login": proxy_login}, plugins={"proxy_login": {"proxies": ["0.0.0.0/0"]}})
