"""Errors carry what their reader needs: a stable code, and whether trying again can help."""

from __future__ import annotations

import pytest

from kiosk import errors
from kiosk.errors import (
    KioskError,
    MediaError,
    PluginLoadError,
    SignalingError,
    StartupError,
    UpstreamError,
)


def every_class() -> list[type[KioskError]]:
    return [
        thing
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, KioskError)
    ]


def test_each_has_a_code_of_its_own() -> None:
    own = [error.code for error in every_class() if "code" in vars(error)]
    assert len(own) == len(set(own)), "the code is a contract: two errors may not share one"
    for error in every_class():
        assert error.code.replace("_", "").isalpha()


@pytest.mark.parametrize("error", every_class())
def test_each_says_who_sees_it(error: type[KioskError]) -> None:
    assert error.__doc__
    assert error.__name__ in str(errors.__doc__), "draw it in the tree of the module's docstring"


def test_a_plugin_that_does_not_load_stops_the_start() -> None:
    assert issubclass(PluginLoadError, StartupError)


def test_codes_of_single_errors_replace_the_class_code() -> None:
    assert SignalingError("not_now", "Wait.").code == "not_now"
    assert not SignalingError("not_now", "Wait.").fatal
    assert SignalingError("closed", "Gone.", fatal=True).fatal
    assert MediaError("no_h264", "No H.264.").code == "no_h264"


def test_an_upstream_error_says_whether_and_when_to_try_again() -> None:
    error = UpstreamError("rate_limited", "Busy.", retryable=True, retry_after=3.5, status=429)
    assert (error.code, error.retryable, error.retry_after, error.status) == (
        "rate_limited", True, 3.5, 429
    )  # fmt: skip
    assert UpstreamError("closed", "Gone.", retryable=True).retry_after is None
