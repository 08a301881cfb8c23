"""The packaged fonts: they have what our own sentences and the common characters need."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from fontTools.ttLib import TTFont

from kiosk import paths
from kiosk.i18n import Texts

ROOT = Path(__file__).resolve().parents[2]
STYLES = paths.STATIC / "kiosk"
FONTS = STYLES / "fonts"
MOST_BYTES = 6_000_000


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fonts", ROOT / "docs/fonts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = script()


@cache
def characters(name: str) -> frozenset[str]:
    with TTFont(FONTS / name, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def test_every_font_named_is_there_with_its_licence_and_all_of_them_stay_small() -> None:
    styles = [STYLES / "kiosk.css", *STYLES.glob("fonts*.css")]
    named = set()
    for style in styles:
        named |= set(re.findall(r'url\("fonts/([^"]+)"\)', style.read_text(encoding="utf-8")))
    assert named == {path.name for path in FONTS.glob("*.woff2")}
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < MOST_BYTES
    licence = (FONTS / "OFL-Noto.txt").read_text(encoding="utf-8")
    assert "SIL Open Font License" in licence


@pytest.mark.parametrize(
    ("language", "fonts"),
    [
        ("zh", ("noto-sans-sc.woff2", "noto-sans-sc-ours.woff2")),
        ("ja", ("noto-sans-jp.woff2", "noto-sans-jp-ours.woff2")),
        ("ar", ("noto-sans-arabic.woff2",)),
        ("uk", ("noto-sans-cyrillic.woff2",)),
    ],
)
def test_our_own_sentences_need_no_font_of_the_system(
    language: str, fonts: tuple[str, ...]
) -> None:
    have = frozenset().union(*map(characters, fonts))
    text = "".join(Texts.load().screen(language).values())
    if language in MADE.HAN:
        wanted = {one for one in text if MADE.is_wide(one)}
    else:
        wanted = {one for one in text if ord(one) >= 0x400 and one.isalpha()}
    assert wanted
    assert wanted <= have, "run docs/fonts.py again"


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_the_common_characters_are_all_there(language: str) -> None:
    family, _, codec = MADE.HAN[language]
    stem = family.lower().replace(" ", "-")
    have = characters(f"{stem}.woff2") | characters(f"{stem}-ours.woff2")
    lacking = MADE.standard(codec) - have
    assert len(MADE.standard(codec)) > 6_000
    assert len(lacking) < 10, sorted(lacking)
    bold = characters(f"{stem}-ours-bold.woff2")
    ranges = re.findall(
        r"551 900[^}]*unicode-range:([^}]*)}", (STYLES / f"fonts-{language}.css").read_text()
    )
    assert {
        chr(code) for low, high in MADE.ranges_of(ranges[-1]) for code in range(low, high + 1)
    } <= bold
