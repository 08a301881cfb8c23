"""Everybody who can be asked for looks like nobody else, and the same every time."""

from __future__ import annotations

from itertools import combinations

from kiosk.emulator.avatar.characters import (
    HOST,
    PHOTO_CHARACTERS,
    VIDEO_STYLES,
    character_of,
)


def test_everybody_looks_different() -> None:
    looks = {name: character_of(name) for name in (*VIDEO_STYLES, *PHOTO_CHARACTERS)}
    assert len(looks) == 36
    for one, other in combinations(looks, 2):
        assert looks[one] != looks[other], f"{one} and {other}"


def test_a_style_changes_the_clothes_and_not_the_person() -> None:
    casual, formal = character_of("lori", "casual"), character_of("lori", "formal")
    assert casual.jacket != formal.jacket
    assert (casual.skin, casual.hair) == (formal.skin, formal.hair)


def test_names_are_read_in_any_case_and_always_alike() -> None:
    assert character_of("Meg", "casual").jacket == character_of("meg", "casual").jacket
    assert character_of("somebody", customized=True) == character_of("somebody", customized=True)


def test_customized_avatars_have_looks_of_their_own() -> None:
    looks = {character_of(f"our-guide-{number}", customized=True) for number in range(20)}
    assert len(looks) > 15
    assert character_of("lisa", customized=True) != character_of("lisa")


def test_nobody_in_particular_is_the_host() -> None:
    assert character_of("") == HOST
