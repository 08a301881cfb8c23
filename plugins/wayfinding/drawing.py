"""The map as a card: what the template draws, in plain numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from kiosk.model import Card

from .plan import Floor, Place, Plan, Standpoint, in_language
from .route import Graph, Route
from .sentences import Directions, language_of

CARD_ID: Final = "wayfinding"
"""One id: the next map takes the place of the last."""
# Mid-tones, laid thinly over the card, so that they read on light and on dark ones alike.
TONES: Final = {
    "gallery": "#c08a2e",
    "comfort": "#3f86b0",
    "food": "#bf5f43",
    "service": "#827c74",
    "open": "none",
}
_ANGLE: Final = {"north": 0, "east": 90, "south": 180, "west": 270}
# Where "You are here" is written: behind whoever reads the screen, clear of the way.
_LABEL: Final = {
    "north": (0, 26, "middle"),
    "east": (-15, 5, "end"),
    "south": (0, -17, "middle"),
    "west": (15, 5, "start"),
}


def map_card(
    plan: Plan,
    graph: Graph,
    start: Standpoint,
    language: str,
    *,
    title: str,
    place: Place | None = None,
    route: Route | None = None,
    directions: Directions | None = None,
) -> Card:
    """Return the card: the floors of the way (all of them when there is none) and its steps."""
    code, words = language_of(plan, language)
    on_the_way = {graph.at[name][0] for name in route.points} if route is not None else None
    floors = []
    top = 0.0
    for floor in reversed(plan.floors):  # the upper floor is drawn above the lower one
        if on_the_way is None or floor.id in on_the_way:
            drawn = _floor(plan, floor, code, place, route)
            drawn |= {"top": top, "routes": _lines(graph, floor, route), "start": None}
            if start.floor == floor.id:
                x, y, anchor = _LABEL[start.facing]
                drawn["start"] = {
                    "x": start.at[0],
                    "y": start.at[1],
                    "angle": _ANGLE[start.facing],
                    "label": words.here_label,
                    "label_x": x,
                    "label_y": y,
                    "anchor": anchor,
                }
            floors.append(drawn)
            top += floor.size[1]
    data = {
        "width": max(floor.size[0] for floor in plan.floors),
        "height": top,
        "floors": floors,
        "ride": _ride(plan, graph, route, floors),
        "steps": list(directions.steps) if directions is not None else [],
        "distance": directions.distance if directions is not None else "",
        "description": directions.say if directions is not None else title,
        "pin": plan.pin,
    }
    return Card(kind="wayfinding_map", title=title, data=data, id=CARD_ID)


def _floor(
    plan: Plan, floor: Floor, code: str, goal: Place | None, route: Route | None
) -> dict[str, Any]:
    here = [place for place in plan.places if place.floor == floor.id]
    stops = {stop for lift in plan.lifts for stop in lift.stops}
    ridden = stops & set(route.points[1:-1]) if route is not None else set()
    return {
        "id": floor.id,
        "name": in_language(floor.name, code),
        "width": floor.size[0],
        "walls": floor.walls,
        "lines": floor.lines,
        "solid": floor.solid,
        "places": [
            {
                "name": in_language(place.name, code),
                "room": place.room,
                "picture": place.picture,
                "tone": TONES[place.tone],
                "icon": plan.icons[place.icon],
                "x": place.at[0],
                "y": place.at[1],
                "label_x": place.label[0],
                "label_y": place.label[1],
                "small": place.small,
                "ridden": place.id in ridden,
                "goal": goal is not None and place.id == goal.id,
            }
            for place in here
        ],
    }


def _lines(graph: Graph, floor: Floor, route: Route | None) -> list[str]:
    """Return the pieces of the way on one floor as path data."""
    if route is None:
        return []
    runs: list[list[str]] = []
    before: str | None = None
    for name in route.points:
        where, (x, y) = graph.at[name]
        if where == floor.id:
            if before != floor.id:
                runs.append([])
            runs[-1].append(f"{x:g} {y:g}")
        before = where
    return ["M" + "L".join(run) for run in runs if len(run) > 1]


def _ride(
    plan: Plan, graph: Graph, route: Route | None, floors: Sequence[dict[str, Any]]
) -> list[str]:
    """Return the lift rides, between the lifts' icons, as path data of the whole picture."""
    if route is None:
        return []
    tops = {floor["id"]: floor["top"] for floor in floors}
    rides = []
    for name, other in pairwise(route.points):
        (one, (x1, y1)), (two, (x2, y2)) = graph.at[name], graph.at[other]
        if one != two:
            y1, y2 = y1 + tops[one] - plan.pin, y2 + tops[two] - plan.pin
            rides.append(f"M{x1:g} {y1:g}L{x2:g} {y2:g}")
    return rides
