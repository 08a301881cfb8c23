"""Tests of the composition root: what stops a start, what a server is made of, how it ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from kiosk import keys
from kiosk.app import NO_ENDPOINT, create_app
from kiosk.errors import KioskError, PluginLoadError, SettingsError, StartupError
from kiosk.hooks.markers import hookimpl
from kiosk.keys import RECORDER
from kiosk.security.access import Access
from kiosk.web.signaling import TEXTS
from tests.unit.running import running, site_settings
from tests.unit.session.stage import eventually

ENDPOINT = "http://127.0.0.1:1"


def test_without_an_endpoint_there_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AZURE_VOICELIVE_ENDPOINT") as caught:
        create_app(site_settings(tmp_path, None))
    assert str(caught.value) == NO_ENDPOINT


def test_a_plugin_that_does_not_import_stops_the_start_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "broken.py").write_text("import no_such_module\n")
    hooks = {"dir": str(folder), "off": False}
    with pytest.raises(PluginLoadError) as caught:
        create_app(site_settings(tmp_path, ENDPOINT, hooks=hooks))
    assert "broken.py:1" in str(caught.value)
    assert "no_such_module" in str(caught.value)
    create_app(site_settings(tmp_path, ENDPOINT, hooks={**hooks, "block": ["broken"]}))


def test_a_site_brings_its_sentences_and_hears_which_are_missing(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "kiosk.it.po").write_text(head + 'msgid "talk.done"\nmsgstr "Fatto"\n')
    site = {"languages": ["it", "de", "de-AT", "ja"], "texts": str(folder)}
    with capture_logs() as logs:
        app = create_app(site_settings(tmp_path, ENDPOINT, site=site))
    texts = app[TEXTS]
    assert texts.get("it", "talk.done") == "Fatto"
    (warned,) = [line for line in logs if "lacks sentences" in line["event"]]
    assert (warned["language"], warned["missing"]) == ("it", len(texts.missing("it")))


CARDS = """
from pydantic import BaseModel
from kiosk.hooks.markers import hookimpl

@hookimpl
def register_card_types(register):
    register({kind!r}, BaseModel, script={script!r})
"""


@pytest.mark.parametrize(
    ("script", "files", "sentence"),
    [
        ("a.js", (), "names a.js, which is not there; add {folder}/b_two/static/a.js."),
        ("one.js", ("b_two/static/one.js",), "rename it, to b_two/one.js for example"),
    ],
)
def test_a_cards_script_that_is_missing_or_hidden_stops_the_start(
    tmp_path: Path, script: str, files: tuple[str, ...], sentence: str
) -> None:
    folder = tmp_path / "plugins"
    for name, kind, its_script in (("a_one", "one", "one.js"), ("b_two", "two", script)):
        (folder / name / "templates/cards").mkdir(parents=True)
        (folder / name / f"templates/cards/{kind}.html").touch()
        (folder / name / "static").mkdir()
        code = CARDS.format(kind=kind, script=its_script)
        (folder / name / "__init__.py").write_text(f'"""Shows a card."""\n{code}')
    for file in ("a_one/static/one.js", *files):
        (folder / file).touch()
    with pytest.raises(StartupError, match=re.escape(sentence.format(folder=folder))):
        create_app(site_settings(tmp_path, ENDPOINT, hooks={"dir": str(folder), "off": False}))


def test_a_language_nobody_knows_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(KioskError):
        create_app(site_settings(tmp_path, ENDPOINT, site={"languages": ["en", "qqx"]}))


def test_the_products_own_defaults_are_plugins_that_can_be_left_out(tmp_path: Path) -> None:
    app = create_app(site_settings(tmp_path, ENDPOINT))
    names = [plugin.name for plugin in app[keys.HOOKS].plugins]
    assert names == ["greeting", "redaction", "goodbye", "cards", "screen", "store"]
    assert [sink.name for sink in app[keys.HOOKS].sinks] == ["database"]
    less = create_app(site_settings(tmp_path, ENDPOINT, hooks={"off": True, "block": ["goodbye"]}))
    assert "end_visit" not in less[keys.HOOKS].tools


def test_every_address_says_who_may_use_it(tmp_path: Path) -> None:
    app = create_app(site_settings(tmp_path, ENDPOINT))
    table = app[keys.ACCESS]
    assert {route for route in app.router.routes() if route not in table} == set()
    public = {
        route.resource.canonical
        for route, access in table.items()
        if access is Access.PUBLIC and route.resource is not None
    }
    # Whoever adds to this list thinks about it.
    allowed = {"/", "/kiosk", "/enrol", "/pairing", "/livez", "/readyz", "/metrics"}
    allowed |= {"/sw.js", "/offline", "/erase"}
    allowed |= {"/operator", "/operator/login", "/api/openapi.json"}
    allowed |= {f"/operator/oidc/{name}" for name in ("start", "callback", "back-channel")}
    allowed |= {"/operator/login/out", "/operator/login/code", "/operator/login/emergency"}
    assert {path for path in public if not path.startswith("/static")} <= allowed
    sockets = [r for r in table if r.resource is not None and r.resource.canonical == "/ws/kiosk"]
    assert [table[route] for route in sockets] == [Access.KIOSK]


async def test_two_servers_live_in_one_process_without_knowing_each_other(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    async with running(one) as first, running(two) as second:
        async with first.screen() as screen:
            await screen.hello()
            assert (first.figure("sockets"), second.figure("sockets")) == (1, 0)
        assert first.app[keys.BUS] is not second.app[keys.BUS]


async def test_it_is_ready_when_everything_is_open_and_not_while_it_drains(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        async with server.http.get(f"{server.url}/readyz") as answer:
            assert answer.status == 200
        async with server.screen() as screen:
            await screen.hello()
            await screen.send("start")
            await screen.next("visit")
            await server.app.shutdown()
            assert (await screen.next("ended"))["reason"] == "shutdown"
            await screen.closed()
        async with server.http.get(f"{server.url}/readyz") as answer:
            assert answer.status == 503


async def test_stopping_gives_visits_their_time(tmp_path: Path) -> None:
    async with running(tmp_path, server={"drain_s": 5}) as server, server.screen() as screen:
        await screen.hello()
        await screen.send("start")
        await screen.next("visit")
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(server.app.shutdown(), name="shutdown")
            await eventually(lambda: server.app[keys.REGISTRY].draining, "the drain")
            await screen.send("end")
            assert (await screen.next("ended"))["reason"] == "visitor_left"
            await screen.closed()
        assert stopping.done()


class Failing:
    """A plugin whose lifespan does not begin."""

    broken = True

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        if self.broken:
            raise OSError("no such pool")
        yield


async def test_what_cannot_be_opened_stops_the_start_and_closes_the_rest(tmp_path: Path) -> None:
    settings = site_settings(tmp_path, ENDPOINT)
    runner = web.AppRunner(create_app(settings, plugins={"pool": Failing()}))
    with pytest.raises(StartupError, match="plugin pool failed in lifespan"):
        await runner.setup()
    await runner.cleanup()


async def test_a_finished_turn_of_a_visit_is_in_the_database(tmp_path: Path) -> None:
    async with running(tmp_path, site={"consent": False}) as server, server.screen() as screen:
        await screen.hello()
        await screen.send("start")
        visit = await screen.next("visit")
        await screen.send("text", text="My mail is anna@example.org")
        await (await server.service.line()).next("response.create")
        await screen.send("end")
        await screen.next("ended")
        storage = server.app[keys.STORAGE]
        assert await server.app[RECORDER].settle(5)
        turns = await storage.turns.of(visit["id"])
        assert [turn.text for turn in turns] == ["My mail is [EMAIL]"]


async def test_passwords_are_hashed_at_full_cost_unless_told_otherwise(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.app[keys.OPERATORS].add("anna", "a-good-long-password")
        row = await server.app[keys.STORAGE].operators.get("anna")
    assert row is not None
    assert not PasswordHasher().check_needs_rehash(row.password_hash)
