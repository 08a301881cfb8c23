"""The stylesheet of a theme: every value arrives, high contrast and the theme's own rules last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk import paths
from kiosk.themes import colour
from kiosk.themes.making import new_theme
from kiosk.themes.stylesheet import stylesheet
from kiosk.themes.theme import find_theme, load_theme

MEASURES = {"--target", "--label-small", "--label", "--body", "--edge", "--small", "--accent"}


@pytest.mark.parametrize("name", ["gallery", "dark", "bright"])
def test_every_property_it_sets_is_one_the_screen_uses(name: str) -> None:
    screen = "".join(path.read_text() for path in (paths.STATIC / "kiosk").glob("*.css"))
    sheet = stylesheet(find_theme(name))
    for prop in set(re.findall(r"^\s*(--[a-z-]+):", sheet, re.MULTILINE)):
        assert f"var({prop}" in screen, f"{prop} changes nothing"
    assert "<" not in sheet
    assert sheet.count("{") == sheet.count("}")


def test_what_the_visitor_said_can_be_read_from_afar(tmp_path: Path) -> None:
    new_theme("yellow", tmp_path, accent="#b58900")
    theme = load_theme(tmp_path / "yellow")
    heard = re.search(r"--heard: (#[0-9a-f]{6});", stylesheet(theme))
    assert heard is not None
    for ground in (theme.values.colours.surface, theme.values.colours.backdrop):
        assert colour.contrast(heard[1], ground) >= 7


def test_fonts_framing_and_high_contrast_of_its_own(tmp_path: Path) -> None:
    folder = new_theme("own", tmp_path)[0].parent
    (folder / "house.woff2").write_bytes(b"wOF2")
    text = (folder / "theme.toml").read_text()
    text = text.replace(
        "[type]", '[type]\nfamily = "House"\nfiles = [{ file = "house.woff2", weight = "200 800" }]'
    )
    text = text.replace(
        "[avatar.landscape]\nzoom = 1.0", '[avatar.landscape]\nzoom = 1.3\nx = 4\nfocus = "40% 20%"'
    )
    text += '\n[high_contrast]\nsurface = "#ffffff"\nink = "#000000"\n'
    text += 'accent = "#00006e"\non_accent = "#ffffff"\n'
    (folder / "theme.toml").write_text(text)
    (folder / "theme.css").write_text(".site { letter-spacing: 0.1em; }")
    sheet = stylesheet(load_theme(folder))
    assert '@font-face {\n  font-family: "House";\n  src: url("house.woff2")' in sheet
    assert '--font: "House", var(--font-ours' in sheet
    assert "--zoom: 1.3;" in sheet.partition("@media")[2]
    assert "--focus: 40% 20%;" in sheet
    strong = sheet.partition('[data-contrast="more"] body {')[2].partition("}")[0]
    assert "--surface: #ffffff;" in strong
    assert "--heard: #00006e;" in strong
    assert sheet.rstrip().endswith(".site { letter-spacing: 0.1em; }")
