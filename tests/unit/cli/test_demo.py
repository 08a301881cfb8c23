"""Tests of the demo: a place that needs nothing, with one screen and one operator."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from kiosk import paths
from kiosk.cli.demo import OPERATOR, demo_running, demo_settings, own_files
from kiosk.emulator.config.audio import input_warnings
from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.scenario.limits import Limits
from kiosk.errors import SettingsError
from kiosk.voicelive.config import session_update
from tests.unit.cli.commanding import kiosk


def test_its_settings_are_a_site_that_opens_for_anyone_here(tmp_path: Path) -> None:
    settings = demo_settings(endpoint="http://127.0.0.1:9", data=tmp_path, host="127.0.0.1", port=7)
    assert settings.access.open
    assert settings.server.port == 7
    assert settings.hooks.dir == paths.demo_plugins()
    assert str(tmp_path) in settings.storage.url
    assert [screen.id for screen in settings.kiosks] == ["lobby"]
    assert "museum" in settings.site.instructions.lower()


def test_a_settings_file_lying_about_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_text('[site]\nname = "Not the demo"\n')
    settings = demo_settings(endpoint="http://127.0.0.1:9", data=tmp_path, host="127.0.0.1", port=0)
    assert settings.site.name == "Museum on the Quay"


def test_a_settings_file_that_is_named_says_what_the_visitor_meets(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text(
        '[site]\nname = "Northside"\ntheme = "dark"\n[upstream]\nendpoint = "https://x"\n'
    )
    settings = demo_settings(
        endpoint="http://127.0.0.1:9", data=tmp_path, host="127.0.0.1", port=0, config=config
    )
    assert (settings.site.name, settings.site.theme) == ("Northside", "dark")
    assert settings.site.time_zone == "Europe/Lisbon"
    assert settings.upstream.endpoint == "http://127.0.0.1:9"


def test_it_asks_the_emulator_for_nothing_that_has_no_effect_there(tmp_path: Path) -> None:
    upstream = demo_settings(
        endpoint="http://127.0.0.1:9", data=tmp_path, host="127.0.0.1", port=0
    ).upstream
    asked = session_update(upstream, instructions="", tools=(), language="en", metadata={})
    config = SessionConfig(session_id="s", model=upstream.model, agent=None, expires_at=0)
    config.apply(asked, ice_servers=[], limits=Limits())
    assert config.not_emulated() == []
    assert list(input_warnings(config.values, ("en",))) == []


def test_a_scenario_that_is_not_there_is_one_sentence() -> None:
    result = kiosk("demo", "--scenario", "nowhere.toml", "--voice", "light")
    assert result.exit_code == 2
    assert result.output.startswith("kiosk: scenario nowhere.toml cannot be read")


async def test_an_emulator_that_cannot_be_had_starts_nothing(tmp_path: Path) -> None:
    scenario = tmp_path / "wrong.toml"
    scenario.write_text("nonsense = 1\n")
    with pytest.raises(SettingsError, match="nonsense"):
        async with demo_running(voice="light", scenario=scenario, data=tmp_path):
            pass


async def test_it_runs_with_its_screen_its_operator_and_keeps_its_data(tmp_path: Path) -> None:
    async with demo_running(voice="light", data=tmp_path) as first, aiohttp.ClientSession() as http:
        async with http.get(f"{first.url}/") as screen:
            assert "Museum on the Quay" in await screen.text()
        assert await logged_in(http, first.url, first.password)
        assert "espeak" in first.speech
    async with demo_running(voice="light", data=tmp_path) as again, aiohttp.ClientSession() as http:
        assert again.password != first.password
        assert await logged_in(http, again.url, again.password)
        assert not await logged_in(http, again.url, first.password)


async def logged_in(http: aiohttp.ClientSession, url: str, password: str) -> bool:
    form = {"name": OPERATOR, "password": password}
    headers = {"Origin": url}
    async with http.post(
        f"{url}/operator/login", data=form, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status == 303


def test_another_house_s_plugins_are_not_told_the_museum_s_prices(tmp_path: Path) -> None:
    settings = demo_settings(
        endpoint="http://127.0.0.1:9", data=tmp_path, host="127.0.0.1", port=0, plugins=tmp_path
    )
    assert settings.site.name != "Museum on the Quay"
    assert "museum" not in settings.site.instructions.lower()
    assert not settings.hooks.installed, "of that folder only"


def test_what_lies_in_a_site_s_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_files(None, None) == (None, None)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "kiosk.toml").touch()
    assert own_files(None, None) == (Path("plugins"), Path("kiosk.toml"))
    named = (Path("others"), Path("other.toml"))
    assert own_files(*named) == named
    monkeypatch.chdir(paths.demo_plugins().parent)
    assert own_files(None, None)[0] is None
