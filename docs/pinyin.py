"""Makes the table of the Chinese keyboard; run by hand, its output kept.

    .venv/bin/pip install jieba==0.42.1 pypinyin==0.55.0
    .venv/bin/python docs/pinyin.py

From the dictionary of jieba (words with how often they occur) and pypinyin (how they are read),
both under the MIT licence; see docs/languages.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import jieba
from pypinyin import Style, lazy_pinyin, pinyin

ROOT: Final = Path(__file__).resolve().parent.parent
TABLE: Final = ROOT / "kiosk/static/kiosk/keyboard/pinyin.txt"
WORDS: Final = 18_000
"""Words kept, the most frequent: more make the file large and the list of candidates long."""
LONGEST: Final = 4
"""Characters of a word kept: longer ones are names and sayings."""


ASKED: Final = (
    "哪里",
    "哪儿",
    "在哪",
    "厕所",
    "洗手间",
    "几点",
    "多少",
    "多少钱",
    "怎么走",
    "电梯",
    "出口",
    "开门",
)
"""What people ask at an entrance; put before words that are typed the same."""


def dictionary() -> dict[str, int]:
    """Return jieba's words with how often they occur."""
    path = Path(jieba.__file__).with_name("dict.txt")
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, count, _ = line.split(" ")
        if is_common(word):
            found[word] = int(count)
    most = max(found.values())
    return found | dict.fromkeys(ASKED, most)


def is_common(word: str) -> bool:
    """Whether every character is one of GB 2312, which the packaged font has."""
    try:
        word.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return all("\u4e00" <= character <= "\u9fff" for character in word)


def syllables(word: str) -> list[str]:
    """Return how a word is typed; the umlaut of `lü` is a v, as on every keyboard."""
    return [part.replace("ü", "v") for part in lazy_pinyin(word, style=Style.NORMAL)]


def characters(words: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return, by syllable, the characters read so and how often."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for word, count in words.items():
        parts = syllables(word)
        if len(parts) == len(word):
            for character, part in zip(word, parts, strict=True):
                found[part][character] += count
    for character in {character for word in words for character in word}:
        for reading in pinyin(character, style=Style.NORMAL, heteronym=True)[0]:
            found[reading.replace("ü", "v")][character] += 1
    return found


def line(key: str, candidates: Iterable[str]) -> str:
    """Return one line of the table."""
    return f"{key} {','.join(candidates)}\n"


def main() -> None:
    """Write the table: first the syllables, then the words, each by how often it is meant."""
    words = dictionary()
    read = characters(words)
    lines = [
        "# Made by docs/pinyin.py from jieba and pypinyin (MIT): typed, then what may be meant.\n"
    ]
    for syllable in sorted(read):
        if syllable.isascii() and syllable.isalpha():
            ranked = sorted(read[syllable].items(), key=lambda item: (-item[1], item[0]))
            lines.append(line(syllable, (character for character, _ in ranked)))
    frequent = sorted(
        (word for word in words if 2 <= len(word) <= LONGEST), key=lambda word: (-words[word], word)
    )
    by_key: dict[str, list[str]] = defaultdict(list)
    for word in frequent[:WORDS]:
        parts = syllables(word)
        if len(parts) == len(word):
            # A mark where it could be read otherwise: xi'an is two syllables, xian one.
            by_key["".join(parts)].append(word)
    lines += [line(key, by_key[key]) for key in sorted(by_key) if key not in read]
    both = {key: by_key[key] for key in by_key if key in read}
    lines += [line(f"{key}'", both[key]) for key in sorted(both)]
    TABLE.write_text("".join(lines), encoding="utf-8")
    print(f"{TABLE.name}: {len(lines)} lines, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
