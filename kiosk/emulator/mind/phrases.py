"""What visitors are likely to say to a session, so that ears with a grammar know what to expect."""

from __future__ import annotations

from kiosk.emulator.mind.tools import Tool
from kiosk.emulator.mind.words import sentences

_GENERAL = (
    "When do you open?",
    "When do you close?",
    "How much is a ticket?",
    "What is on today?",
    "What can you do?",
    "Can I talk to a person?",
    "Can you say that again?",
    "Hello",
    "Yes please",
    "No thank you",
    "Thank you",
    "Thank you, goodbye",
)
_MAXIMUM = 120
"""Phrases made at most; beyond it the last choices of the last functions are left out."""


def expected_phrases(tools: tuple[Tool, ...]) -> tuple[str, ...]:
    """Return ordinary questions and those that the functions' choices suggest."""
    phrases = list(_GENERAL)
    for tool in tools:
        for parameter in tool.parameters:
            for choice in parameter.named:
                phrases += _questions(choice.replace("_", " ").replace("-", " ").strip())
    return tuple(dict.fromkeys(phrases))[:_MAXIMUM]


def _questions(thing: str) -> list[str]:
    """Return ways to ask for a thing: "Where are the toilets?", "Where is gallery 1?"."""
    if not thing or len(sentences(thing)) != 1:
        return []
    named = thing if thing[-1].isdigit() else f"the {thing}"
    verb = "are" if thing.endswith("s") and not thing.endswith("ss") else "is"
    return [f"Where {verb} {named}?", f"How do I get to {named}?", f"Show me {named}"]
