"""Themes: ours can be read, a wrong one stops the start with file, key and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import StartupError
from kiosk.themes.making import new_theme
from kiosk.themes.theme import (
    BUNDLED,
    MAX_STYLE,
    find_theme,
    load_theme,
    measured,
    read_values,
    themes_in,
)

OURS = ("bright", "dark", "gallery")


def changed(folder: Path, old: str, new: str) -> Path:
    path = folder / "theme.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    new_theme("own", tmp_path)
    return tmp_path / "own"


def test_three_themes_come_with_us_and_all_of_their_colours_can_be_read() -> None:
    assert tuple(path.name for path in themes_in()) == OURS
    for name in OURS:
        theme = find_theme(name)
        assert theme.folder == BUNDLED / name
        assert len(measured(theme.values)) == 12
        # Captions are read from two metres, also by what the visitor said.
        assert all(pair.ratio >= 7 for pair in measured(theme.values)), name


def test_they_differ_in_more_than_colour() -> None:
    gallery, dark, bright = (find_theme(name).values for name in ("gallery", "dark", "bright"))
    assert (
        len({gallery.type.display_weight, dark.type.display_weight, bright.type.display_weight})
        == 3
    )
    assert len({gallery.shapes.radius, dark.shapes.radius, bright.shapes.radius}) == 3
    assert find_theme("dark").style
    assert find_theme("bright").style


def test_a_site_s_theme_comes_before_ours_of_the_same_name(tmp_path: Path, own: Path) -> None:
    own.rename(tmp_path / "gallery")
    assert find_theme("gallery", tmp_path).folder == tmp_path / "gallery"
    assert [path.name for path in themes_in(tmp_path)] == ["gallery", "bright", "dark"]


def test_a_name_nobody_has_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"no theme 'nite'; known are bright, dark, gallery"):
        find_theme("nite")
    with pytest.raises(StartupError, match=r"site\.themes: .*gone is no folder"):
        find_theme("gallery", tmp_path / "gone")


def test_too_little_contrast_stops_with_the_ratio_and_the_nearest_that_passes(own: Path) -> None:
    changed(own, 'ink_soft = "#363f40"', 'ink_soft = "#999999"')
    with pytest.raises(StartupError) as caught:
        load_theme(own)
    said = str(caught.value)
    assert str(own / "theme.toml") in said
    assert "colours.ink_soft on colours.surface has a contrast of 2.7:1, 7:1 is needed" in said
    nearest = said.partition("nearest colour that passes is ")[2][:7]
    changed(own, '"#999999"', f'"{nearest}"')
    pair = next(
        p for p in measured(read_values(own / "theme.toml")) if "ink_soft on colours.surf" in p.what
    )
    assert pair.passes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('accent = "#0d4a4f"', 'accent = "teal"', "colours.accent: write a colour as #rrggbb"),
        ("radius = 2.4", "radius = 99", "shapes.radius: Input should be less than or equal to 8"),
        ("[shapes]", "[shape]", "shape: unknown key; remove it or correct its name"),
        ('name = "Own"', "name = ", "not valid TOML"),
        ('# logo = "logo.svg"', 'logo = "logo.svg"', "the file logo.svg is not in"),
        ('# logo = "logo.svg"', 'logo = "../secret.svg"', "masthead.logo"),
        ('# logo = "logo.svg"', 'logo = "a/../../x.svg"', "is not in"),
        ("[type]", '[type]\nfiles = [{ file = "theme.toml" }]', "theme.toml is no .woff2"),
        ("[type]", "[type]\nfiles = { file = 'a' }", "write each one as a part of [[type.files]]"),
        ('name = "Own"', 'name = "Own"\nbackdrop = "#fff"', "backdrop: unknown key"),
    ],
)
def test_a_mistake_is_named_with_its_file(own: Path, old: str, new: str, said: str) -> None:
    changed(own, old, new)
    with pytest.raises(StartupError) as caught:
        load_theme(own)
    assert said in str(caught.value)
    assert "theme.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("@import url('x.css');", "fetches from elsewhere"),
        ("a { background: url(https://example.org/x.png) }", "fetches from elsewhere"),
        ("a { background: url( '//example.org/x.png') }", "fetches from elsewhere"),
        ("/*" + "x" * MAX_STYLE + "*/", "keep a theme small"),
    ],
)
def test_a_stylesheet_that_the_screen_would_refuse_stops_the_start(
    own: Path, style: str, said: str
) -> None:
    (own / "theme.css").write_text(style)
    with pytest.raises(StartupError, match=said):
        load_theme(own)


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path, own: Path) -> None:
    with pytest.raises(StartupError, match="`kiosk theme new NAME` writes a theme"):
        load_theme(tmp_path / "nowhere")
    (own / "theme.css").write_bytes(b"\xff\xfe")
    with pytest.raises(StartupError, match="is not UTF-8"):
        load_theme(own)
    (own / "theme.css").unlink()
    own.rename(tmp_path / "Own Theme")
    with pytest.raises(StartupError, match="small letters, digits"):
        load_theme(tmp_path / "Own Theme")
