"""/api/commands: have screens do something, one or many, and see what comes of it."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from kiosk import keys
from kiosk.security.access import Access
from kiosk.web import orders_page as page
from kiosk.web.api.base import ApiRoute, Given, Model, example
from kiosk.web.fleet_board import Choice
from kiosk.web.orders import MAX_WAIT_S, ORDERS, Order, OrderError, Plan
from kiosk.web.request import operator, refuse


class Select(Model):
    """Screens by what they are, as `GET /api/kiosks` takes it."""

    q: str = Field("", max_length=80)
    show: Literal["all", "trouble", "visit", "off", "older"] = "all"
    site: str = Field("", max_length=64)


class CommandBody(Model):
    """A command, its arguments, the screens and how to go about it."""

    model_config = example(name="identify", select={"show": "trouble"}, wave=20, failures=2)
    name: Literal[
        "reload", "identify", "volume", "mute", "language", "message", "restart_visit", "dark",
        "hold", "service", "screenshot",
    ]  # fmt: skip
    args: dict[str, str | int | bool] = Field(default_factory=dict, max_length=8)
    kiosks: list[str] = Field(
        default_factory=list, max_length=2000, description="Ids; or give `select`."
    )
    select: Select | None = Field(None, description="Every screen that fits; or give `kiosks`.")
    wave: int = Field(0, ge=0, le=10_000, description="So many at a time; 0: all.")
    wait_s: float = Field(0, ge=0, le=MAX_WAIT_S, description="Pause between two waves, s.")
    failures: int | None = Field(
        None, ge=0, le=10_000, description="It stops when more than so many fail; null: never."
    )
    why: str = Field("", max_length=200, description="For the audit, without names.")


class Outcome(Model):
    """What became of it at one screen."""

    kiosk: str
    name: str
    state: Literal["waiting", "sent", "done", "failed", "left_out"]
    words: str
    detail: str
    at: str
    took: str
    tone: str
    place: str


class OrderHead(Model):
    """An order without its results."""

    id: str
    name: str
    title: str
    args: str
    by: str
    why: str
    at: str
    state: Literal["running", "done", "stopped"]
    note: str
    counts: str
    tone: str
    revision: int


class OrderAnswer(OrderHead):
    """An order with what became of it at each screen."""

    results: list[Outcome]


class OrderList(Model):
    """The orders kept, newest first."""

    orders: list[OrderHead]


class OrderQuery(Model):
    """Whether to wait for news."""

    after: int = Field(-1, ge=-1, le=2**53, description="The `revision` that is known already.")
    wait_s: float = Field(0, ge=0, le=25, description="How long to wait for another one, s.")


async def give(request: web.Request, given: Given[Any, CommandBody]) -> OrderAnswer:
    """Begin an order."""
    body = given.body
    live, who = request.app[keys.LIVE], operator(request)
    if (body.select is None) == (not body.kiosks):
        refuse(422, "invalid", "Name the screens with either `kiosks` or `select`.")
    if body.name in page.SINGLE and len(body.kiosks) != 1:
        refuse(422, "invalid", f"{body.name} is for one screen at a time.")
    if body.select is not None:
        choice = Choice(q=body.select.q, show=body.select.show, site=body.select.site)
        kiosks = page.fitting(request, choice, body.name)
    else:
        kiosks = []
        for kiosk_id in dict.fromkeys(body.kiosks):
            item = live.kiosks.get(kiosk_id)
            if item is None or not who.may(Access.FLEET_VIEW, item.site):
                refuse(404, "no_kiosk", f"There is no screen {kiosk_id[:64]!r}.")
            kiosks.append(item)
    plan = Plan(wave=body.wave, wait_s=body.wait_s, failures=body.failures)
    try:
        order = await page.begin(request, body.name, body.args, kiosks, body.why, plan)
    except OrderError as error:
        refuse(422, "invalid", str(error))
    return _answer(request, order)


async def orders(request: web.Request, given: Given[Any, Any]) -> OrderList:
    """List orders."""
    del given
    who = operator(request)
    shown = [order for order in request.app[ORDERS].recent() if page.sees(who, order)]
    return OrderList(orders=[OrderHead(**page.head(order, who)) for order in shown])


async def order(request: web.Request, given: Given[OrderQuery, Any]) -> OrderAnswer:
    """Return an order, at once or when it has changed."""
    found = page.order_of(request)
    if given.query.wait_s:
        await found.after(given.query.after, given.query.wait_s)
    return _answer(request, found)


async def stop(request: web.Request, given: Given[Any, Any]) -> OrderAnswer:
    """Stop an order."""
    del given
    found = page.order_of(request)
    await page.stop_order(request, found)
    return _answer(request, found)


def _answer(request: web.Request, found: Order) -> OrderAnswer:
    who = operator(request)
    results = [Outcome(**page.result(item)) for item in page.results_of(found, who)]
    return OrderAnswer(**page.head(found, who), results=results)


ROUTES = [
    ApiRoute(
        "GET",
        "/api/commands",
        orders,
        Access.FLEET_VIEW,
        "The orders to screens that are kept, newest first.",
        answer=OrderList,
        tag="commands",
    ),
    ApiRoute(
        "POST",
        "/api/commands",
        give,
        Access.FLEET_VIEW,
        "Have screens do something; each command takes its own right.",
        body=CommandBody,
        answer=OrderAnswer,
        status=202,
        tag="commands",
    ),
    ApiRoute(
        "GET",
        "/api/commands/{order}",
        order,
        Access.FLEET_VIEW,
        "What became of an order, at once or when there is news.",
        query=OrderQuery,
        answer=OrderAnswer,
        tag="commands",
    ),
    ApiRoute(
        "POST",
        "/api/commands/{order}/stop",
        stop,
        Access.FLEET_VIEW,
        "Send an order to no further screen.",
        answer=OrderAnswer,
        tag="commands",
    ),
]
