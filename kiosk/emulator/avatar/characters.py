"""Who can be asked for, and what each looks like here: one drawing in the colours of many people.

The emulator does not draw Microsoft's characters; it makes sure that a developer sees at once
which one a session asked for.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal, NamedTuple

VIDEO_STYLES: dict[str, tuple[str, ...]] = {
    "harry": ("business", "casual", "youthful"),
    "jeff": ("business", "formal"),
    "lisa": (
        "casual-sitting",
        "graceful-sitting",
        "graceful-standing",
        "technical-sitting",
        "technical-standing",
    ),
    "lori": ("casual", "formal", "graceful"),
    "max": ("business", "casual", "formal"),
    "meg": ("business", "casual", "formal"),
}
"""Video avatars and their styles: the lists of Microsoft's Voice Live avatar samples, and for lisa
the further styles of the text to speech avatar's page of standard avatars (unsure here)."""

PHOTO_CHARACTERS: frozenset[str] = frozenset(
    [
        "adrian",
        "amara",
        "amira",
        "anika",
        "bianca",
        "camila",
        "carlos",
        "clara",
        "darius",
        "diego",
        "elise",
        "farhan",
        "faris",
        "gabrielle",
        "hyejin",
        "imran",
        "isabella",
        "layla",
        "ling",
        "liwei",
        "marcus",
        "matteo",
        "rahul",
        "rana",
        "ren",
        "riya",
        "sakura",
        "simone",
        "zayd",
        "zoe",
    ]
)
"""Photo avatars (the same samples); they have no style."""


class Gain(NamedTuple):
    """What red, green and blue of a drawn colour are multiplied by."""

    red: float
    green: float
    blue: float


AS_DRAWN = Gain(1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Character:
    """The colours and parts of one person; the default is the drawing as it is."""

    skin: Gain = AS_DRAWN
    hair: Gain = AS_DRAWN
    grey: bool = True
    """Grey temples, as drawn."""
    long_hair: bool = False
    glasses: bool = True
    jacket: Gain = AS_DRAWN
    shirt: Gain = AS_DRAWN
    lips: Gain = AS_DRAWN
    eyes: Gain = AS_DRAWN


HOST = Character()
"""The museum host as drawn: who is shown when nobody particular is asked for."""

_Skin = Literal["fair", "drawn", "olive", "tan", "brown", "deep"]
_SKINS: dict[_Skin, Gain] = {
    "fair": Gain(1.07, 1.11, 1.16),
    "drawn": AS_DRAWN,
    "olive": Gain(0.95, 0.96, 0.9),
    "tan": Gain(0.86, 0.82, 0.76),
    "brown": Gain(0.68, 0.62, 0.58),
    "deep": Gain(0.5, 0.43, 0.4),
}
_Hair = Literal["black", "brown", "drawn", "auburn", "blond", "grey"]
_HAIRS: dict[_Hair, Gain] = {
    "black": Gain(0.42, 0.42, 0.46),
    "brown": Gain(0.85, 0.68, 0.55),
    "drawn": AS_DRAWN,
    "auburn": Gain(1.35, 0.78, 0.5),
    "blond": Gain(1.7, 1.42, 1.02),
    "grey": Gain(1.75, 1.75, 1.8),
}
_Cloth = Literal["navy", "charcoal", "wine", "forest", "sand", "plum", "teal", "rust", "slate"]
# Gains of the drawn jacket, which is a dark blue (42, 66, 89).
_CLOTHS: dict[_Cloth, Gain] = {
    "navy": AS_DRAWN,
    "charcoal": Gain(1.15, 0.78, 0.62),
    "wine": Gain(2.6, 0.62, 0.66),
    "forest": Gain(1.0, 1.25, 0.66),
    "sand": Gain(3.2, 1.85, 1.15),
    "plum": Gain(2.0, 0.75, 1.1),
    "teal": Gain(0.65, 1.6, 1.25),
    "rust": Gain(3.6, 1.2, 0.6),
    "slate": Gain(2.0, 1.45, 1.25),
}
_SHIRTS: tuple[Gain, ...] = (
    AS_DRAWN,
    Gain(0.86, 0.92, 1.03),
    Gain(1.0, 0.9, 0.88),
    Gain(0.3, 0.31, 0.34),
    Gain(0.93, 0.97, 0.88),
)
_LIPS = Gain(1.04, 0.78, 0.82)
_EYES: tuple[Gain, ...] = (
    AS_DRAWN,
    Gain(0.85, 0.62, 0.45),
    Gain(0.75, 1.0, 1.5),
    Gain(0.6, 0.5, 0.42),
)


class _Person(NamedTuple):
    skin: _Skin
    hair: _Hair
    cloth: _Cloth
    is_woman: bool
    glasses: bool = False


_PEOPLE: dict[str, _Person] = {
    "harry": _Person("fair", "brown", "charcoal", False),
    "jeff": _Person("deep", "black", "navy", False),
    "lisa": _Person("fair", "brown", "teal", True),
    "lori": _Person("drawn", "blond", "wine", True),
    "max": _Person("drawn", "drawn", "navy", False, glasses=True),
    "meg": _Person("tan", "black", "plum", True),
    "adrian": _Person("olive", "black", "forest", False),
    "amara": _Person("deep", "black", "rust", True),
    "amira": _Person("olive", "black", "teal", True),
    "anika": _Person("tan", "brown", "wine", True),
    "bianca": _Person("drawn", "auburn", "forest", True),
    "camila": _Person("tan", "brown", "rust", True),
    "carlos": _Person("tan", "black", "sand", False),
    "clara": _Person("fair", "blond", "slate", True, glasses=True),
    "darius": _Person("brown", "black", "charcoal", False),
    "diego": _Person("olive", "brown", "teal", False),
    "elise": _Person("fair", "auburn", "plum", True),
    "farhan": _Person("brown", "black", "slate", False, glasses=True),
    "faris": _Person("olive", "black", "navy", False),
    "gabrielle": _Person("brown", "black", "sand", True),
    "hyejin": _Person("fair", "black", "slate", True),
    "imran": _Person("tan", "black", "wine", False),
    "isabella": _Person("olive", "brown", "charcoal", True),
    "layla": _Person("tan", "black", "forest", True),
    "ling": _Person("fair", "black", "wine", True),
    "liwei": _Person("drawn", "black", "charcoal", False, glasses=True),
    "marcus": _Person("deep", "black", "forest", False),
    "matteo": _Person("drawn", "brown", "rust", False),
    "rahul": _Person("brown", "black", "teal", False),
    "rana": _Person("olive", "brown", "navy", True),
    "ren": _Person("fair", "black", "forest", False),
    "riya": _Person("brown", "black", "plum", True),
    "sakura": _Person("fair", "brown", "sand", True),
    "simone": _Person("deep", "black", "teal", True),
    "zayd": _Person("tan", "brown", "slate", False),
    "zoe": _Person("drawn", "blond", "navy", True),
}
_CASUAL: dict[_Cloth, _Cloth] = {
    "charcoal": "slate",
    "navy": "forest",
    "teal": "teal",
    "wine": "rust",
    "plum": "wine",
}
_FORMAL: dict[_Cloth, _Cloth] = {
    "charcoal": "navy",
    "navy": "charcoal",
    "teal": "charcoal",
    "wine": "plum",
    "plum": "navy",
}


def character_of(name: str, style: str | None = None, *, customized: bool = False) -> Character:
    """Return what a character looks like; the style says how he or she is dressed.

    A name nobody knows, as a customized avatar's is, gets a look of its own that is always the
    same. No name gets the museum host as drawn.
    """
    known = None if customized else _PEOPLE.get(name.lower())
    if not name:
        return HOST
    if name.lower() == "max" and not customized and style in (None, "business"):
        return HOST
    number = zlib.crc32(name.encode())
    person = known or _Person(
        skin=tuple(_SKINS)[number % len(_SKINS)],
        hair=tuple(_HAIRS)[number // 7 % len(_HAIRS)],
        cloth=tuple(_CLOTHS)[number // 49 % len(_CLOTHS)],
        is_woman=bool(number // 441 % 2),
        glasses=bool(number // 882 % 2),
    )
    cloth = person.cloth
    if style is not None and style.startswith(("casual", "youthful")):
        cloth = _CASUAL.get(cloth, cloth)
    elif style is not None and style.startswith(("formal", "graceful")):
        cloth = _FORMAL.get(cloth, cloth)
    return Character(
        skin=_SKINS[person.skin],
        hair=_HAIRS[person.hair],
        grey=person.hair == "drawn",
        long_hair=person.is_woman,
        glasses=person.glasses,
        jacket=_CLOTHS[cloth],
        shirt=_SHIRTS[(number + len(style or "")) % len(_SHIRTS)],
        lips=_LIPS if person.is_woman else AS_DRAWN,
        eyes=_EYES[number // 3 % 3] if person.hair in ("blond", "auburn", "brown") else _EYES[3],
    )
