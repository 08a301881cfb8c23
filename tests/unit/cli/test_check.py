"""Tests of `kiosk check`: each thing a start needs is tried, and what is wrong has its fix."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import Result

from kiosk.clock import SystemClock
from kiosk.emulator.scenario.scenario import Scenario
from kiosk.emulator.scenario.service import Service
from kiosk.emulator.server.server import EmulatorServer
from kiosk.emulator.speech.engines import Engines
from kiosk.storage.migrate import migrate
from tests.unit.cli.commanding import kiosk, plugin, site
from tests.unit.voicelive.service import serving
from tests.unit.web.providing import provider


async def check() -> Result:
    # In a thread, because the command runs a loop of its own beside the one of the service.
    return await asyncio.to_thread(kiosk, "check")


def lines(result: Result) -> dict[str, str]:
    """Return what was said of each thing, with its verdict."""
    found = {}
    for line in result.output.splitlines():
        verdict, _, rest = line.partition(" ")
        name, _, said = rest.strip().partition(":")
        found[name] = f"{verdict}{said}"
    return found


async def test_all_is_well_against_the_emulator(tmp_path: Path, engines: Engines) -> None:
    async with EmulatorServer(
        scenario=Scenario(service=Service(api_keys=("a key",))), engines=engines
    ) as emulator:
        site(tmp_path, emulator.endpoint)
        result = await check()
    assert result.exit_code == 0
    said = lines(result)
    assert list(said) == [
        "settings",
        "sentences",
        "plugins",
        "database",
        "alerts",
        "provider",
        "upstream",
    ]
    assert all(text.startswith("ok") for text in said.values())
    assert "offers 1 ICE servers" in said["upstream"]
    # The quota of avatars is small: a check must not use it.
    kinds = [entry["type"] for session in emulator.journal() for entry in session["entries"]]
    assert "session.avatar.connect" not in kinds


async def test_nothing_is_written(tmp_path: Path, engines: Engines) -> None:
    package = tmp_path / "plugins" / "hello"
    package.mkdir(parents=True)
    (package / "words.py").write_text('HELLO = "Hello."\n')
    (package / "__init__.py").write_text(
        "from kiosk import hookimpl\nfrom .words import HELLO\n\n\n"
        "@hookimpl\ndef instructions():\n    return HELLO\n"
    )
    async with EmulatorServer(scenario=Scenario(), engines=engines) as emulator:
        place = tmp_path / "var" / "kiosk.sqlite3"
        site(tmp_path, emulator.endpoint, storage=f'url = "sqlite+aiosqlite:///{place}"')
        before = sorted(tmp_path.rglob("*"))
        result = await check()
        assert lines(result)["database"] == "ok is not there yet; a start makes it"
        assert "hello" in lines(result)["plugins"]
        assert sorted(tmp_path.rglob("*")) == before

        await migrate(f"sqlite+aiosqlite:///{place}")
        before = sorted(tmp_path.rglob("*"))
        assert lines(await check())["database"] == "ok answers and is up to date"
        assert sorted(tmp_path.rglob("*")) == before


async def test_sentences_that_are_missing_are_named(tmp_path: Path) -> None:
    site(tmp_path, endpoint=None)
    folder = tmp_path / "texts"
    folder.mkdir()
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "kiosk.it.po").write_text(header + 'msgid "talk.done"\nmsgstr "Fatto"\n')
    config = tmp_path / "kiosk.toml"
    more = f'[site]\nlanguages = ["en", "it"]\ntexts = "{folder}"\n'
    config.write_text(config.read_text() + more)
    said = lines(await check())["sentences"]
    assert said.startswith("ok it shows ")
    assert "attract.title" in said
    assert "talk.done" not in said


async def test_a_wrong_key_is_named_and_not_shown(tmp_path: Path, engines: Engines) -> None:
    async with EmulatorServer(
        scenario=Scenario(service=Service(api_keys=("another",))), engines=engines
    ) as emulator:
        site(tmp_path, emulator.endpoint)
        result = await check()
    assert result.exit_code == 1
    assert "refused the key" in lines(result)["upstream"]
    assert lines(result)["upstream"].startswith("WRONG")
    assert lines(result)["database"].startswith("ok")
    assert "a key" not in result.output


async def test_nobody_there_is_said_with_the_setting_to_look_at(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site(tmp_path, f"http://127.0.0.1:{port}")
    result = await check()
    assert result.exit_code == 1
    assert "upstream.endpoint" in lines(result)["upstream"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (web.Response(status=403), "Cognitive Services User"),
        (web.Response(status=404), "api-version"),
        (web.Response(status=429), "quota"),
    ],
)
async def test_each_refusal_has_its_fix(
    tmp_path: Path, answer: web.Response, sentence: str
) -> None:
    async with serving() as service:
        service.refusals.append(answer)
        site(tmp_path, service.endpoint)
        result = await check()
    assert result.exit_code == 1
    assert sentence in lines(result)["upstream"]


async def test_settings_the_service_refuses_are_named(tmp_path: Path) -> None:
    def refuse(event: dict[str, Any]) -> list[dict[str, Any]]:
        error = {"code": "invalid_argument", "param": "session.voice.name"}
        return [{"type": "error", "error": {**error, "event_id": event["event_id"]}}]

    async with serving(refuse) as service:
        site(tmp_path, service.endpoint)
        result = await check()
    assert result.exit_code == 1
    assert "session.voice.name" in lines(result)["upstream"]


async def test_a_channel_without_its_secret_is_wrong(tmp_path: Path) -> None:
    table = f'type = "teams"\nurl_file = "{tmp_path}/gone"'
    site(tmp_path, endpoint=None, **{"alerts.channels.chat": table})
    said = lines(await check())["alerts"]
    assert said.startswith("WRONG")
    assert "alerts.channels.chat" in said


async def test_the_provider_of_logins_is_asked_what_it_is(tmp_path: Path) -> None:
    async with provider(SystemClock()) as known:
        table = f'issuer = "{known.issuer}"\nclient_id = "kiosk"\nroles = {{ a = ["operator"] }}'
        site(tmp_path, endpoint=None, **{"operators.oidc": table})
        said = lines(await check())["provider"]
        assert said == f"ok {known.issuer} answers and signs with 1 keys"
        wrong = table.replace(known.issuer, f"{known.issuer}/other")
        site(tmp_path, endpoint=None, **{"operators.oidc": wrong})
        said = lines(await check())["provider"]
    assert said.startswith("WRONG")
    assert "correct operators.oidc.issuer" in said


async def test_everything_is_tried_although_the_first_is_wrong(tmp_path: Path) -> None:
    plugin(tmp_path, "broken", "raise RuntimeError\n")
    storage = f'url = "sqlite+aiosqlite:///{tmp_path / "kiosk.toml" / "db.sqlite3"}"'
    site(tmp_path, endpoint=None, storage=storage)
    result = await check()
    assert result.exit_code == 1
    said = lines(result)
    assert {name: text.split(" ")[0] for name, text in said.items()} == {
        "settings": "ok",
        "sentences": "ok",
        "plugins": "WRONG",
        "database": "WRONG",
        "alerts": "ok",
        "provider": "ok",
        "upstream": "WRONG",
    }
    assert "AZURE_VOICELIVE_ENDPOINT" in said["upstream"]
