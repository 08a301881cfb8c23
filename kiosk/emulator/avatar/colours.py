"""Drawings in another person's colours: which colour of a drawing is skin, hair or cloth."""

from __future__ import annotations

import re
from functools import lru_cache

from kiosk.emulator.avatar import art, face
from kiosk.emulator.avatar.characters import AS_DRAWN, HOST, Character, Gain

# What an element of an asset file belongs to, by the id of the gradient or group it is in.
_SKIN = ("skin", "forehead", "blush", "ear", "earRight", "ears", "face", "nose", "lines", "neck")
_HAIR = ("hair", "temple", "hair-part", "lock")
_JACKET = ("jacket", "jacketFall", "lapelLeft", "lapelRight", "jacket-part")
_SHIRT = ("shirt", "collarLeft", "collarRight", "shirt-part", "collar-part")
_ROLES = {
    **dict.fromkeys((*_SKIN, "neck-part"), "skin"),
    **dict.fromkeys(_HAIR, "hair"),
    **dict.fromkeys(_JACKET, "jacket"),
    **dict.fromkeys(_SHIRT, "shirt"),
}
_OWNER = re.compile(r'<(?:linearGradient|radialGradient|g) id="([^"]+)"')
_COLOR = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})\b")

_GREY = ("url(#temple)", "#bfb5ab", "#d8d0c8", "#efe9e2")
_AGED = ('stroke="#9a6244"', 'fill="#6a5a52"')
"""Lines of the forehead and the shaved beard: his, and nobody else's."""

# The colours of the moving parts, which are drawn by face.py.
_FACE_ROLES = {
    **dict.fromkeys(
        ["c08862", "d9a47e", "b97f5b", "7a452c", "8a523a", "c9806c", "7a4229", "ffe0c2", "e9b494"],
        "skin",
    ),
    **dict.fromkeys(["5d4c40", "3a2c24", "1f1611", "93816f"], "hair"),
    **dict.fromkeys(["c07a66", "9c5447", "b96e5f", "cb8571", "b3705a"], "lips"),
    **dict.fromkeys(["a98a55", "6f7f5f", "41584f"], "eyes"),
}


def _gains(who: Character) -> dict[str, Gain]:
    lips = Gain(*(skin * lip for skin, lip in zip(who.skin, who.lips, strict=True)))
    return {
        "skin": who.skin,
        "hair": who.hair,
        "jacket": who.jacket,
        "shirt": who.shirt,
        "lips": lips,
        "eyes": who.eyes,
    }


def _dyed(text: str, gain: Gain) -> str:
    if gain == AS_DRAWN:
        return text

    def dye(found: re.Match[str]) -> str:
        parts = (int(part, 16) for part in found.groups())
        return "#" + "".join(
            f"{min(255, round(part * by)):02x}" for part, by in zip(parts, gain, strict=True)
        )

    return _COLOR.sub(dye, text)


@lru_cache(maxsize=64)
def part(name: str, who: Character) -> str:
    """Return the drawing of an asset file, coloured for somebody."""
    text = art.part(name)
    if who == HOST:
        return text
    gains = _gains(who)
    # The files have one element a line, which is what lets this be done without an XML parser.
    lines: list[str] = []
    role = ""
    for line in text.split("\n"):
        owner = _OWNER.search(line)
        if owner is not None:
            role = _ROLES.get(owner[1], "")
        elif "<filter" in line or "pin" in line:
            role = role if "<filter" in line else ""
        left_out = (_AGED if role == "skin" else ()) + (() if who.grey else _GREY)
        if role in ("skin", "hair") and any(mark in line for mark in left_out):
            continue
        lines.append(_dyed(line, gains.get(role, AS_DRAWN)))
    return "\n".join(lines)


def eyes(name: str, who: Character) -> str:
    """Return both eyes, coloured for somebody."""
    return _face(face.eyes(name), who)


def mouth(name: str, who: Character) -> str:
    """Return a mouth, coloured for somebody."""
    return _face(face.mouth(name), who)


def _face(drawing: str, who: Character) -> str:
    if who == HOST:
        return drawing
    gains = _gains(who)

    def dye(found: re.Match[str]) -> str:
        return _dyed(found[0], gains.get(_FACE_ROLES.get(found[0][1:], ""), AS_DRAWN))

    return _COLOR.sub(dye, drawing)
