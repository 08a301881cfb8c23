"""A site's own templates: they replace ours, may extend them, and a mistake stops the start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kiosk.app import create_app
from kiosk.errors import StartupError
from tests.unit.running import running, site_settings

MASTHEAD = """\
{% extends "ours/kiosk.html" %}
{% block masthead %}<header class="masthead"><p class="site">{{ page.site_name }}!</p></header>
{% endblock %}
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "own" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder / "own"


async def test_a_site_fills_one_block_and_one_slot(tmp_path: Path) -> None:
    folder = await asyncio.to_thread(write, tmp_path, "kiosk.html", MASTHEAD)
    await asyncio.to_thread(write, tmp_path, "slots/attract/x.html", "<p>Mind the step.</p>")
    async with (
        running(tmp_path, site={"templates": str(folder)}) as server,
        server.http.get(f"{server.url}/") as answer,
    ):
        html = await answer.text()
    assert '<p class="site">Test site!</p>' in html
    assert "<p>Mind the step.</p>" in html
    assert 'data-testid="start"' in html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% if %}", r"kiosk\.html is wrong in line 1"),
        ("one\n{{ two", r"kiosk\.html is wrong in line 2"),
    ],
)
def test_a_mistake_stops_the_start_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    folder = write(tmp_path, "kiosk.html", text)
    settings = site_settings(tmp_path, "http://127.0.0.1:1", site={"templates": str(folder)})
    with pytest.raises(StartupError, match=said) as caught:
        create_app(settings)
    assert str(folder) in str(caught.value)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    settings = site_settings(
        tmp_path, "http://127.0.0.1:1", site={"templates": str(tmp_path / "gone")}
    )
    with pytest.raises(StartupError, match=r"site\.templates: .*gone is no folder"):
        create_app(settings)
