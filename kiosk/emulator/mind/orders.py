"""What the site, not the visitor, asks to be said: greet, say goodbye, say exactly this."""

from __future__ import annotations

import re

from kiosk.emulator.mind.thought import Context, Said
from kiosk.emulator.mind.tongue import Tongue
from kiosk.emulator.scenario.replies import text_in
from kiosk.emulator.scenario.scenario import Scenario

_QUOTED = re.compile(
    r"[\"\u201c\u201e\u00ab]\s*([^\"\u201c\u201d\u00bb]{2,}?)\s*[\"\u201c\u201d\u00bb]"
)
_GREETING = re.compile(
    r"\b(?:greet|welcome|say hello|introduce yourself|begr\w+e|accueille\w*|salue\w*|saluda|"
    r"da la bienvenida)\b",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"\b(?:say goodbye|farewell|say good bye|verabschiede\w*|dis au revoir|desp\w+dete)\b",
    re.IGNORECASE,
)
_NUDGE = re.compile(
    r"\b(?:still there|idle|inactiv\w*|silent|no answer|anyone there|noch da|toujours l\w+|"
    r"sigue ah\w)\b",
    re.IGNORECASE,
)
_TELL = re.compile(
    r"\b(?:tell|inform|let|remind|warn) (?:the |your |our )?\w+(?: know)?,? that (.+?)(?:[.!]|$)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"((?:[A-Z][\w'\u2019-]+ )*(?:Museum|Gallery|Library|Clinic|Hospital|Hotel|Shop|Centre|Center|"
    r"Theatre|Station|Hall)(?: of (?:the )?[A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)*)?)"
)
_ARTICLE = re.compile(r"^(?:The|Das|Der|Die|Dem|Le|La|El|This|Our) ")
_GREET, _STILL_THERE = "greet", "still there"


def find_order(context: Context) -> str | None:
    """Return what the site, not the visitor, asks to be said now; None when the visitor asked."""
    if context.extra.strip():
        known = _QUOTED, _GREETING, _FAREWELL, _NUDGE, _TELL
        if any(pattern.search(context.extra) for pattern in known):
            return context.extra
    last = next((t for t in reversed(context.turns) if isinstance(t, Said)), None)
    if last is None:
        # A bare response.create at the start asks for a greeting (Microsoft's own sample does it).
        return context.extra or _GREET
    if last.role == "system":
        return last.text
    if last.role == "assistant":
        return context.extra or _STILL_THERE
    return None


def asks_for_greeting(order: str) -> bool:
    """Return whether an order is to greet, and not to say something else."""
    return order == _GREET or (not _QUOTED.search(order) and bool(_GREETING.search(order)))


def follow(order: str, context: Context, scenario: Scenario, tongue: Tongue) -> str:
    """Return what an order has said; a quotation is said as it is."""
    quoted = _QUOTED.search(order)
    if quoted:
        return quoted.group(1)
    if _FAREWELL.search(order):
        return tongue.sentences.goodbye
    if _GREETING.search(order) or order == _GREET:
        return greeting(context, scenario, tongue)
    if _NUDGE.search(order):
        return tongue.sentences.nudge
    told = _TELL.search(order)
    if told:
        text = told.group(1).strip()
        return text[:1].upper() + text[1:] + "."
    return greeting(context, scenario, tongue)


def greeting(context: Context, scenario: Scenario, tongue: Tongue) -> str:
    """Return the scenario's greeting, or one with the name of the place if that is known."""
    scripted = text_in(scenario.greeting, tongue.code)
    if scripted:
        return scripted
    words = tongue.sentences
    found = _PLACE.search(context.instructions)
    place = _ARTICLE.sub("", found.group(1)) if found else ""
    # One word alone, such as "Museum", is no name.
    welcome = words.welcome_to.format(place=place) if " " in place else words.welcome
    return f"{welcome} {words.introduce}"
