"""A scenario's replies: which one fits, what it says this time, what it calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kiosk.emulator.mind.asked import request_behind
from kiosk.emulator.mind.thought import Context, FunctionCall, Plan
from kiosk.emulator.mind.words import meanings, split_words
from kiosk.emulator.scenario.replies import OUTPUT, Reply, filled, text_in
from kiosk.emulator.scenario.scenario import Scenario


def scripted(said: str, context: Context, scenario: Scenario, language: str) -> Plan | None:
    """Return what the first reply that fits says and calls, None when none does."""
    names = {tool.name for tool in context.tools}
    for index, reply in enumerate(scenario.replies):
        used = context.used.get(index, 0)
        if reply.once and used:
            continue
        groups = fit(reply, said, language)
        if groups is None:
            continue
        calls = tuple(
            FunctionCall(call.name, _filled_in(call.arguments, groups))
            for call in reply.all_calls
            if context.tool_choice != "none" and call.name in names
        )
        if not context.parallel:
            calls = calls[:1]
        say = ""
        if reply.steps:
            step = reply.steps[min(used, len(reply.steps) - 1)]
            say = filled(text_in(step, reply.language or language), groups)
        if not calls and not say:
            continue
        return Plan(
            say=say,
            calls=calls,
            delay_ms=reply.delay_ms,
            reply=index,
            language=reply.language or language,
        )
    return None


def fit(reply: Reply, said: str, language: str) -> dict[str, str] | None:
    """Return the named groups of a reply that fits what was said, None when it does not fit."""
    if reply.language and reply.language != language:
        return None
    if reply.match:
        found = re.search(reply.match, said, re.IGNORECASE)
        return None if found is None else {k: v or "" for k, v in found.groupdict().items()}
    words = set(meanings(said, language)) | set(meanings(said)) | set(split_words(said))
    keyed = (set(meanings(word, language) or split_words(word)) for word in reply.keywords)
    return {} if all(wanted <= words for wanted in keyed) else None


def around(name: str, output: str, context: Context, scenario: Scenario, language: str) -> str:
    """Return the scripted sentence around the output of a call, or ""."""
    said, _ = request_behind(context.turns)
    for reply in scenario.replies:
        if not reply.after or all(call.name != name for call in reply.all_calls):
            continue
        groups = fit(reply, said, language)
        if groups is not None:
            text = text_in(reply.after, reply.language or language)
            return filled(text, {**groups, OUTPUT: output})
    return ""


def _filled_in(value: Any, groups: Mapping[str, str]) -> Any:
    """Return arguments with the placeholders in all their texts replaced."""
    if isinstance(value, str):
        return filled(value, groups)
    if isinstance(value, dict):
        return {key: _filled_in(inner, groups) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled_in(inner, groups) for inner in value]
    return value
