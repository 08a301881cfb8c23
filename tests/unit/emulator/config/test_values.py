"""Checks shared by the parts of the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.config.values import (
    check_metadata,
    check_temperature,
    check_tokens,
    refuse,
)
from kiosk.emulator.wire.codec import WireError


def test_a_refusal_names_the_field_and_what_it_should_be() -> None:
    error = refuse("session.x", "use one")
    assert (error.code, error.param) == ("invalid_value", "session.x")
    assert error.message == "Invalid value for 'session.x': use one."


@pytest.mark.parametrize("value", [None, "inf", 1, 4096])
def test_token_limits(value: Any) -> None:
    check_tokens(value, "x")


@pytest.mark.parametrize("value", [0, -1, 4097])
def test_token_limits_that_cannot_be(value: int) -> None:
    with pytest.raises(WireError, match="between 1 and 4096") as caught:
        check_tokens(value, "response.max_output_tokens")
    assert caught.value.param == "response.max_output_tokens"


def test_temperatures() -> None:
    for value in (None, 0, 0.6, 1.2):
        check_temperature(value, "x")
    for value in (-0.1, 1.3, float("nan")):
        with pytest.raises(WireError, match=r"between 0 and 1\.2"):
            check_temperature(value, "x")


@pytest.mark.parametrize("value", [None, {}, {"k" * 64: "v" * 512}, dict.fromkeys("abcdefgh", "")])
def test_metadata(value: dict[str, str] | None) -> None:
    check_metadata(value, "x")


@pytest.mark.parametrize(
    "value", [{str(i): "" for i in range(17)}, {"k" * 65: ""}, {"k": "v" * 513}]
)
def test_metadata_that_cannot_be(value: dict[str, str]) -> None:
    with pytest.raises(WireError) as caught:
        check_metadata(value, "session.metadata")
    assert caught.value.param == "session.metadata"
