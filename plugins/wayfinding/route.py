"""The shortest step-free way, and its legs as somebody walks them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from .plan import Facing, Plan, Point, Standpoint

TURN_COST: Final = 12.0
"""Units a turn counts: of two ways alike in length the one with fewer turns is easier to follow."""
LIFT_COST: Final = 200.0
"""Units a ride counts, so that the nearest of two places is the one on this floor."""
_STRAIGHT: Final = 30.0
_BACK: Final = 150.0
_FACING: Final[dict[Facing, float]] = {"east": 0, "south": 90, "west": 180, "north": 270}

Turn = Literal["straight", "left", "right", "back"]


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight piece on one floor. `turn` is made at its start; `past` are points inside it.

    `rides` is the floor the lift goes to when the leg ends in one.
    """

    turn: Turn
    length: float
    floor: str
    past: tuple[str, ...] = ()
    rides: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A whole way. `points` are named spots in order; `length` is in units, rides left out."""

    points: tuple[str, ...]
    length: float
    cost: float
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Where each named spot is, and which are joined."""

    at: Mapping[str, tuple[str, Point]]
    joined: Mapping[str, tuple[str, ...]]


def build_graph(plan: Plan) -> Graph:
    """Return the graph of a checked plan. A place's spot is the tip of its pin."""
    at: dict[str, tuple[str, Point]] = {}
    for kiosk in plan.kiosks:
        at[kiosk.id] = (kiosk.floor, kiosk.at)
    for name, spot in plan.points.items():
        at[name] = (spot.floor, spot.at)
    for place in plan.places:
        at[place.id] = (place.floor, (place.at[0], place.at[1] + plan.pin))
    joined: dict[str, list[str]] = {name: [] for name in at}
    for chain in (*(path.walk for path in plan.paths), *(lift.stops for lift in plan.lifts)):
        for one, other in pairwise(chain):
            joined[one].append(other)
            joined[other].append(one)
    return Graph(at, {name: tuple(others) for name, others in joined.items()})


def find_route(graph: Graph, start: Standpoint, goal: str) -> Route | None:
    """Return the way from a kiosk to a place, or None when no path leads there."""
    # Dijkstra over (spot, heading), because a turn costs something.
    first = (start.id, _FACING[start.facing])
    best: dict[tuple[str, float | None], float] = {first: 0.0}
    before: dict[tuple[str, float | None], tuple[str, float | None]] = {}
    heap: list[tuple[float, int, str, float | None]] = [(0.0, 0, *first)]
    order = 0
    while heap:
        cost, _, name, heading = heapq.heappop(heap)
        if name == goal:
            return _route(graph, start, _unwind(before, (name, heading)), cost)
        if cost > best[(name, heading)]:
            continue
        for other in graph.joined[name]:
            onward, step = _step(graph, name, heading, other)
            key = (other, onward)
            if cost + step < best.get(key, math.inf):
                best[key] = cost + step
                before[key] = (name, heading)
                order += 1
                heapq.heappush(heap, (cost + step, order, *key))
    return None


def _step(graph: Graph, name: str, heading: float | None, other: str) -> tuple[float | None, float]:
    if graph.at[name][0] != graph.at[other][0]:
        # In the lift nobody keeps a direction.
        return None, LIFT_COST
    onward = _direction(graph, name, other)
    turned = heading is not None and turn_between(heading, onward) != "straight"
    return onward, _distance(graph, name, other) + (TURN_COST if turned else 0.0)


def _unwind(
    before: Mapping[tuple[str, float | None], tuple[str, float | None]],
    last: tuple[str, float | None],
) -> tuple[str, ...]:
    names = [last[0]]
    while last in before:
        last = before[last]
        names.append(last[0])
    return tuple(reversed(names))


def _route(graph: Graph, start: Standpoint, points: tuple[str, ...], cost: float) -> Route:
    legs: list[Leg] = []
    heading: float | None = _FACING[start.facing]
    length = 0.0
    fresh = True
    for name, other in pairwise(points):
        floor, above = graph.at[name][0], graph.at[other][0]
        if floor != above:
            if legs and legs[-1].floor == floor:
                last = legs.pop()
                legs.append(Leg(last.turn, last.length, floor, last.past, above))
            else:
                legs.append(Leg("straight", 0.0, floor, rides=above))
            heading, fresh = None, True
            continue
        onward = _direction(graph, name, other)
        # Out of a lift there is one way to go, and no turn to speak of.
        turn = "straight" if heading is None else turn_between(heading, onward)
        step = _distance(graph, name, other)
        length += step
        if turn == "straight" and not fresh:
            last = legs.pop()
            legs.append(Leg(last.turn, last.length + step, floor, (*last.past, name)))
        else:
            legs.append(Leg(turn, step, floor))
        heading, fresh = onward, False
    return Route(points, length, cost, tuple(legs))


def turn_between(heading: float, onward: float) -> Turn:
    """Return what somebody does who walks towards `heading` and goes on to `onward`, degrees."""
    # y grows to the south, so angles grow clockwise: a positive difference is to the right.
    difference = (onward - heading + 180) % 360 - 180
    if abs(difference) <= _STRAIGHT:
        return "straight"
    if abs(difference) >= _BACK:
        return "back"
    return "right" if difference > 0 else "left"


def _direction(graph: Graph, name: str, other: str) -> float:
    (x1, y1), (x2, y2) = graph.at[name][1], graph.at[other][1]
    return math.degrees(math.atan2(y2 - y1, x2 - x1)) % 360


def _distance(graph: Graph, name: str, other: str) -> float:
    return math.dist(graph.at[name][1], graph.at[other][1])
