"""How screens look: each its own theme, broken ones that nobody uses stop nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import StartupError
from kiosk.i18n import Texts
from kiosk.settings import Settings, load_settings
from kiosk.themes.making import new_theme
from kiosk.web.looks import Looks
from kiosk.web.static import StaticFiles


def settings(tmp_path: Path, **kiosk: Any) -> Settings:
    return load_settings(
        overrides={
            "site": {"themes": str(tmp_path)},
            "kiosks": [{"id": "a", "name": "A"}, {"id": "b", "name": "B", **kiosk}],
        },
        read_file=False,
    )


def test_each_screen_has_its_theme_its_backdrop_and_its_files(tmp_path: Path) -> None:
    logo = tmp_path / "mark.svg"
    logo.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    new_theme("own", tmp_path / "t", accent="#e2001a", logo=logo)
    hello = tmp_path / "hello.wav"
    hello.write_bytes(b"RIFF")
    made = settings(tmp_path / "t", theme="own")
    made.attract.hello = hello
    looks = Looks(made)
    static = StaticFiles(mounted=looks.mounted, made=looks.made)
    texts = Texts.load()
    first, second = (looks.of(name, texts, static.url) for name in ("a", "b"))
    assert first.css.startswith("/static/themes/gallery/screen.css?v=")
    assert second.css.startswith("/static/themes/own/screen.css?v=")
    assert (first.logo, bool(second.logo)) == ("", True)
    assert looks.backdrops["a"] == "#e9e4dc"
    assert looks.backdrops["b"] == looks.themes["own"].values.colours.backdrop
    assert first.attract["hello"].startswith("/static/hello/0.wav?v=")
    assert not static.has("themes/own/theme.toml")


def test_a_broken_theme_stops_the_start_only_where_it_is_used(tmp_path: Path) -> None:
    folder = new_theme("own", tmp_path)[0].parent
    (folder / "theme.toml").write_text("name = 1")
    looks = Looks(settings(tmp_path))
    assert list(looks.broken) == ["own"]
    assert "own" not in looks.themes
    with pytest.raises(StartupError, match=r"own.theme\.toml"):
        Looks(settings(tmp_path, theme="own"))


def test_files_that_are_not_there_stop_the_start(tmp_path: Path) -> None:
    made = settings(tmp_path)
    made.attract.hello = tmp_path / "gone.wav"
    with pytest.raises(StartupError, match=r"attract\.hello: .*gone\.wav does not exist"):
        Looks(made)
    with pytest.raises(StartupError, match=r"attract\.slides: .*gone is no folder"):
        Looks(settings(tmp_path, slides=str(tmp_path / "gone")))
