"""The two kinds of models begin, and tell their settings, as they were recorded."""

from __future__ import annotations

import pytest

from kiosk.emulator.config.config import SessionConfig
from kiosk.emulator.config.family import CASCADED, REALTIME, family_of, first_values, told
from kiosk.emulator.scenario.limits import Limits


def config(model: str) -> SessionConfig:
    return SessionConfig(session_id="sess_1", model=model, agent=None, expires_at=1)


def after(model: str, **changes: object) -> dict[str, object]:
    target = config(model)
    target.apply(dict(changes), ice_servers=[], limits=Limits())
    return dict(target.as_model().as_dict())


@pytest.mark.parametrize(
    ("model", "agent", "family"),
    [
        ("gpt-realtime", False, REALTIME),
        ("gpt-realtime-mini", False, REALTIME),
        ("gpt-4o-realtime-preview", False, REALTIME),
        ("gpt-4.1", False, CASCADED),
        ("phi4-mm", False, CASCADED),
        (None, True, CASCADED),
        ("gpt-realtime", True, CASCADED),
    ],
)
def test_a_models_name_tells_its_family(model: str | None, agent: bool, family: object) -> None:
    assert family_of(model, agent=agent) is family


def test_values_are_fresh_each_time() -> None:
    first_values(REALTIME, "gpt-realtime")["tools"].append("x")
    assert first_values(REALTIME, "gpt-realtime")["tools"] == []


def test_a_realtime_model_begins_as_recorded() -> None:
    session = config("gpt-realtime").as_model().as_dict()
    assert session["object"] == "realtime.session"
    assert session["voice"] == {"type": "openai", "name": "alloy"}
    assert "temperature" not in session
    detection = session["turn_detection"]
    assert (detection["prefix_padding_ms"], detection["silence_duration_ms"]) == (300, 200)
    assert detection["speech_duration_ms"] is detection["idle_timeout_ms"] is None
    for name in ("animation", "include", "truncation_strategy", "greeting", "handoff"):
        assert session[name] is None


def test_a_realtime_model_tells_the_numbers_it_fills_in() -> None:
    detection = after("gpt-realtime", turn_detection={"type": "server_vad"})["turn_detection"]
    assert isinstance(detection, dict)
    assert (detection["threshold"], detection["prefix_padding_ms"]) == (0.5, 400)
    assert detection["silence_duration_ms"] == 500


def test_a_cascaded_model_begins_as_recorded() -> None:
    session = config("gpt-4.1").as_model().as_dict()
    assert session["voice"]["name"] == "en-US-AvaNeural"
    assert session["voice"]["style"] is None
    assert session["temperature"] == 0.8
    transcription = {"model": "azure-speech", "language": None, "prompt": None}
    assert session["input_audio_transcription"].items() >= transcription.items()
    assert session["turn_detection"]["silence_duration_ms"] == 500


def test_a_reasoning_model_has_its_own_temperature_and_effort() -> None:
    session = config("gpt-5").as_model().as_dict()
    assert (session["temperature"], session["reasoning_effort"]) == (1.0, "minimal")


def test_a_cascaded_model_tells_null_and_goes_by_the_defaults() -> None:
    target = config("gpt-4.1")
    wanted = {"type": "azure_semantic_vad", "threshold": 0.7}
    target.apply({"turn_detection": wanted}, ice_servers=[], limits=Limits())
    shown = target.as_model().as_dict()["turn_detection"]
    assert (shown["threshold"], shown["silence_duration_ms"]) == (0.7, None)
    assert target.turn_detection is not None
    assert target.turn_detection["silence_duration_ms"] == 500


def test_echo_cancellation_tells_whose_reference() -> None:
    echo = {"type": "server_echo_cancellation"}
    session = after("gpt-4.1", input_audio_echo_cancellation=echo)
    assert session["input_audio_echo_cancellation"] == {
        **echo,
        "reference_source": "server",
        "channels": 1,
    }


def test_what_is_told_leaves_the_values_alone() -> None:
    values = first_values(CASCADED, "gpt-4.1")
    before = repr(values)
    told(CASCADED, {**values, "turn_detection": None}, frozenset())
    assert repr(values) == before
