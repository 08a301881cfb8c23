"""The demo's plugins in a whole visit: asked in words, answered with a map, kept as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kiosk.cli.demo import INSTRUCTIONS
from kiosk.paths import demo_plugins

MakeHarness = Any  # the fixture's type lives in a module that loads the whole product
PLUGINS = str(demo_plugins())


async def test_a_visitor_is_greeted_shown_the_way_and_kept_as_lines(
    kiosk_harness: MakeHarness, tmp_path: Path
) -> None:
    kiosk = await kiosk_harness(
        settings={
            "hooks": {"dir": PLUGINS},
            "site": {"name": "Museum on the Quay", "instructions": INSTRUCTIONS},
            "plugins": {"jsonl_sink": {"folder": str(tmp_path / "words")}},
        }
    )
    visit = await kiosk.visit(microphone=False, media=False)
    greeting = await visit.heard()
    assert "welcome to Museum on the Quay" in greeting
    assert "computer assistant" in greeting

    await visit.type("My number is 0171 1234567. Where are the toilets?")
    assert "toilets are on this floor" in await visit.heard()
    await visit.until(lambda v: "wayfinding" in v.cards, "map")
    shown = visit.cards["wayfinding"]
    assert (shown["kind"], shown["title"]) == ("wayfinding_map", "Toilets")
    assert "<svg" in shown["html"]
    assert "<li>Turn left.</li>" in shown["html"]

    await visit.leave()
    assert await kiosk.transcript(visit.id)
    (path,) = sorted((tmp_path / "words").iterdir())
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    turns = [line for line in lines if line["type"] == "turn"]
    assert [turn["seq"] for turn in turns] == sorted(turn["seq"] for turn in turns)
    assert turns[0]["text"] == greeting
    written = path.read_text(encoding="utf-8")
    assert "Where are the toilets?" in written
    assert "[PHONE]" in written
    assert "1234567" not in written
