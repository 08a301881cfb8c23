"""Codes of visitors: readable, forgiving to type, unknown without the key."""

from __future__ import annotations

import re

import pytest

from kiosk.security.visit_codes import ALPHABET, VisitCodes

CODES = VisitCodes("a key")


def test_a_code_is_known_again_however_it_is_typed() -> None:
    code, kept = CODES.make()
    assert re.fullmatch(rf"[{ALPHABET}]{{5}}-[{ALPHABET}]{{5}}", code)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code[:3]} {code[3:]} "):
        assert CODES.hash_of(typed) == kept
    assert CODES.hash_of(code.replace("0", "o").replace("1", "l")) == kept
    assert code.replace("-", "") not in kept


def test_another_key_or_code_has_another_hash() -> None:
    code, kept = CODES.make()
    assert VisitCodes("another").hash_of(code) != kept
    assert CODES.make()[1] != kept


@pytest.mark.parametrize("text", ["", "ABCDE", "ABCDE-FGHJKM", "ABCDE-FGHU0", "ÄBCDE-FGHJK", "--"])
def test_what_cannot_be_a_code_is_none(text: str) -> None:
    assert CODES.hash_of(text) is None
