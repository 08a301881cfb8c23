"""What happened, in an operator's words: one place for pages, the feed and both of their themes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, assert_never

from kiosk.events import (
    AlertChanged,
    AnswerBegan,
    BargedIn,
    CardShown,
    DomainEvent,
    KioskCommanded,
    KioskConnected,
    KioskDisconnected,
    KioskReported,
    LanguageChanged,
    MediaChanged,
    OperatorJoined,
    OperatorLeft,
    PluginEvent,
    SaidByOperator,
    ScreenRests,
    StaffWanted,
    StateChanged,
    ToolCalled,
    TurnCompleted,
    UpstreamLost,
    UpstreamRestored,
    VisitEnded,
    VisitStarted,
    Whispered,
)
from kiosk.model import EndReason, Speaker

Tone = Literal["calm", "busy", "trouble", "off"]
"""How much a line asks for a person. Shown by a sign and by words, colour only underlines it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words."""

    text: str
    tone: Tone = "calm"


_STATES: Final = {
    "attract": "Waiting for a visitor",
    "consent": "Asking for consent",
    "connecting": "Connecting",
    "queued": "Waiting for a free avatar",
    "greeting": "Greeting",
    "listening": "Listening",
    "thinking": "Thinking",
    "speaking": "Speaking",
    "ending": "Saying goodbye",
    "offline": "Offline",
    "error": "Showing an error",
}
_STAFF: Final = {
    "wanted": "A person is wanted",
    "coming": "Somebody is coming",
    "over": "Nobody is wanted any more",
}
_ALERTS: Final = {"firing": "Alert", "acknowledged": "Taken care of", "resolved": "Over"}
_MEDIA: Final = {
    "direct": "direct picture",
    "relay": "relayed picture",
    "websocket": "picture by socket",
    "voice": "voice only",
    "text": "text only",
}
_LANGUAGES: Final = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh",
    "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "ga": "Irish", "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "mt": "Maltese", "nb": "Norwegian",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian",
    "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip
_REASONS: Final = {
    EndReason.VISITOR_LEFT: "the visitor ended it",
    EndReason.GOODBYE: "goodbye was said",
    EndReason.DECLINED: "the notice was declined",
    EndReason.IDLE: "nobody answered any more",
    EndReason.TOO_LONG: "the time limit was reached",
    EndReason.OPERATOR: "an operator ended it",
    EndReason.KIOSK_REPLACED: "the screen was opened elsewhere",
    EndReason.UPSTREAM_LOST: "the line to Voice Live did not come back",
    EndReason.MEDIA_FAILED: "no media path worked",
    EndReason.PLUGIN_REQUIRED_FAILED: "a required plugin failed",
    EndReason.SHUTDOWN: "the server stopped",
    EndReason.ERROR: "something went wrong",
}
_TROUBLED_ENDS: Final = frozenset(
    {
        EndReason.UPSTREAM_LOST,
        EndReason.MEDIA_FAILED,
        EndReason.PLUGIN_REQUIRED_FAILED,
        EndReason.ERROR,
    }
)
_SPEAKERS: Final[dict[Speaker, str]] = {
    "visitor": "Visitor",
    "avatar": "Avatar",
    "operator": "Operator",
}
_OUTCOMES: Final = {
    "ok": "answered in",
    "failed": "failed after",
    "timed_out": "gave no answer within",
    "refused": "was refused after",
    "cancelled": "was cancelled after",
}
_LEFT: Final = {
    "handed_back": "{} gave the conversation back to the assistant",
    "silent": "{} said nothing for long; the assistant has the conversation again",
    "absent": "{} is no longer watching; the assistant has the conversation again",
}
_BARGED: Final = {
    "speech": "Visitor spoke over the avatar",
    "button": "Visitor stopped the avatar",
    "typing": "Visitor stopped the avatar",
    "operator": "An operator stopped the avatar",
}
_COMMANDS: Final = {
    "reload": "a reload",
    "identify": "the screen's name",
    "volume": "another volume",
    "mute": "the sound on or off",
    "language": "another first language",
    "message": "a message on the screen",
    "screenshot": "a screenshot",
    "restart_visit": "a new start of the visit",
    "dark": "a dark screen or a lit one",
    "hold": "staying at this page, or going on",
    "service": "being in service or not",
}
_DEVICE_ERRORS: Final = {
    "upstream": "Its line to Voice Live broke",
    "server": "The server refused something it sent",
    "microphone": "Its microphone failed",
    "media": "The picture's connection failed",
    "page": "Its page stumbled",
    "command": "It could not do what it was told",
}
NO_PICTURE: Final = frozenset({"voice", "text"})
"""Rungs of the media ladder on which the visitor sees no avatar."""
TROUBLED_STATES: Final = frozenset({"error", "offline"})


def state(name: str) -> str:
    """Return what a screen's state means."""
    return _STATES.get(name, name.capitalize())


def media(rung: str | None) -> str:
    """Return how the picture travels."""
    return "no picture yet" if rung is None else _MEDIA.get(rung, rung)


def language(code: str) -> str:
    """Return a language's English name, its region kept: `pt-BR` is Portuguese (BR)."""
    base, _, region = code.partition("-")
    name = _LANGUAGES.get(base.lower(), code)
    return f"{name} ({region})" if region and name != code else name


def speaker(who: Speaker) -> str:
    """Return who spoke."""
    return _SPEAKERS[who]


def reason(why: EndReason) -> str:
    """Return why a visit ended, as the end of a sentence."""
    return _REASONS[why]


def command(name: str) -> str:
    """Return what an operator asked a screen for."""
    return _COMMANDS.get(name, name)


def device_error(kind: str) -> str:
    """Return what a screen said went wrong, in words; its kind stays readable for support."""
    what, _, detail = kind.partition(":")
    known = _DEVICE_ERRORS.get(what.split(" ")[0])
    return f"{known} ({detail.strip() or kind})" if known else kind


def sentence(text: str) -> str:
    """Return the end of a sentence as one of its own."""
    return text[:1].upper() + text[1:]


def duration(length: timedelta | float) -> str:
    """Return a length of time, in the two units that matter."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def milliseconds(value: int) -> str:
    """Return a short time, in ms below a second."""
    return f"{value} ms" if value < 1000 else f"{value / 1000:.1f} s"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def line(event: DomainEvent) -> Line:
    """Return an event in words; nothing that was said is in them."""
    match event:
        case KioskConnected():
            return Line("Screen connected")
        case KioskDisconnected():
            return Line("Screen disconnected", "trouble")
        case ScreenRests():
            return Line(
                "Dark on purpose, outside its hours" if event.dark else "Shows itself again"
            )
        case KioskReported():
            return Line("Screen reported")
        case KioskCommanded():
            how = "done" if event.ok else "failed"
            text = f"{event.by} asked for {command(event.name)}: {how}"
            return Line(text, "calm" if event.ok else "trouble")
        case VisitStarted():
            return Line(f"Visit began in {language(event.language)}", "busy")
        case StateChanged():
            troubled = event.state in TROUBLED_STATES
            return Line(state(event.state), "trouble" if troubled else "calm")
        case LanguageChanged():
            return Line(f"Language changed to {language(event.language)}")
        case MediaChanged():
            detail = f": {event.detail}" if event.detail else ""
            troubled = event.rung in NO_PICTURE
            text = media(event.rung)
            return Line(f"{text[0].upper()}{text[1:]}{detail}", "trouble" if troubled else "calm")
        case TurnCompleted():
            cut = ", interrupted" if event.interrupted else ""
            return Line(f"{speaker(event.speaker)} spoke{cut}")
        case BargedIn():
            return Line(f"{_BARGED[event.by]} after {milliseconds(event.heard_ms)} of its answer")
        case ToolCalled():
            ok = event.outcome in {"ok", "cancelled"}
            text = f"Tool {event.tool} {_OUTCOMES[event.outcome]} {milliseconds(event.ms)}"
            return Line(text, "calm" if ok else "trouble")
        case CardShown():
            return Line(f"Card shown: {event.title or event.kind}")
        case StaffWanted():
            return Line(
                _STAFF[event.state] + (f": {event.reason}" if event.reason else ""),
                "trouble" if event.state == "wanted" else "calm",
            )
        case AnswerBegan():
            since = "spoke" if event.by == "speech" else "typed"
            return Line(f"Answer began {milliseconds(event.after_ms)} after the visitor {since}")
        case OperatorJoined():
            over = f", instead of {event.instead_of}" if event.instead_of else ""
            return Line(f"{event.by} has the conversation{over}; the visitor knows", "busy")
        case OperatorLeft():
            return Line(
                _LEFT[event.why].format(event.by),
                "calm" if event.why == "handed_back" else "trouble",
            )
        case SaidByOperator():
            what = f"the sentence “{event.sentence}”" if event.sentence else "words of their own"
            return Line(f"{event.by} had the avatar say {what}")
        case Whispered():
            return Line(f"{event.by} whispered to the model")
        case PluginEvent():
            return Line(f"{event.plugin}: {event.name.replace('_', ' ')}")
        case AlertChanged():
            fires = event.state == "firing"
            return Line(f"{_ALERTS[event.state]}: {event.what}", "trouble" if fires else "calm")
        case UpstreamLost():
            return Line(f"Line to Voice Live lost ({event.code}); seeking a new one", "trouble")
        case UpstreamRestored():
            return Line(f"New line after {milliseconds(event.after_ms)}; the visit goes on")
        case VisitEnded():
            text = (
                f"Visit ended after {duration(event.seconds)} and {count(event.turns, 'turn')}: "
                f"{reason(event.reason)}"
            )
            return Line(text, "trouble" if event.reason in _TROUBLED_ENDS else "calm")
        case _:
            assert_never(event)
