"""Domain events travel as JSON and come back as what they were; they never change on the way."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from kiosk import events
from kiosk.events import EVENT_ADAPTER, DomainEvent, TurnCompleted, VisitEnded
from kiosk.model import EndReason

few = settings(deadline=None, max_examples=60, database=None)
AT = datetime(2026, 3, 4, 14, 0, 0, 123456, tzinfo=UTC)


def classes() -> list[type[BaseModel]]:
    union = typing.get_args(DomainEvent)[0]
    return list(typing.get_args(union))


def sample(event: type[BaseModel]) -> BaseModel:
    """Make an event with a plausible value in every field."""
    by_type: dict[Any, Any] = {str: "x", int: 3, float: 1.5, bool: True, datetime: AT}
    by_type[dict[str, Any]] = {"floor": 2}
    values: dict[str, Any] = {}
    for name, field in event.model_fields.items():
        if name == "type":
            continue
        choices = typing.get_args(field.annotation)
        literal = [choice for choice in choices if isinstance(choice, str)]
        if field.annotation is EndReason:
            values[name] = EndReason.IDLE
        elif literal:
            values[name] = literal[0]
        else:
            values[name] = by_type.get(field.annotation, "x")
    return event(**values)


@pytest.mark.parametrize("event", classes(), ids=lambda event: event.__name__)
def test_each_survives_the_bus(event: type[BaseModel]) -> None:
    made = sample(event)
    again = EVENT_ADAPTER.validate_json(made.model_dump_json())
    assert type(again) is event
    assert again == made


def test_each_has_a_type_of_its_own_that_is_its_name() -> None:
    types = {event.__name__: event.model_fields["type"].default for event in classes()}
    assert len(set(types.values())) == len(types)
    for name, kind in types.items():
        assert kind.replace("_", "") == name.lower()


def test_every_event_of_the_module_is_in_the_union() -> None:
    written = {
        thing
        for thing in vars(events).values()
        if isinstance(thing, type)
        and issubclass(thing, BaseModel)
        and not thing.__name__.startswith("_")
        and thing is not BaseModel
    }
    assert written == set(classes())


def test_an_event_cannot_be_changed_and_takes_nothing_extra() -> None:
    made = sample(TurnCompleted)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, "text", "other words")  # noqa: B010 - what a plugin would try
    with pytest.raises(ValidationError):
        EVENT_ADAPTER.validate_python({**made.model_dump(), "audio": "x"})
    with pytest.raises(ValidationError):
        EVENT_ADAPTER.validate_python({**made.model_dump(), "type": "something_else"})


@few
@given(reason=st.sampled_from(EndReason), turns=st.integers(0, 10**6))
def test_a_reason_is_its_word_on_the_wire(reason: EndReason, turns: int) -> None:
    ended = VisitEnded(kiosk_id="k", visit_id="v", at=AT, reason=reason, turns=turns, seconds=1.0)
    again = EVENT_ADAPTER.validate_json(ended.model_dump_json())
    assert isinstance(again, VisitEnded)
    assert again.reason is reason
    assert f'"{reason.value}"' in ended.model_dump_json()
