"""Every address of the interface against its own document, by schemathesis: no 5xx, no surprise.

The site is real, with visits that run and visits that are over, alerts, people, tokens and screens;
half of the requests name these, the others something else. Nothing is left out. Only what answers
bring is not fed back: it would be the login and the account of the test itself, and would end them.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from kiosk import keys
from kiosk.model import EndReason, TranscriptEntry, VisitSummary
from kiosk.security.access import Access, Operator
from kiosk.storage.rows import Grant, SilenceRow
from kiosk.web.alert_service import ENGINE
from kiosk.web.api.table import TABLE
from kiosk.web.keeping import CODES
from kiosk.web.pages import PAIRING
from tests.attacks.trying import OTHER, OWN, THINGS, cookie_of, museum
from tests.unit.alerts.alerting import row
from tests.unit.running import Running
from tests.unit.transcripts.keeping import Sink, SinkPlugin

ME: Final = "anna"
SECTIONS: Final[Mapping[str, Any]] = {
    "plugins": {"far": SinkPlugin(Sink())},
    "operators": {
        "prove_minutes": 600,
        "requests_per_minute": 100_000,
        "searches_per_minute": 10_000,
    },
    "alerts": {"channels": {"pager": {"type": "alertmanager", "url": "http://127.0.0.1:9"}}},
}
"""An old login would be asked for a proof, and one in a hurry to wait; nobody listens at the
pager's address."""
MORE_RULES: Final = (
    # What a document cannot say: names of this site's, days that go together, what only one knows.
    "GET /api/insight",  # at most a year, the last day not before the first
    "POST /api/alert-silences",  # sites and screens of the settings
    "POST /api/commands",  # either screens or a search; arguments by command
    "POST /api/me/tokens",  # not longer than operators.token_days, no right one has not
    "POST /api/people",  # a long enough password, sites of the settings
    "POST /api/transcripts/export.csv",  # as insight; not too many visits
    "POST /api/transcripts/export.jsonl",
    "POST /api/transcripts/search",  # a letter or digit at least
    "POST /api/transcripts/{visit}/hold",  # not over already
    "PUT /api/me/totp",  # the right code
    "PUT /api/people/{person}/roles",  # sites of the settings
)
"""Addresses that may refuse a value of the right shape with 422, and what for."""
SPARED: Final = frozenset(
    {
        "DELETE /api/people/{person}",
        "POST /api/transcripts/{visit}/erase",
        "POST /api/devices/{device}/revoke",
    }
)
"""What others need would be gone after these, so they are shown the last thing of a kind only."""
TWINS: Final = (
    "POST /api/transcripts/export.csv",
    "POST /api/transcripts/export.jsonl",
    "POST /api/visits/{visit}/speak",
    "POST /api/visits/{visit}/type",
)
"""Take what a neighbour takes; gone through systematically in the long run only."""
NEVER_TAKEN: Final = frozenset(
    {
        # Other requests end them first: tests/unit/web/api/test_people.py.
        "DELETE /api/people/{person}/logins/{login}",
        "DELETE /api/people/{person}/totp",
        "GET /api/kiosks/{kiosk}/screenshot",  # no screen is there to take it
        "POST /api/me/password",  # nobody guesses it
        "POST /api/me/prove",
        "POST /api/me/recovery-codes",
        "PUT /api/me/totp",
        # The visits are there, the conversations are not: tests/unit/web/api/test_visits.py.
        *(
            f"POST /api/visits/{{visit}}/{name}"
            for name in ("end", "hand-back", "say", "speak", "take-over", "type", "whisper")
        ),
    }
)
"""Addresses that no request comes through to here; all others must have answered well once."""


async def fill(server: Running) -> dict[str, list[str]]:
    """Keep something of every kind; return what there is, by the name that addresses use."""
    return {
        "kiosk": ["main", "west"],
        "channel": list(server.app[ENGINE].channels),
        "plugin": [plugin.name for plugin in server.app[keys.HOOKS].plugins],
        "sink": list(server.app[keys.RECORDER].sinks),
        **await _visits(server),
        **await _alerts(server),
        **await _people(server),
        **await _screens(server),
    }


async def _visits(server: Running) -> dict[str, list[str]]:
    storage, now = server.app[keys.STORAGE], server.app[keys.CLOCK].now()
    over, codes = [], []
    for number, site in enumerate((OWN, OTHER) * 4):
        visit, kiosk = f"visit_over_{number}", THINGS[site]["kiosk"]
        began = now - timedelta(hours=number + 1)
        said = ("Where is the tour?", "Wo ist <b>die</b> Führung?", "導覽在哪裡")
        await storage.visits.started(visit, kiosk, "en", began)
        await storage.turns.add(
            [
                TranscriptEntry(visit, kiosk, seq, "visitor", text, "en", began)
                for seq, text in enumerate(said, 1)
            ]
        )
        ended = began + timedelta(minutes=2)
        code, kept = server.app[CODES].make()
        await storage.visits.ended(
            VisitSummary(visit, kiosk, "en", began, ended, EndReason.GOODBYE, 3, code_hash=kept)
        )
        over.append(visit)
        codes.append(code)
    running = [things["visit"] for things in THINGS.values()]
    return {"visit": [*over[:1], *running, *over[1:]], "code": codes}


async def _alerts(server: Running) -> dict[str, list[str]]:
    kept, now = server.app[keys.STORAGE].alerts, server.app[keys.CLOCK].now()
    firing = [
        row(kiosk, f"rule{number}", site=site, since=now, wait_from=now, fired_at=now)
        for number in range(4)
        for site, kiosk in ((OWN, "main"), (OTHER, "west"))
    ]
    old = replace(firing[0], id="alert_old", key="old", resolved_at=now)
    await kept.apply(new=[*firing, old])
    await server.app[ENGINE].refresh()
    names = [f"silence_{number}" for number in range(6)]
    until = now + timedelta(hours=1)
    for name in names:
        await kept.silence(SilenceRow(name, "offline", OWN, "main", "a fair", ME, now, until))
    return {"alert": [*(item.id for item in firing), old.id], "silence": names}


async def _people(server: Running) -> dict[str, list[str]]:
    names = ["vera", "olga", "sofia"]
    known, logins = server.app[keys.OPERATORS], server.app[keys.STORAGE].logins
    grants = (Grant("operator", OTHER),)
    tokens = []
    for name in names:
        await cookie_of(server, name, *grants)
        for token in ("reports", "panel"):
            _, made = await known.tokens.make(
                Operator(name, grants), token, scopes=[Access.FLEET_VIEW.value], days=30
            )
            tokens.append(made.id)
    open_now = [login.id for name in names for login in await logins.of(name)]
    return {"person": names, "token": tokens, "login": open_now}


async def _screens(server: Running) -> dict[str, list[str]]:
    devices = [(await server.app[keys.DEVICES].enrol("main", by="test"))[0] for _ in range(4)]
    waiting = [
        await server.app[PAIRING].wait(None, browser="Firefox", address=f"192.0.2.{number}")
        for number in range(8)
    ]
    return {"device": devices, "pairing": [one.row.id for one in waiting]}


async def _mine(server: Running, cookies: Mapping[str, str]) -> dict[str, list[str]]:
    """Keep what belongs to the person who asks."""
    me = await server.app[keys.STORAGE].operators.get(ME)
    assert me is not None
    logins = server.app[keys.STORAGE].logins
    before = {login.id for login in await logins.of(ME)}
    await server.app[keys.OPERATORS].open(me, "password", "192.0.2.1", "")
    (spare,) = {login.id for login in await logins.of(ME)} - before
    _, token = await server.app[keys.OPERATORS].tokens.make(
        Operator(ME, me.grants), "mine", scopes=[Access.FLEET_VIEW.value], days=30
    )
    async with server.http.post(
        f"{server.url}/api/commands",
        json={"name": "identify", "kiosks": ["main", "west"]},
        cookies=cookies,
    ) as answer:
        assert answer.status == 202, await answer.text()
        order = (await answer.json())["id"]
    return {"login": [spare], "token": [token.id], "order": [order]}


def config(known: Mapping[str, Sequence[str]], cookie: str, examples: int, *, short: bool) -> str:
    """Return the settings of a run; a `short` one is what the default run of tests has time for."""
    accepted = ["2xx", 401, 403, 404, 409, 422, 429, 503]
    lines = [
        f"warnings = false\nmax-failures = {20 if short else 200}",
        f"[generation]\nmax-examples = {examples}\ndeterministic = true",
        # A NUL is a string to the document, and refused: tests/unit/web/api/test_base.py.
        'database = "none"\nallow-x00 = false',
        f"[auth.openapi.login]\napi_key = {json.dumps(cookie)}",
        "[phases.coverage]\nextra-data-sources.responses = false",
        *(["unexpected-methods = []", "checks.ignored_auth.enabled = false"] if short else []),
        "[phases.examples]\nextra-data-sources.responses = false",
        *(["checks.ignored_auth.enabled = false"] if short else []),
        "[phases.fuzzing]\nextra-data-sources.responses = false",
        "[phases.stateful]\nenabled = false",
        *(f"[dictionaries.{name}]\nvalues = {json.dumps(ids)}" for name, ids in known.items()),
        "[parameters]",
        *(f'"path.{name}" = {{ dictionary = "{name}", probability = 0.5 }}' for name in known),
        f"[[operations]]\ninclude-name = {json.dumps(MORE_RULES)}",
        f"checks.positive_data_acceptance.expected-statuses = {json.dumps(accepted)}",
    ]
    if short:
        lines += [f"[[operations]]\ninclude-name = {json.dumps(TWINS)}"]
        lines += ["phases.coverage.enabled = false"]
    return "\n".join(lines) + "\n"


def with_examples(document: Any, known: Mapping[str, Sequence[str]]) -> Any:
    """Name in the document what there is, for the requests that go through it systematically."""
    turns = {name: itertools.cycle(ids) for name, ids in known.items()}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            spared = f"{method.upper()} {path}" in SPARED
            for parameter in operation["parameters"]:
                name = parameter["name"]
                if parameter["in"] != "path" or name not in known:
                    continue
                ids = known[name][-1:] if spared else known[name][:3]
                if name in {"pairing", "silence", "token", "login"}:  # each is good for once
                    ids = list(known[name]) if name in {"token", "login"} else [next(turns[name])]
                parameter["examples"] = {id: {"value": id} for id in ids}
    for path, example in (
        ("/api/transcripts/code", {"code": known["code"][0]}),
        ("/api/pairings/{pairing}/approve", {"kiosk": known["kiosk"][0]}),
    ):
        body = document["paths"][path]["post"]["requestBody"]
        body["content"]["application/json"]["example"] = example
    return document


async def run(server: Running, folder: Path, examples: int, *, short: bool) -> Any:
    """Let schemathesis loose on a server; return its report."""
    cookies = await cookie_of(server, ME, Grant("administrator"))
    known = await fill(server)
    for name, ids in (await _mine(server, cookies)).items():
        known[name] = [*ids, *known.get(name, ())]
    async with server.http.get(f"{server.url}/api/openapi.json") as answer:
        assert answer.status == 200
        document = with_examples(await answer.json(), known)
    schema, settings, report = (folder / name for name in ("api.json", "st.toml", "report.json"))
    text = config(known, cookies["kiosk_operator"], examples, short=short)
    await asyncio.to_thread(schema.write_text, json.dumps(document))
    await asyncio.to_thread(settings.write_text, text)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(settings), "run", str(schema), "--url", server.url),
        *("--report", "json", "--report-json-path", str(report)),
        *("--no-color", "--no-shrink", "--continue-on-failure"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        printed = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, printed
    async with server.http.get(f"{server.url}/api/me", cookies=cookies) as answer:
        assert answer.status == 200, "the test's own login ended on the way"
    return json.loads(await asyncio.to_thread(report.read_text))


def _held_to(report: Any) -> None:
    """Check that the run was one: every address asked, and come through to wherever it can be."""
    assert report["operations"]["tested"] == len(TABLE)
    taken = {
        name
        for name, phases in report["valid_rates"].items()
        if any(phase["accepted"] for phase in phases.values())
    }
    everything = {f"{item.method} {item.address}" for item in TABLE}
    assert everything - taken == NEVER_TAKEN


async def test_the_interface_keeps_to_its_document(tmp_path: Path) -> None:
    async with museum(tmp_path, **SECTIONS) as server:
        report = await run(server, tmp_path, 1, short=True)
    _held_to(report)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_the_interface_keeps_to_its_document_for_long(tmp_path: Path) -> None:
    async with museum(tmp_path, **SECTIONS) as server:
        report = await run(server, tmp_path, 60, short=False)
    _held_to(report)
