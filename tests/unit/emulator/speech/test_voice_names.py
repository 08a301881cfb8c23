"""Names tell the gender that Azure's own table gives them."""

from __future__ import annotations

import pytest

from kiosk.emulator.speech import voice_names
from kiosk.emulator.speech.voice_names import gender_of


@pytest.mark.parametrize("name", ["Ava", "katja", "Xiaoxiao", "Denise", "coral", "Lisa"])
def test_women(name: str) -> None:
    assert gender_of(name) == "female"


@pytest.mark.parametrize("name", ["Andrew", "Conrad", "Yunxi", "Henri", "echo", "Max"])
def test_men(name: str) -> None:
    assert gender_of(name) == "male"


def test_what_nobody_knows_has_none() -> None:
    assert gender_of("alloy") == ""
    assert gender_of("profile-3") == ""


def test_no_name_is_on_both_lists() -> None:
    women, men = voice_names._FEMALE.split(), voice_names._MALE.split()
    assert not set(women) & set(men)
    assert all(name.isascii() and name == name.lower() for name in [*women, *men])
