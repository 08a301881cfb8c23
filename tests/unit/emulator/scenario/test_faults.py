"""A fault says what triggers it and what it does, or why it cannot."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from kiosk.emulator.scenario.faults import (
    CLIENT_TYPES,
    ENDING,
    LASTING,
    SERVER_TYPES,
    Action,
    Fault,
    describe,
)


def test_no_name_is_both_a_clients_and_a_servers() -> None:
    assert not CLIENT_TYPES & SERVER_TYPES


def test_every_action_can_be_planned_somewhere() -> None:
    for action in get_args(Action):
        places = []
        for on in ("connect", "time", "response.create", "response.created"):
            try:
                places.append(Fault.model_validate({"on": on, "do": action}).on)
            except ValidationError:
                continue
        assert places, action
    assert set(get_args(Action)) > LASTING | ENDING


@pytest.mark.parametrize(
    ("fault", "moment"),
    [
        ({"on": "response.create", "do": "error"}, "instead"),
        ({"on": "response.create", "do": "close"}, "instead"),
        ({"on": "*", "do": "drop"}, "instead"),
        ({"on": "response.create", "do": "delay"}, "before"),
        ({"on": "response.create", "do": "bad_json"}, "before"),
        ({"on": "response.done", "do": "error"}, "before"),
        ({"on": "server:*", "do": "drop"}, "instead"),
        ({"on": "response.done", "do": "close", "when": "after"}, "after"),
    ],
)
def test_when_it_strikes(fault: dict[str, Any], moment: str) -> None:
    assert Fault.model_validate(fault).moment == moment


@pytest.mark.parametrize(
    ("on", "taken", "left"),
    [
        ("response.done", ["response.done"], ["response.create", "response.created"]),
        ("*", ["response.create", "session.update"], ["response.done", "session.created"]),
        ("server:*", ["response.done", "rate_limits.updated"], ["response.create"]),
    ],
)
def test_which_events_it_counts(on: str, taken: list[str], left: list[str]) -> None:
    fault = Fault(on=on, do="error")
    assert all(fault.takes(kind) for kind in taken)
    assert not any(fault.takes(kind) for kind in left)


@pytest.mark.parametrize(
    ("fault", "strikes"),
    [
        ({}, [1]),
        ({"nth": 3}, [3]),
        ({"nth": 2, "every": 3}, [2, 5, 8]),
        ({"every": 1, "times": 2}, [1, 2]),
    ],
)
def test_how_often_it_strikes(fault: dict[str, int], strikes: list[int]) -> None:
    planned = Fault.model_validate({"on": "*", "do": "error", **fault})
    struck: list[int] = []
    for seen in range(1, 10):
        if planned.due(seen, len(struck)):
            struck.append(seen)
    assert struck == strikes


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"on": "session.upddate", "do": "error"}, "there is no event 'session.upddate'"),
        ({"on": "session.update", "do": "refuse"}, "'refuse' goes with on"),
        ({"on": "time", "do": "drop"}, "'drop' goes with the type of an event"),
        ({"on": "response.create", "do": "duplicate"}, "type of a server event"),
        ({"on": "connect", "do": "error", "when": "after"}, "'when' goes with an event"),
        ({"on": "response.done", "do": "drop", "when": "before"}, "not with drop"),
        ({"on": "response.done", "do": "delay", "when": "instead"}, "not instead of it"),
        ({"on": "*", "do": "error", "times": 2}, "'times' needs 'every'"),
        ({"on": "*", "do": "error", "at_ms": 2}, "'at_ms' goes with on"),
        ({"on": "time", "do": "error", "nth": 2}, "strikes once"),
        ({"on": "*", "do": "jitter", "min_ms": 9, "max_ms": 3}, "more than 'max_ms'"),
        ({"on": "*", "do": "close", "close_code": 1006}, "use abort"),
        ({"on": "*", "do": "close", "reason": "ä" * 70}, "123 bytes"),
        ({"on": "*", "do": "close", "delay_ms": 5}, "'delay_ms' does not go with do = 'close'"),
        ({"on": "*", "do": "drop", "duration_ms": 5}, "does not go with do = 'drop'"),
    ],
)
def test_what_does_not_go_together(fault: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Fault.model_validate(fault)
    assert words in str(caught.value)


def test_it_is_shown_as_it_was_given() -> None:
    given = {"on": "*", "do": "close", "close_code": 4001}
    assert describe(Fault.model_validate(given)) == given
