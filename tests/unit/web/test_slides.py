"""Slides: a folder as it is, or as its list says; what is wrong stops the start with its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.errors import StartupError
from kiosk.web.slides import MOST, is_video, load_slides


def folder(tmp_path: Path, listed: str = "") -> Path:
    for name in ("b.svg", "a.jpg", "film.mp4", "notes.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")
    if listed:
        (tmp_path / "slides.toml").write_text(listed, encoding="utf-8")
    return tmp_path


def test_a_folder_alone_is_shown_in_the_order_of_its_names(tmp_path: Path) -> None:
    found = load_slides(folder(tmp_path))
    assert [item.file for item in found.of("lobby")] == ["a.jpg", "b.svg", "film.mp4"]
    assert is_video("film.mp4")
    assert not is_video("a.jpg")
    assert found.prefix.startswith("slides/")


def test_a_list_says_which_for_how_long_and_where(tmp_path: Path) -> None:
    listed = """
    [[slide]]
    file = "film.mp4"
    seconds = 20
    title = { en = "The film", de = "Der Film" }
    kiosks = ["lobby"]

    [[slide]]
    file = "b.svg"
    fit = "contain"
    """
    found = load_slides(folder(tmp_path, listed))
    assert [item.file for item in found.of("lobby")] == ["film.mp4", "b.svg"]
    assert [item.file for item in found.of("desk")] == ["b.svg"]
    assert found.entries[0].title["de"] == "Der Film"
    assert (found.entries[0].seconds, found.entries[1].fit) == (20, "contain")


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ('[[slide]]\nfile = "gone.svg"', "gone.svg is not in"),
        ('[[slide]]\nfile = "../secret.svg"', "../secret.svg is not in"),
        ('[[slide]]\nfile = "notes.txt"', "notes.txt is no slide"),
        ('[[slide]]\nfile = "b.svg"\nseconds = 0.1', "slide.0.seconds"),
        ('[[slides]]\nfile = "b.svg"', "slides.toml"),
        ("[[slide", "not valid TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, listed: str, said: str) -> None:
    inner = tmp_path / "slides"
    inner.mkdir()
    (tmp_path / "secret.svg").write_text("x")
    with pytest.raises(StartupError) as caught:
        load_slides(folder(inner, listed))
    assert said in str(caught.value)


def test_a_folder_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"attract\.slides: .* is no folder"):
        load_slides(tmp_path / "gone")
    for number in range(MOST + 1):
        (tmp_path / f"{number}.svg").write_text("x")
    with pytest.raises(StartupError, match=f"has {MOST + 1} slides; {MOST} at most"):
        load_slides(tmp_path)
