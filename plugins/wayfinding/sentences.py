"""The way in words: short sentences to say, and the same as steps to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .plan import Place, Plan, Standpoint, in_language
from .route import Leg, Route, Turn

SHORT_M: Final = 4.0
"""A last piece this short is no instruction: the place is simply on that side."""
NEAR_M: Final = 10.0
"""A place this near, in one straight line, needs no way at all."""
ROUND_M: Final = 5


@dataclass(frozen=True, slots=True)
class Language:
    """Everything the plugin says in one language. Another language is another of these."""

    walk: Mapping[Turn, str]
    walk_past: Mapping[Turn, str]
    leave: Mapping[Turn, str]
    leave_past: Mapping[Turn, str]
    side: Mapping[Turn, str]
    lift: str
    then: str
    here: str
    this_floor: str
    that_is: tuple[str, str]
    other_floor: str
    end: tuple[str, str]
    is_are: tuple[str, str]
    here_label: str
    unknown: str
    no_way: str
    listing: str
    and_word: str
    plan_title: str
    metres: str


EN: Final = Language(
    walk={
        "straight": "go straight on",
        "left": "turn left",
        "right": "turn right",
        "back": "turn round",
    },
    walk_past={
        "straight": "go straight on, {past}",
        "left": "turn left and go {past}",
        "right": "turn right and go {past}",
        "back": "turn round and go {past}",
    },
    leave={
        "straight": "leave the lift and go straight on",
        "left": "leave the lift and turn left",
        "right": "leave the lift and turn right",
        "back": "leave the lift on the other side",
    },
    leave_past={
        "straight": "leave the lift and go straight on, {past}",
        "left": "leave the lift and go left, {past}",
        "right": "leave the lift and go right, {past}",
        "back": "leave the lift on the other side and go {past}",
    },
    side={
        "straight": "straight ahead",
        "left": "on your left",
        "right": "on your right",
        "back": "behind you",
    },
    lift="take the lift {side} {to}",
    then=", then ",
    here="{said} {is_are} right here",
    this_floor="{said} {is_are} on this floor, about {metres} metres away",
    that_is=("that", "is"),
    other_floor="{said} {is_are} {on}",
    end=("it is {side}", "they are {side}"),
    is_are=("is", "are"),
    here_label="You are here",
    unknown="I do not know that place here. You can ask me for {places}, or ask at the staff desk.",
    no_way="I know {said}, but no way there on foot. Please ask at the staff desk.",
    listing="{floor}: {places}.",
    and_word=" and ",
    plan_title="Floor plan",
    metres="About {metres} m",
)
DE: Final = Language(
    walk={
        "straight": "gehen Sie geradeaus",
        "left": "gehen Sie nach links",
        "right": "gehen Sie nach rechts",
        "back": "drehen Sie sich um",
    },
    walk_past={
        "straight": "gehen Sie geradeaus {past}",
        "left": "gehen Sie nach links, {past}",
        "right": "gehen Sie nach rechts, {past}",
        "back": "drehen Sie sich um und gehen Sie {past}",
    },
    leave={
        "straight": "gehen Sie aus dem Aufzug geradeaus",
        "left": "gehen Sie aus dem Aufzug nach links",
        "right": "gehen Sie aus dem Aufzug nach rechts",
        "back": "verlassen Sie den Aufzug auf der anderen Seite",
    },
    leave_past={
        "straight": "gehen Sie aus dem Aufzug geradeaus, {past}",
        "left": "gehen Sie aus dem Aufzug nach links, {past}",
        "right": "gehen Sie aus dem Aufzug nach rechts, {past}",
        "back": "verlassen Sie den Aufzug auf der anderen Seite und gehen Sie {past}",
    },
    side={
        "straight": "geradeaus vor Ihnen",
        "left": "links von Ihnen",
        "right": "rechts von Ihnen",
        "back": "hinter Ihnen",
    },
    lift="nehmen Sie den Aufzug {side} {to}",
    then=", dann ",
    here="{said} {is_are} gleich hier",
    this_floor="{said} {is_are} auf dieser Etage, etwa {metres} Meter entfernt",
    that_is=("das", "ist"),
    other_floor="{said} {is_are} {on}",
    end=("{said} ist dann {side}", "{said} sind dann {side}"),
    is_are=("ist", "sind"),
    here_label="Sie sind hier",
    unknown="Diesen Ort kenne ich hier nicht. Fragen Sie mich nach {places}, oder am Empfang.",
    no_way="Ich kenne {said}, aber keinen Weg dorthin. Bitte fragen Sie am Empfang.",
    listing="{floor}: {places}.",
    and_word=" und ",
    plan_title="Lageplan",
    metres="Etwa {metres} m",
)
LANGUAGES: Final[Mapping[str, Language]] = {"en": EN, "de": DE}


@dataclass(frozen=True, slots=True)
class Directions:
    """The way in words. `say` is spoken; `steps` are read beside the map."""

    say: str
    steps: tuple[str, ...]
    distance: str


def language_of(code: str) -> tuple[str, Language]:
    """Return the language we can say, English when it is none of ours, with its code."""
    base = code.partition("-")[0]
    return (base, LANGUAGES[base]) if base in LANGUAGES else ("en", EN)


def describe(
    plan: Plan, route: Route, start: Standpoint, place: Place, code: str, prefix: str = ""
) -> Directions:
    """Put a way into words; `prefix` is a sentence before it, such as where an exhibit is."""
    code, words = language_of(code)
    said = in_language(place.said, code)
    plural = code in place.plural
    is_are = words.is_are[plural]
    metres = max(ROUND_M, ROUND_M * round(route.length * plan.scale / ROUND_M))
    if not route.legs:
        here = sentence(words.here.format(said=said, is_are=is_are))
        return Directions(f"{prefix} {here}".strip(), (here,), "")
    # "The ship models are in the Harbour Gallery. That is on this floor": no name twice in a row.
    what, verb = words.that_is if prefix else (said, is_are)
    if place.floor == start.floor:
        where = words.this_floor.format(said=what, is_are=verb, metres=metres)
    else:
        on = in_language(plan.floor(place.floor).on, code)
        where = words.other_floor.format(said=what, is_are=verb, on=on)
    groups = [group for group in _clauses(plan, route.legs, code, words) if group]
    side = words.side[_side(plan, route)]
    if groups:
        end = sentence(words.end[plural].format(said=said, side=side))
        spoken = (sentence(where), *(sentence(words.then.join(group)) for group in groups), end)
    else:
        end = sentence(f"{said} {is_are} {side}")
        spoken = (end,)
    steps = (*(sentence(clause) for group in groups for clause in group), end)
    distance = words.metres.format(metres=metres)
    return Directions(" ".join((prefix, *spoken)).strip(), steps, distance)


def _clauses(plan: Plan, legs: tuple[Leg, ...], code: str, words: Language) -> list[list[str]]:
    """Return the instructions of each floor in turn."""
    groups: list[list[str]] = []
    for floor_legs in _by_floor(legs):
        clauses: list[str] = []
        arrived = bool(groups)
        rest = list(floor_legs)
        if arrived and len(rest) > 1:
            rest.pop(0)  # the few steps out of the lift
        side = ""
        if _is_stub(plan, floor_legs, rest):
            side = words.side[rest.pop().turn]
        elif len(legs) == 1 and legs[0].length * plan.scale <= NEAR_M:
            rest.pop()
        for number, leg in enumerate(rest):
            past = _past(plan, leg, code)
            leaving = arrived and number == 0
            plain, with_past = (
                (words.leave, words.leave_past) if leaving else (words.walk, words.walk_past)
            )
            clauses.append(with_past[leg.turn].format(past=past) if past else plain[leg.turn])
        rides = floor_legs[-1].rides
        if rides is not None:
            to = in_language(plan.floor(rides).to, code)
            clauses.append(" ".join(words.lift.format(side=side, to=to).split()))
        groups.append(clauses)
    return groups


def _by_floor(legs: tuple[Leg, ...]) -> list[list[Leg]]:
    groups: list[list[Leg]] = []
    for leg in legs:
        if not groups or groups[-1][-1].rides is not None:
            groups.append([])
        groups[-1].append(leg)
    return groups


def _is_stub(plan: Plan, floor_legs: list[Leg], rest: list[Leg]) -> bool:
    return len(floor_legs) > 1 and len(rest) > 0 and rest[-1].length * plan.scale <= SHORT_M


def _side(plan: Plan, route: Route) -> Turn:
    last = route.legs[-1]
    near = len(route.legs) == 1 and last.length * plan.scale <= NEAR_M
    stub = len(_by_floor(route.legs)[-1]) > 1 and last.length * plan.scale <= SHORT_M
    return last.turn if near or stub else "straight"


def _past(plan: Plan, leg: Leg, code: str) -> str:
    for name in reversed(leg.past):
        spot = plan.points.get(name)
        if spot is not None and spot.past is not None:
            return in_language(spot.past, code)
    return ""


def sentence(text: str) -> str:
    """Return `text` with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def join(items: list[str], words: Language) -> str:
    """Return "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + words.and_word + items[-1]
