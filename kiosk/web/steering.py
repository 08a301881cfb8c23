"""Have a running visit follow an operator's order: audited before, and what came of it in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from kiosk import keys
from kiosk.bus.base import NoHandlerError
from kiosk.session import orders
from kiosk.web.noting import note
from kiosk.web.request import refuse

WAIT_S: Final = 5.0
"""How long a visit may take to answer."""

NO_VISIT: Final = "There is no such visit; it may have been forgotten by now."
OUTCOMES: Final = {
    "whisper": "The model knows it for its next answer.",
    "say": "The avatar says it as soon as it is silent.",
    "take_over": "You have the conversation; the visitor was told that a person joined.",
    "type": "The avatar says it.",
    "hand_back": "The assistant has the conversation again; the visitor was told.",
    "end": "The visit is ending; its screen says goodbye and is wiped.",
    "over": "The visit was over already.",
    "silent": "The visit did not answer; try again, or restart the screen.",
    "unknown": "The server that has this visit does not know that; bring it up to date.",
    "not_now": "The visitor has not agreed to the notice yet, or the visit is over.",
    "no_line": "The visit has no line to speak on at this moment; try again shortly.",
    "no_sentence": "There is no such sentence; `operators.sentences` lists them.",
    "not_taken": "The assistant has the conversation; take it first.",
    "held": "Somebody else has this conversation; take it from them first.",
    "wait": "What was ordered before is still being said; wait for it.",
    "too_fast": "Too much was ordered in this minute; wait a moment.",
    "words": f"Write one to {orders.MAX_WORDS} characters.",
}
"""What became of an order, by its own name when it was followed, else by a code."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order: `code` is stable, `detail` a sentence."""

    ok: bool
    code: str
    detail: str


async def steer(request: web.Request, order: orders.Order, why: str = "") -> Outcome:
    """Have the visit in the address follow an order of the person who is logged in.

    What was whispered or said stays out of the audit: what is said is a turn of the transcript and
    goes when that goes, and a whisper may be about the visitor. Its length is written down.
    """
    visit_id = request.match_info["visit"]
    known = request.app[keys.LIVE].visit(visit_id) is not None
    if not known and await request.app[keys.STORAGE].visits.get(visit_id) is None:
        refuse(404, "no_visit", NO_VISIT)
    action = f"visit.{order.command}"
    await note(request, action, visit_id, why or _told(order))
    outcome = await _sent(request, visit_id, order)
    if not outcome.ok:
        await note(request, f"{action}.undone", visit_id, outcome.detail)
    return outcome


def _told(order: orders.Order) -> str:
    match order:
        case orders.Whisper() | orders.Type():
            return f"{len(order.text)} characters"
        case orders.Say():
            return order.sentence or f"{len(order.text)} characters of their own"
        case orders.TakeOver(insist=True):
            return "from whoever had it"
        case _:
            return ""


async def _sent(request: web.Request, visit_id: str, order: orders.Order) -> Outcome:
    payload = order.model_dump(mode="json")
    try:
        answer = await request.app[keys.BUS].command(f"visit:{visit_id}", payload, timeout_s=WAIT_S)
    except NoHandlerError:
        return Outcome(False, "over", OUTCOMES["over"])
    except TimeoutError:
        return Outcome(False, "silent", OUTCOMES["silent"])
    if answer.get("ok") is True:
        return Outcome(True, order.command, OUTCOMES[order.command])
    code = str(answer.get("code", ""))
    if code not in OUTCOMES:
        code = "silent"
    return Outcome(False, code, str(answer.get("detail", "")) or OUTCOMES[code])
