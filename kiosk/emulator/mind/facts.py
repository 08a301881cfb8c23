"""What the instructions know: sentences that answer a question, found by shared words."""

from __future__ import annotations

import math
import re
from collections import Counter

from kiosk.emulator.mind.words import meanings, sentences
from kiosk.emulator.speech.languages import guess_language

_WORTH_SAYING = 0.4
"""A sentence that covers less of the question than this is no answer."""

_ORDERS = re.compile(
    r"^(?:you(?:'re| are| should| must| may| can)\b|always\b|never\b|do not\b|don't\b|if\b|"
    r"when (?:the|a|somebody|someone|asked|they|you)\b|answer\b|use\b|keep\b|speak\b|be\b|"
    r"call\b|reply\b|respond\b|"
    r"please (?:greet|answer|keep)\b|greet\b|refuse\b|avoid\b|offer\b|begin\b|say\b|ask\b|stay\b|"
    r"only\b|prefer\b|your (?:task|job|role|name)\b|act\b|help\b|"
    # The same orders in German, French and Spanish.
    r"(?:du|sie) (?:bist|sind|sollst|sollen)\b|antworte|sprich|nie(?:mals)?\b|erfinde|immer\b|"
    r"tu es\b|vous \xeates\b|r\xe9pond|parle|n'invente|ne |toujours\b|"
    r"eres\b|usted es\b|respond|habla|nunca\b|siempre\b|no inventes\b)",
    re.IGNORECASE,
)


def find_fact(said: str, instructions: str, language: str = "en") -> str:
    """Return the sentence or two of the instructions that answer best, "" when none does.

    Words count by how rare they are in the instructions; a heading's words count half for the
    lines under it. Sentences that tell the assistant what to do are never said. What was said is
    in `language`; the instructions may be in another, as far as the mind knows the words.
    """
    wanted = [m for m in meanings(said, language) if m != "where"]
    if not wanted or not instructions:
        return ""
    facts = _facts(instructions)
    spread = Counter(word for _, words, _ in facts for word in words)
    weight = {w: math.log(1 + (len(facts) + 1) / (1 + spread[w])) for w in wanted}
    total = sum(weight.values())
    scored = [
        (
            sum(weight[w] * (1.0 if w in words else 0.5 if w in heading else 0.0) for w in wanted)
            / total,
            text,
        )
        for text, words, heading in facts
    ]
    best = max((score for score, _ in scored), default=0.0)
    if best < _WORTH_SAYING:
        return ""
    chosen = [text for score, text in scored if score >= 0.95 * best][:2]
    return " ".join(text if text[-1] in ".!?" else text + "." for text in chosen)


def _facts(instructions: str) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Return (sentence, its meanings, its heading's) of every sentence that may be said."""
    language = guess_language(instructions) or "en"
    facts: list[tuple[str, frozenset[str], frozenset[str]]] = []
    heading: frozenset[str] = frozenset()
    for line in instructions.splitlines():
        stripped = line.strip()
        if stripped.startswith("#") or (stripped.endswith(":") and len(stripped) < 60):
            heading = frozenset(meanings(stripped, language))
            continue
        if not stripped:
            continue
        for sentence in sentences(stripped):
            if not _ORDERS.search(sentence):
                facts.append((sentence, frozenset(meanings(sentence, language)), heading))
    return facts
