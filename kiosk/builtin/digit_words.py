"""Digits as people say them one by one, in the screen's languages and some of their neighbours'."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = """
zero oh one two three four five six seven eight nine double triple
null eins zwei zwo drei vier fünf fuenf sechs sieben acht neun doppel
zéro un deux trois quatre cinq sept huit neuf
cero uno dos tres cuatro cinco seis siete ocho nueve
um dois três quatro sete oito nove meia
due tre quattro cinque sei sette otto
nul een twee drie vijf zes zeven negen
нуль один одна два дві три чотири п'ять пʼять п’ять шість сім вісім дев'ять девʼять дев’ять
ноль две четыре пять шесть семь восемь девять
صفر واحد واحدة اثنان اثنين إثنان إثنين اتنين ثلاثة ثلاث تلاتة أربعة اربعة أربع خمسة خمس ستة ست
سبعة سبع ثمانية ثمان تمانية تسعة تسع
"""
# Written without spaces between them: one sign a digit in Chinese, a word each in Japanese.
_SIGNS: Final = "零〇一二三四五六七八九幺兩两"
_KANA: Final = """
ゼロ れい レイ まる マル いち イチ に ニ さん サン よん ヨン ご ゴ ろく ロク なな ナナ しち シチ
はち ハチ きゅう キュウ
"""


def _any_of(words: str) -> str:
    return "|".join(sorted(set(words.split()), key=len, reverse=True))


def spoken(least: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds `least` digits or more: apart, as words, and run together, as signs."""
    word = rf"(?:{_any_of(_WORDS)}|\d+)"
    apart = rf"\b{word}(?:[\s,.،、-]{{1,3}}و?{word}){{{least - 1},}}\b"
    sign = rf"(?:[{_SIGNS}]|{_any_of(_KANA)}|\d)"
    together = rf"{sign}(?:[\s,，、・.-]{{0,2}}{sign}){{{least - 1},}}"
    return re.compile(apart, re.IGNORECASE), re.compile(together)
