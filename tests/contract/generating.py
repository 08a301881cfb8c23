"""Hypothesis strategies for client events, made from the SDK's models and then spoiled."""

from __future__ import annotations

import base64
import json
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from azure.ai.voicelive import _unions as sdk_unions
from azure.ai.voicelive import models as sdk
from azure.ai.voicelive.models import _models as sdk_models
from hypothesis import strategies as st

JSON = dict[str, Any]
EVENTS: dict[str, Any] = dict(sdk.ClientEvent.__mapping__.items())

# Nothing listens there: what a session connects to of its own accord must not leave the machine.
_NOWHERE = "http://127.0.0.1:9/nothing"
_IDS = st.sampled_from(
    ["item_1", "item_2", "resp_1", "call_1", "", "root", "x" * 600, "ids/\u202e"]
)
# Characters that other programs stumble over: NUL, half a surrogate pair, what turns text around.
_ODD = [
    "",
    " ",
    "\x00",
    "\ud800",
    "\U0001f9ff",
    "a\u0301" * 8,
    "\u202eabc",
    "\ufeff",
    "\r\n",
    "<b>&",
]
_WORDS = ["Hello", "When do you open?", "Where are the toilets?", "Stop.", "greet the visitor"]
TEXT = st.sampled_from([*_WORDS, *_ODD]) | st.text(st.characters(), max_size=20)
SOUND = st.sampled_from(
    ["", "AAAA", "AAA", "====", "no base64!", base64.b64encode(bytes(9600)).decode()]
)
_SDP = base64.b64encode(b'{"type": "offer", "sdp": "v=0\\r\\n"}').decode()
NUMBERS = st.sampled_from([0, 1, -1, 2, 20, 500, 10**6, 2**31, 2**63, 10**40, 0.5, -0.5, 1e300])
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
# By field name, where a type hint says too little.
_NAMED: dict[str, st.SearchStrategy[Any]] = {
    "audio": SOUND,
    "client_sdp": st.sampled_from(["", _SDP, _SDP[:-4], "v=0", base64.b64encode(b"[]").decode()]),
    "event_id": st.none(),
    "server_url": st.just(_NOWHERE),
    "image_url": st.just(_NOWHERE),
    "url": st.just(_NOWHERE),
    "urls": st.just(["stun:127.0.0.1:9"]),
    "color": st.sampled_from(["#00FF00FF", "#000", "green"]),
    "threshold": st.floats(0.1, 0.9),
    "temperature": st.floats(0, 1.2),
    "input_audio_sampling_rate": st.sampled_from([8_000, 16_000, 24_000, 44_100]),
    # A picture is drawn whole; a large one costs seconds and proves nothing here.
    "resolution": st.just({"width": 320, "height": 180}),
    "crop": st.none(),
    "parameters": st.just({"type": "object", "properties": {"place": {"type": "string"}}}),
}
_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT | _IDS,
    int: st.integers(0, 1_000),
    float: st.floats(0, 1),
    bool: st.booleans(),
    Any: ANYTHING,
}


@cache
def _fields(model: Any) -> dict[str, tuple[Any, bool]]:
    """Return wire name to (type hint, whether it is required) of a model."""
    namespace = {**vars(sdk_models), "_models": sdk, "_unions": sdk_unions}
    hints = get_type_hints(model, namespace)
    found = {}
    # The models learn their wire names when the first of them is made.
    for attribute, field in model({})._attr_to_rest_field.items():
        hint = hints.get(attribute, Any)
        found[field._rest_name] = hint, type(None) not in get_args(hint)
    return found


def instance(model: Any) -> st.SearchStrategy[JSON]:
    """Return JSON objects that fit a model of the SDK or one of its subclasses."""
    children = vars(model).get("__mapping__", {})
    if children:
        return st.sampled_from(sorted(children)).flatmap(
            lambda name: instance(children[name]) if children[name] is not model else _plain(model)
        )
    return _plain(model)


@st.composite
def _plain(draw: st.DrawFn, model: Any) -> JSON:
    value: JSON = {}
    for name, (hint, required) in _fields(model).items():
        # Mostly bare, sometimes full: most combinations of options are refused as a whole.
        if required or draw(st.integers(0, 3)) == 0:
            value[name] = draw(_NAMED[name] if name in _NAMED else of_hint(hint))
    return value


def of_hint(hint: Any) -> st.SearchStrategy[Any]:
    """Return values that fit one type hint of the SDK."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    if hint is type(None):
        return st.none()
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        # "str or an enumeration of the SDK" means the enumeration.
        enumerated = any(isinstance(a, type) and issubclass(a, Enum) for a in arguments)
        kept = [a for a in arguments if not (a is str and enumerated)]
        return st.one_of([of_hint(a) for a in kept])
    if origin is Literal:
        return st.sampled_from([a.value if isinstance(a, Enum) else a for a in arguments])
    if origin is list:
        return st.lists(of_hint(arguments[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(TEXT, of_hint(arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from([member.value for member in hint])
    if isinstance(hint, type) and issubclass(hint, Mapping):
        return instance(hint)
    return ANYTHING


def event(kind: str) -> st.SearchStrategy[JSON]:
    """Return events of one type whose names and types are right."""
    return _plain(EVENTS[kind]).map(lambda fields: {**fields, "type": kind})


# Those with the most to say come more often.
VALID = st.sampled_from(
    [*sorted(EVENTS), *3 * ("session.update", "response.create", "conversation.item.create")]
).flatmap(event)


def _containers(value: Any) -> list[Any]:
    found = [value] if isinstance(value, dict | list) and value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*found, *(c for v in inner for c in _containers(v))]


@st.composite
def mutated(draw: st.DrawFn) -> JSON:
    """Return an event with something in it exchanged, added, left out or nested too deeply."""
    whole: JSON = json.loads(json.dumps(draw(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(_containers(whole)))
        keys: list[Any] = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        # The type stays, or nearly every event would be an unknown one.
        keys = [key for key in keys if key != "type"] or keys
        what = draw(st.sampled_from(["exchange", "add", "leave out", "nest", "number"]))
        key = draw(st.sampled_from(keys))
        if what == "exchange":
            place[key] = draw(ANYTHING)
        elif what == "number":
            place[key] = draw(NUMBERS)
        elif what == "nest":
            place[key] = nested(draw(st.sampled_from([2, 40, 200])), place[key])
        elif what == "add" and isinstance(place, dict):
            place[draw(st.text(max_size=8))] = draw(ANYTHING)
        elif key != "type":
            del place[key]
    return whole


def nested(depth: int, inner: Any) -> Any:
    """Return a value inside `depth` lists and objects."""
    for level in range(depth):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


@st.composite
def certainly_wrong(draw: st.DrawFn) -> tuple[JSON, str]:
    """Return an event that must be refused, and why."""
    valid = draw(VALID)
    required = [n for n, (_, needed) in _fields(EVENTS[valid["type"]]).items() if needed]
    required = [name for name in required if name != "type"]
    ways = ["an unknown type", "no type", "a type that is no text", "an unknown field"]
    ways += ["a field left out", "a field of the wrong type"] if required else []
    why = draw(st.sampled_from(ways))
    if why == "an unknown type":
        valid["type"] = draw(st.text(max_size=30).filter(lambda name: name not in EVENTS))
    elif why == "no type":
        del valid["type"]
    elif why == "a type that is no text":
        valid["type"] = draw(st.none() | st.integers() | st.just(["session.update"]))
    elif why == "an unknown field":
        known = _fields(EVENTS[valid["type"]])
        valid[draw(st.text(max_size=12).filter(lambda name: name not in known))] = draw(ANYTHING)
    elif why == "a field left out":
        del valid[draw(st.sampled_from(required))]
    else:
        # No required field of a client event is a boolean.
        valid[draw(st.sampled_from(required))] = draw(st.booleans())
    return valid, why


GARBAGE: st.SearchStrategy[str | bytes] = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=60),
    ANYTHING.filter(lambda value: not isinstance(value, dict)).map(json.dumps),
    VALID.map(lambda value: json.dumps(value)[:-1]),
    st.sampled_from(
        [
            "",
            "{",
            "[" * 100_000,
            '{"type":' * 20_000,
            "9" * 5_000,
            '"' + "x" * 100_000,
            "NaN",
            '{"type": "session.update", "session": {"temperature": Infinity}}',
            '{"type": 1e999}',
        ]
    ),
)
"""Frames that are no JSON object, or none that can be read."""
