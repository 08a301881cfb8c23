"""Makes the screen's fonts beyond Latin; run by hand, its output is kept.

    apt-get download fonts-noto-cjk && dpkg-deb -x fonts-noto-cjk_*.deb work
    npm pack @fontsource-variable/noto-sans @fontsource-variable/noto-sans-arabic   # unpack each
    .venv/bin/python docs/fonts.py work NOTO-SANS/package NOTO-SANS-ARABIC/package

Chinese and Japanese come in two parts each: what our own sentences need, in two weights, so that
the interface is there at once; and the common characters (GB 2312, JIS X 0208) in one, which a
browser loads when something first shows one of them. The screen takes their style sheet when the
language is chosen; until then a few kilobytes name both languages.

Run it again when sentences have changed: what is not among the first part still shows, but loads
the second. The large parts stay as they are, because a repository keeps every version of them;
`--all` makes them anew.
"""

from __future__ import annotations

import argparse
import io
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po
from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

ROOT: Final = Path(__file__).resolve().parent.parent
FONTS: Final = ROOT / "kiosk/static/kiosk/fonts"
STYLES: Final = ROOT / "kiosk/static/kiosk"
NAMES: Final = "中文日本語"
CJK: Final = "usr/share/fonts/opentype/noto/NotoSansCJK-{weight}.ttc"

# The family's name in CSS, the font's own in Debian's collection, the standard of its characters.
HAN: Final = {
    "zh": ("Noto Sans SC", "Noto Sans CJK SC", "gb2312"),
    "ja": ("Noto Sans JP", "Noto Sans CJK JP", "euc_jp"),
}
ALWAYS: Final = "中文日本語，。、；：？！“”‘’「」（）《》・ー…—％ ０１２３４５６７８９〈〉"  # noqa: RUF001 - the wide forms are meant
COPIED: Final = {
    "noto-sans-cyrillic-wght-normal.woff2": (
        "noto-sans-cyrillic.woff2",
        "Noto Sans",
        "U+0301, U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116",
    ),
    "noto-sans-arabic-arabic-wght-normal.woff2": (
        "noto-sans-arabic.woff2",
        "Noto Sans Arabic",
        "U+0600-06FF, U+0750-077F, U+0870-088E, U+0890-0891, U+0897-08E1, U+08E3-08FF, "
        "U+200C-200E, U+2010-2011, U+204F, U+2E41, U+FB50-FDFF, U+FE70-FE74, U+FE76-FEFC",
    ),
}
# Marks that Latin has, too, are left to it: a quotation mark of another face would stand out.
WIDE: Final = (
    "U+2E80-2FDF, U+3000-30FF, U+31C0-31FF, U+3400-4DBF, U+4E00-9FFF, U+F900-FAFF, U+FF00-FFEF"
)


def standard(codec: str) -> set[str]:
    """Return the characters of a two-byte standard, from Python's codec of it."""
    found = set()
    for lead in range(0xA1, 0xFF):
        for trail in range(0xA1, 0xFF):
            try:
                character = bytes((lead, trail)).decode(codec)
            except UnicodeDecodeError:
                continue
            if is_wide(character):
                found.add(character)
    return found


def is_wide(character: str) -> bool:
    """Whether the Latin face does not have it, but a Chinese or Japanese one does."""
    return any(low <= ord(character) <= high for low, high in ranges_of(WIDE))


def ranges_of(css: str) -> Iterator[tuple[int, int]]:
    """Yield first and last code point of each part of a unicode-range."""
    for part in css.replace("U+", "").split(","):
        low, _, high = part.strip().partition("-")
        yield int(low, 16), int(high or low, 16)


def of_sentences(language: str) -> set[str]:
    """Return the wide characters of our own sentences in a language, and a few beside them."""
    path = ROOT / "kiosk/locale" / f"kiosk.{language}.po"
    catalogue = read_po(io.BytesIO(path.read_bytes()))
    text = "".join(str(message.string) for message in catalogue) + ALWAYS
    if language == "ja":
        kana = map(chr, range(0x3041, 0x30FF))  # the keys of its keyboard
        text += "".join(one for one in kana if unicodedata.name(one, ""))
    return {character for character in text if is_wide(character)}


def css_ranges(characters: Iterable[str]) -> str:
    """Return characters as a unicode-range, neighbours joined."""
    parts: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if parts and code == parts[-1][1] + 1:
            parts[-1][1] = code
        else:
            parts.append([code, code])
    return ",".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in parts)


def write_subset(font: TTFont, characters: Iterable[str], path: Path) -> None:
    """Write a woff2 with these characters only."""
    options = subset.Options(flavor="woff2", hinting=False, desubroutinize=False)
    options.layout_features = ["kern", "palt", "ccmp", "locl", "mark", "mkmk"]
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.notdef_outline = True
    maker = subset.Subsetter(options)
    maker.populate(text="".join(sorted(characters)))
    maker.subset(font)
    subset.save_font(font, str(path), options)


def face(family: str, name: str, weight: str, ranges: str) -> str:
    """Return one @font-face rule."""
    return (
        f'@font-face{{font-family:"{family}";src:url("fonts/{name}") format("woff2");'
        f"font-weight:{weight};font-display:swap;unicode-range:{ranges}}}\n"
    )


def of_collection(folder: Path, weight: str, inside: str) -> TTFont:
    """Return one font of Debian's collection by its own name."""
    collection = TTCollection(folder / CJK.format(weight=weight), lazy=True)
    (font,) = (one for one in collection.fonts if one["name"].getDebugName(1) == inside)
    return font


def characters_of(path: Path) -> set[str]:
    """Return the characters that a font file has."""
    with TTFont(path, lazy=True) as font:
        return set(map(chr, font.getBestCmap()))


def write_style(name: str, rules: Iterable[str]) -> None:
    """Write one style sheet."""
    path = STYLES / name
    head = "/* Fonts beyond Latin; made by docs/fonts.py, licence in fonts/OFL-Noto.txt. */\n"
    path.write_text(head + "".join(rules), encoding="utf-8")
    print(f"{name}: {path.stat().st_size} bytes")


def main() -> None:
    """Write the fonts and the styles that name them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("cjk", type=Path, help="the unpacked Debian package fonts-noto-cjk")
    parser.add_argument("packages", type=Path, nargs=2, help="the unpacked npm packages")
    parser.add_argument("--all", action="store_true", help="make the large parts anew, too")
    chosen = parser.parse_args()
    rules = []
    for package in chosen.packages:
        for source in sorted((package / "files").glob("*.woff2")):
            if source.name in COPIED:
                name, family, ranges = COPIED[source.name]
                shutil.copyfile(source, FONTS / name)
                rules.append(face(family, name, "100 900", ranges))
    names = FONTS / "noto-sans-names.woff2"
    write_subset(of_collection(chosen.cjk, "Bold", "Noto Sans CJK JP"), NAMES, names)
    rules.append(face("Kiosk Names", names.name, "100 900", css_ranges(NAMES)))
    write_style("fonts.css", rules)
    for language, (family, inside, codec) in HAN.items():
        ours = of_sentences(language)
        stem = family.lower().replace(" ", "-")
        large = FONTS / f"{stem}.woff2"
        if chosen.all or not large.exists():
            write_subset(of_collection(chosen.cjk, "Regular", inside), standard(codec), large)
        ours |= standard(codec) - characters_of(large)
        jobs = (
            ("Regular", f"{stem}-ours.woff2", ours),
            ("Bold", f"{stem}-ours-bold.woff2", ours),
        )
        for weight, name, characters in jobs:
            write_subset(of_collection(chosen.cjk, weight, inside), characters, FONTS / name)
            print(f"{name}: {len(characters)} characters, {(FONTS / name).stat().st_size} bytes")
        # The large part stands for both weights: a lighter heading, never a smeared one.
        write_style(
            f"fonts-{language}.css",
            (
                face(family, f"{stem}.woff2", "100 550", WIDE),
                face(family, f"{stem}.woff2", "551 900", WIDE),
                face(family, f"{stem}-ours.woff2", "100 550", css_ranges(ours)),
                face(family, f"{stem}-ours-bold.woff2", "551 900", css_ranges(ours)),
            ),
        )


if __name__ == "__main__":
    main()
