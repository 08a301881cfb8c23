"""Checks that several parts of the configuration share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.emulator.wire.codec import INVALID_VALUE, WireError


def refuse(param: str, message: str) -> WireError:
    """Return the refusal of a value: `param` is its path, `message` what it should be."""
    return WireError(INVALID_VALUE, f"Invalid value for '{param}': {message}.", param)


def check_tokens(value: Any, param: str) -> None:
    """Raise WireError unless a token limit is absent, "inf" or 1 to 4096 (API reference)."""
    if isinstance(value, int) and not 1 <= value <= 4096:
        raise refuse(param, "it must be 'inf' or lie between 1 and 4096")


def check_temperature(value: float | None, param: str) -> None:
    """Raise WireError unless a temperature is absent or lies between 0 and 1.2.

    The SDK says 0.0 to 1.0, the API reference 0.6 to 1.2: both ranges are let through.
    """
    if value is not None and not 0.0 <= value <= 1.2:
        raise refuse(param, "it must lie between 0 and 1.2")


def check_metadata(value: Mapping[str, str] | None, param: str) -> None:
    """Raise WireError unless metadata keeps to 16 pairs of 64 and 512 characters (SDK model)."""
    if value is None:
        return
    if len(value) > 16:
        raise refuse(param, "at most 16 pairs are allowed")
    if any(len(key) > 64 or len(text) > 512 for key, text in value.items()):
        raise refuse(param, "keys have at most 64 characters and values 512")
