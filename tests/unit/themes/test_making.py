"""A new theme: whatever the accent, every colour of it can be read, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.themes.making import MAX_LOGO, NewThemeError, derived, new_theme
from kiosk.themes.theme import Values, load_theme, measured

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h4v4H0Z"/></svg>'


@settings(deadline=None, max_examples=80, database=None)
@given(st.integers(0, 0xFFFFFF), st.booleans())
def test_any_accent_gives_a_theme_that_can_be_read(number: int, dark: bool) -> None:
    colours = derived(f"#{number:06x}", dark=dark)
    values = Values.model_validate({"name": "Any", "dark": dark, "colours": colours})
    assert [pair.what for pair in measured(values) if not pair.passes] == []


def test_it_is_written_with_its_logo_and_loads(tmp_path: Path) -> None:
    logo = tmp_path / "Mark.SVG"
    logo.write_text(SVG)
    written = new_theme("north-side", tmp_path / "themes", accent="#08f", logo=logo, dark=True)
    assert [path.name for path in written] == ["theme.toml", "logo.svg"]
    theme = load_theme(tmp_path / "themes" / "north-side")
    assert (theme.values.name, theme.values.dark) == ("North side", True)
    assert theme.files == ("logo.svg",)
    assert (theme.folder / "logo.svg").read_text() == SVG


@pytest.mark.parametrize(
    ("name", "accent", "logo", "said"),
    [
        ("North Side", "#0d4a4f", None, "small letters, digits"),
        ("dark", "#0d4a4f", None, "a theme of ours"),
        ("taken", "#0d4a4f", None, "is there already"),
        ("own", "teal", None, "--accent: 'teal' is no colour"),
        ("own", "#0d4a4f", "gone.svg", "does not exist"),
        ("own", "#0d4a4f", "logo.gif", "is no .svg, .png, .webp"),
        ("own", "#0d4a4f", "large.png", "make it smaller"),
    ],
)
def test_what_cannot_be_made_says_why_and_writes_nothing(
    tmp_path: Path, name: str, accent: str, logo: str | None, said: str
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "logo.gif").write_bytes(b"GIF89a")
    (tmp_path / "large.png").write_bytes(bytes(MAX_LOGO + 1))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NewThemeError, match=said):
        new_theme(name, tmp_path, accent=accent, logo=tmp_path / logo if logo else None)
    assert sorted(tmp_path.rglob("*")) == before
