"""The way in words: short sentences to say, and the same as steps to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .plan import Place, Plan, Standpoint, in_language
from .route import Leg, Route, Turn
from .words import EN, LANGUAGES, Language

SHORT_M: Final = 4.0
"""A last piece this short is no instruction: the place is simply on that side."""
NEAR_M: Final = 10.0
"""A place this near, in one straight line, needs no way at all."""
ROUND_M: Final = 5


@dataclass(frozen=True, slots=True)
class Directions:
    """The way in words. `say` is spoken; `steps` are read beside the map."""

    say: str
    steps: tuple[str, ...]
    distance: str


def language_of(plan: Plan, code: str) -> tuple[str, Language]:
    """Return the language to say a way in, with its code.

    English when we have no words of it or the plan has not: nobody wants half a sentence of each.
    """
    base = code.partition("-")[0]
    return (base, LANGUAGES[base]) if base in LANGUAGES and plan.speaks(base) else ("en", EN)


def describe(
    plan: Plan, route: Route, start: Standpoint, place: Place, code: str, prefix: str = ""
) -> Directions:
    """Put a way into words; `prefix` is a sentence before it, such as where an exhibit is."""
    code, words = language_of(plan, code)
    said = in_language(place.said, code)
    plural = code in place.plural
    is_are = words.is_are[plural]
    metres = max(ROUND_M, ROUND_M * round(route.length * plan.scale / ROUND_M))
    if not route.legs:
        here = sentence(words.here.format(said=said, is_are=is_are), words)
        return Directions(words.space.join(filter(None, (prefix, here))), (here,), "")
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
        end = sentence(words.end[plural].format(said=said, side=side), words)
        then = (sentence(words.then.join(group), words) for group in groups)
        spoken = (sentence(where, words), *then, end)
    else:
        end = sentence(words.near.format(said=said, is_are=is_are, side=side), words)
        spoken = (end,)
    steps = (*(sentence(clause, words) for group in groups for clause in group), end)
    distance = words.metres.format(metres=metres)
    return Directions(words.space.join(filter(None, (prefix, *spoken))), steps, distance)


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
            lift = words.lift_at if side else words.lift
            clauses.append(lift.format(side=side, to=to))
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


def sentence(text: str, words: Language) -> str:
    """Return `text` with a capital letter, where there are any, and a full stop."""
    return f"{capital(text)}{words.stop}"


def capital(text: str) -> str:
    """Return `text` with a capital letter."""
    return f"{text[:1].upper()}{text[1:]}"


def join(items: list[str], words: Language) -> str:
    """Return "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return words.comma.join(items[:-1]) + words.and_word + items[-1]
