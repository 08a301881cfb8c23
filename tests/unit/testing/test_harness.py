"""Tests of the harness: a real server in one line, everything gone afterwards."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientConnectorError

from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.speech.engines import Engines
from kiosk.errors import StartupError
from kiosk.hooks.markers import hookimpl
from kiosk.testing.harness import KioskHarness, merge, running_harness

QUIET = {"upstream": {"avatar": {"enabled": False}}, "visit": {"greet": False}}


def test_settings_are_laid_over_the_defaults_table_by_table() -> None:
    base = {"site": {"name": "Test", "theme": "dark"}, "kiosks": [1]}
    over = {"site": {"name": "Quay"}, "kiosks": [2], "log": {"level": "debug"}}
    assert merge(base, over) == {
        "site": {"name": "Quay", "theme": "dark"},
        "kiosks": [2],
        "log": {"level": "debug"},
    }
    assert base == {"site": {"name": "Test", "theme": "dark"}, "kiosks": [1]}


class Greeter:
    """A plugin that greets."""

    @hookimpl
    def greeting(self) -> str:
        return "Welcome to the quay."


async def test_a_typed_visit_in_four_lines(engines: Engines) -> None:
    scenario = Scenario(otherwise="We are open.", generation_speed=1000)
    settings = {"upstream": {"avatar": {"enabled": False}}}
    async with KioskHarness(
        plugins={"greeter": Greeter()}, engines=engines, scenario=scenario, settings=settings
    ) as harness:
        visit = await harness.visit(media=False, microphone=False)
        assert await visit.heard() == "Welcome to the quay."
        await visit.type("When are you open?")
        assert await visit.heard() == "We are open."
        await visit.leave()
        said = [(turn.speaker, turn.text) for turn in await harness.transcript(visit.id)]
        assert said == [
            ("avatar", "Welcome to the quay."),
            ("visitor", "When are you open?"),
            ("avatar", "We are open."),
        ]
        assert harness.upstream_events().count("response.create") == 2
        assert harness.failures == ()


async def test_nothing_is_left_when_it_is_over(engines: Engines) -> None:
    async with running_harness(engines=engines, settings=QUIET) as harness:
        visit = await harness.connect(media=False)
        await visit.until(lambda v: bool(v.messages), "welcome")
        folder, url = harness.folder, harness.url
        assert (folder / "kiosk.sqlite3").exists()
    assert not folder.exists()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(ClientConnectorError):
            await http.get(url)


async def test_a_server_that_cannot_start_leaves_nothing_either(engines: Engines) -> None:
    class Wrong:
        """Registers a tool that is none."""

        @hookimpl
        def register_tools(self, register: object) -> None:
            assert callable(register)
            register("not a tool")

    harness = KioskHarness(plugins={"wrong": Wrong()}, engines=engines)
    with pytest.raises(StartupError, match="plugin wrong"):
        await harness.__aenter__()
    assert not Path(harness.folder).exists()


async def test_a_screen_is_enrolled_as_the_kiosk_a_test_wants(engines: Engines) -> None:
    kiosks = [{"id": "lobby", "name": "Lobby"}, {"id": "desk", "name": "Desk"}]
    async with KioskHarness(engines=engines, settings={**QUIET, "kiosks": kiosks}) as harness:
        await harness.enrol("desk")
        visit = await harness.connect(media=False)
        await visit.until(lambda v: bool(v.messages), "welcome")
        assert visit.messages[0]["kiosk_id"] == "desk"


async def test_the_line_can_be_lost_and_found_again(engines: Engines) -> None:
    scenario = Scenario(otherwise="Still here.", generation_speed=1000)
    async with KioskHarness(engines=engines, settings=QUIET, scenario=scenario) as harness:
        visit = await harness.visit(media=False, microphone=False)
        await visit.until(lambda v: v.state == "listening", "listening")
        await harness.lose_upstream()
        await visit.until(lambda v: "reconnecting" in v.notices, "the notice")
        await harness.restore_upstream()
        await visit.until(lambda v: v.state == "listening", "listening again")
        await visit.type("Are you there?")
        assert await visit.heard() == "Still here."
