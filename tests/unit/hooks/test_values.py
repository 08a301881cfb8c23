"""Tests of what hooks are given and give back: plain, frozen values without the application."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import Any

import pytest

from kiosk.hooks import values
from kiosk.hooks.values import PluginResponse, SessionConfig

KINDS = [
    kind
    for _, kind in inspect.getmembers(values, inspect.isclass)
    if kind.__module__ == values.__name__
]
HANDLES = ("Application", "Hooks", "Settings", "Request", "aiohttp", "AccessToken")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_is_frozen_documented_and_leads_nowhere(kind: Any) -> None:
    """A plugin changes nothing by writing into what it was given, nor reaches the app through."""
    assert is_dataclass(kind)
    assert vars(kind)["__dataclass_params__"].frozen
    assert kind.__doc__
    assert "(" not in kind.__doc__.splitlines()[0][:20]  # a sentence, not the made signature
    types = " ".join(str(item.type) for item in fields(kind))
    assert not [handle for handle in HANDLES if handle in types.replace("PluginRequest", "")]


def test_a_visits_configuration_is_changed_with_replace() -> None:
    before = SessionConfig("en-US-Ava", "lisa", None, None, None, ("find",), (), None)
    after = replace(before, voice="de-DE-Katja", silence_ms=900)
    assert (after.voice, after.silence_ms, after.tools) == ("de-DE-Katja", 900, ("find",))
    with pytest.raises(FrozenInstanceError):
        before.voice = "x"  # type: ignore[misc]  # what this test is about


def test_an_answer_is_plain_text_unless_it_says_otherwise() -> None:
    answer = PluginResponse("ok")
    assert (answer.status, answer.content_type, answer.location) == (200, "text/plain", "")
