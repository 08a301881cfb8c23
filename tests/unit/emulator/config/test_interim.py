"""Interim responses: for text models and agents, within the API reference's bounds."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.emulator.config.interim import check_interim, filled_interim
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import WireError

STATIC = "static_interim_response"
LLM = "llm_interim_response"


def check(model: str | None = "gpt-4.1", **fields: Any) -> None:
    check_interim({"type": STATIC, **fields}, "p", model, Limits(text_characters=10))


def test_text_models_and_agents_have_them() -> None:
    check(texts=["Wait."], latency_threshold_ms=0)
    check(None)
    check(type=LLM, max_completion_tokens=1)


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4o-realtime-preview", "azure-realtime"])
def test_realtime_models_have_none(model: str) -> None:
    with pytest.raises(WireError, match="interim response") as caught:
        check(model)
    assert caught.value.param == "p"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"latency_threshold_ms": -1}, "p.latency_threshold_ms"),
        ({"max_completion_tokens": 0}, "p.max_completion_tokens"),
        ({"texts": []}, "p.texts"),
        ({"texts": [" "]}, "p.texts"),
        ({"texts": ["x"] * 101}, "p.texts"),
        ({"texts": ["x" * 11]}, "p.texts"),
    ],
)
def test_what_cannot_be_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(WireError) as caught:
        check(**fields)
    assert caught.value.param == param


def test_the_references_defaults() -> None:
    static = filled_interim({"type": STATIC, "triggers": None, "texts": ["Wait."]})
    assert static == {
        "type": STATIC,
        "texts": ["Wait."],
        "triggers": ["latency"],
        "latency_threshold_ms": 2000,
    }
    llm = filled_interim({"type": LLM, "triggers": ["tool"]})
    assert (llm["model"], llm["max_completion_tokens"]) == ("gpt-4.1-mini", 50)
    assert llm["triggers"] == ["tool"]
