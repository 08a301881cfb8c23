"""What operators may order of a running visit, as it travels over the bus; checked at both ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

MAX_WORDS: Final = 500
"""Characters of one whisper, or of one thing said."""

Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS)]


class _Order(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    by: str = Field("", max_length=64)


class Whisper(_Order):
    """Tell the model something for its next answer; the visitor neither sees nor hears it."""

    command: Literal["whisper"] = "whisper"
    text: Words


class Say(_Order):
    """Have a sentence of the settings said, or one's own words."""

    command: Literal["say"] = "say"
    sentence: str = Field("", max_length=40)
    text: str = Field("", max_length=MAX_WORDS)


class TakeOver(_Order):
    """Have the conversation oneself; from another operator only with `insist`."""

    command: Literal["take_over"] = "take_over"
    insist: bool = False


class Type(_Order):
    """Have one's own words said, in a conversation one has taken over."""

    command: Literal["type"] = "type"
    text: Words


class HandBack(_Order):
    """Give the conversation back to the model."""

    command: Literal["hand_back"] = "hand_back"


class Present(_Order):
    """The operator's dashboard still shows this visit."""

    command: Literal["present"] = "present"


class End(_Order):
    """End the visit."""

    command: Literal["end"] = "end"


Order = Whisper | Say | TakeOver | Type | HandBack | Present | End
_ORDER: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="command")])


def parsed(payload: Mapping[str, Any]) -> Order | None:
    """Return the order in a message of the bus; None for one this version does not know."""
    try:
        return _ORDER.validate_python(dict(payload))
    except ValidationError:
        return None
