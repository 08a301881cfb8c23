"""/operator/commands: have many screens do something, watch what comes of it, stop it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from aiohttp import web

from kiosk import keys
from kiosk.security.access import Access, Operator
from kiosk.signaling.device import ARGS
from kiosk.web import board, fleet_board, wording
from kiosk.web.commander import RULES
from kiosk.web.dashboard import MAX_WHY, render
from kiosk.web.fleet_board import Choice, Fields
from kiosk.web.fleet_rows import ROWS
from kiosk.web.live import LiveKiosk
from kiosk.web.noting import note
from kiosk.web.orders import MAX_WAIT_S, ORDERS, Order, OrderError, Plan, Result
from kiosk.web.request import chosen, form, operator, refuse
from kiosk.web.routes import Route

SINGLE: Final = frozenset({"screenshot"})
"""Commands whose answer is looked at on the screen's own page: not for many at once."""
WORDS: Final[Mapping[str, str]] = {
    "reload": "Reload",
    "identify": "Show their names",
    "message": "Show a sentence",
    "volume": "Set the volume",
    "mute": "Switch the sound",
    "language": "Set the first language",
    "dark": "Make dark or light",
    "service": "Take out of service or back",
    "hold": "Hold at their page, or let go on",
    "restart_visit": "Start their visits anew",
}
"""What many screens can be told, as a button says it."""
STATES: Final[Mapping[str, str]] = {
    "waiting": "Not told yet",
    "sent": "Told, no answer yet",
    "done": "Done",
    "failed": "Failed",
    "left_out": "Left out",
}
_TONES: Final = {
    "waiting": "off", "sent": "busy", "done": "calm", "failed": "trouble", "left_out": "off",
}  # fmt: skip


async def orders_page(request: web.Request) -> web.Response:
    """List the orders, the newest first."""
    who = operator(request)
    shown = [order for order in request.app[ORDERS].recent() if sees(who, order)]
    return await render(
        request, "orders.html", nav="commands", orders=[head(order, who) for order in shown]
    )


async def prepare(request: web.Request) -> web.Response:
    """Ask for what the command needs, and name what it will do to whom."""
    fields = await form(request, most=_most(request))
    name = fields.get("name", "")
    if name not in WORDS:
        refuse(
            404, "no_command", f"There is no such command for many; there are {', '.join(WORDS)}."
        )
    kiosks = await _targets(request, fields, name)
    return await _form(request, name, kiosks, fields)


async def give(request: web.Request) -> web.Response:
    """Begin an order; written into the audit before anything is sent."""
    fields = await form(request, most=_most(request))
    name = fields.get("name", "")
    if name not in WORDS:
        refuse(
            404, "no_command", f"There is no such command for many; there are {', '.join(WORDS)}."
        )
    kiosks = await _targets(request, fields, name)
    args = {key: fields[key] for key in ARGS[name].model_fields if key in fields}
    try:
        plan = _plan(fields)
        order = await begin(request, name, args, kiosks, fields.get("why", ""), plan)
    except OrderError as error:
        return await _form(request, name, kiosks, fields, problem=str(error))
    raise web.HTTPSeeOther(f"/operator/commands/{order.id}")


async def begin(
    request: web.Request,
    name: str,
    args: Mapping[str, Any],
    kiosks: list[LiveKiosk],
    why: str,
    plan: Plan,
) -> Order:
    """Begin an order for somebody who may give it to all of these; raises OrderError."""
    who = operator(request)
    may_all(who, name, kiosks)
    why = why.strip()[:MAX_WHY]
    order = request.app[ORDERS].give(
        name, args, kiosks, by=who.actor, why=why, plan=plan,
        audit=request.app[keys.STORAGE].audit,
    )  # fmt: skip
    ids = " ".join(kiosk.id for kiosk in kiosks)
    await note(request, f"kiosks.{name}", order.id, f"{why}: {ids}" if why else ids, site="")
    return order


async def order_page(request: web.Request) -> web.Response:
    """Show what became of an order, screen by screen."""
    order = order_of(request)
    who = operator(request)
    return await render(
        request,
        "order.html",
        nav="commands",
        order=head(order, who),
        results=[result(item) for item in results_of(order, who)],
        may_stop=may_stop(who, order),
    )


async def stop(request: web.Request) -> web.Response:
    """Send an order to no further screen."""
    await form(request)
    order = order_of(request)
    await stop_order(request, order)
    raise web.HTTPSeeOther(f"/operator/commands/{order.id}")


async def stop_order(request: web.Request, order: Order) -> None:
    """Stop an order for somebody who could have given it."""
    who = operator(request)
    if not may_stop(who, order):
        refuse(403, "forbidden", "You may not stop this order; ask who gave it.")
    await note(request, "kiosks.stop", order.id, site="")
    request.app[ORDERS].stop(order, who.actor)


def order_of(request: web.Request) -> Order:
    """Return the order of the address, if whoever asks may see any of its screens."""
    order = request.app[ORDERS].get(request.match_info["order"])
    if order is None or not sees(operator(request), order):
        refuse(404, "no_order", "There is no such order; only the newest ones are kept.")
    return order


def sees(who: Operator, order: Order) -> bool:
    """Whether somebody may see any of an order's screens."""
    sites = who.sites(Access.FLEET_VIEW)
    return sites is None or bool(sites & order.sites)


def may_stop(who: Operator, order: Order) -> bool:
    """Whether somebody may stop it: who may give its command at all of its sites."""
    return all(who.may(RULES[order.name].access, site) for site in order.sites)


def may_all(who: Operator, name: str, kiosks: Iterable[LiveKiosk]) -> None:
    """Refuse a command that somebody may not give to every one of these screens."""
    not_theirs = [kiosk.id for kiosk in kiosks if not who.may(RULES[name].access, kiosk.site)]
    if not_theirs:
        refuse(403, "forbidden", f"You may not tell {', '.join(not_theirs[:5])} to do this.")


def results_of(order: Order, who: Operator) -> list[Result]:
    """Return the results at the sites somebody may see."""
    sites = who.sites(Access.FLEET_VIEW)
    return [item for item in order.results.values() if sites is None or item.kiosk.site in sites]


def head(order: Order, who: Operator) -> Fields:
    """Return an order as the line above its results."""
    shown = results_of(order, who)
    counts = {name: sum(item.state == name for item in shown) for name in STATES}
    told = [f"{counts[name]} {words.lower()}" for name, words in STATES.items() if counts[name]]
    return {
        "id": order.id,
        "name": order.name,
        "title": f"{WORDS.get(order.name, order.name)}: {wording.count(len(shown), 'screen')}",
        "args": ", ".join(f"{key}: {value}" for key, value in order.args.items()),
        "by": order.by,
        "why": order.why,
        "at": order.at.isoformat(),
        "state": order.state,
        "note": order.note,
        "counts": ", ".join(told),
        "revision": order.revision,
        "tone": "trouble" if counts["failed"] else "busy" if order.state == "running" else "calm",
    }


def result(item: Result) -> Fields:
    """Return one screen's result as a line."""
    return {
        "kiosk": item.kiosk.id,
        "name": item.kiosk.name,
        "place": item.kiosk.place,
        "state": item.state,
        "words": STATES[item.state],
        "tone": _TONES[item.state],
        "detail": item.detail,
        "at": item.at.isoformat() if item.at is not None else "",
        "took": wording.milliseconds(item.ms) if item.ms is not None else "",
    }


def fitting(request: web.Request, choice: Choice, name: str) -> list[LiveKiosk]:
    """Return the screens that fit a choice and that somebody may give a command to."""
    live = request.app[keys.LIVE]
    sites = operator(request).sites(RULES[name].access)
    rows = [request.app[ROWS].fields(item) for item in board.of_sites(live, sites)]
    return [live.kiosks[fields["id"]] for fields in fleet_board.chosen(rows, choice)]


async def _targets(request: web.Request, fields: Mapping[str, str], name: str) -> list[LiveKiosk]:
    who, live = operator(request), request.app[keys.LIVE]
    if fields.get("all"):
        return fitting(request, Choice.of(fields), name)
    items = [live.kiosks.get(kiosk_id) for kiosk_id in await chosen(request, "kiosk")]
    found = [item for item in items if item is not None and who.may(Access.FLEET_VIEW, item.site)]
    may_all(who, name, found)
    return found


def _most(request: web.Request) -> int:
    return request.app[keys.SETTINGS].commands.most + 32


def _plan(fields: Mapping[str, str]) -> Plan:
    def number(name: str, most: float) -> float | None:
        text = fields.get(name, "").strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise OrderError(f"{text[:20]!r} is no number; write one, such as 10.") from None
        if not 0 <= value <= most:
            raise OrderError(f"{text[:20]} is out of range; write 0 to {most:g}.")
        return value

    failures = number("failures", 10_000)
    return Plan(
        wave=int(number("wave", 10_000) or 0),
        wait_s=number("wait_s", MAX_WAIT_S) or 0.0,
        failures=int(failures) if failures is not None else None,
    )


async def _form(
    request: web.Request,
    name: str,
    kiosks: list[LiveKiosk],
    fields: Mapping[str, str],
    *,
    problem: str = "",
) -> web.Response:
    settings = request.app[keys.SETTINGS]
    visiting = sum(item.visit_id in request.app[keys.LIVE].running for item in kiosks)
    return await render(
        request,
        "order_new.html",
        status=422 if problem else 200,
        nav="commands",
        name=name,
        title=WORDS[name],
        kiosks=kiosks,
        visiting=visiting,
        fields=fields,
        problem=problem or ("" if kiosks else "No screen was chosen; go back and choose some."),
        languages=[(code, wording.language(code)) for code in settings.site.languages],
    )


def routes() -> list[Route]:
    """Return the addresses of this module; each command has its own right besides."""
    who = Access.FLEET_VIEW
    return [
        Route("GET", "/operator/commands", orders_page, who),
        Route("POST", "/operator/commands", give, who),
        Route("POST", "/operator/commands/prepare", prepare, who),
        Route("GET", "/operator/commands/{order}", order_page, who),
        Route("POST", "/operator/commands/{order}/stop", stop, who),
    ]
