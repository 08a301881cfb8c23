"""Default redaction: e-mail addresses, cards, IBANs, phone numbers, digits spoken one by one.

What a visitor says at a kiosk is heard by a machine and may be spelt in many ways, so anything of
seven digits or more is taken for somebody's number unless it is plainly hours, dates, years or an
amount. Names and addresses are not found: a site that needs it adds a `redact` hook of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Final

from kiosk.builtin.digit_words import spoken
from kiosk.hooks.markers import hookimpl

LEAST_DIGITS: Final = 7
"""Shorter runs are prices, rooms, years and hours."""
LONGEST_PHONE: Final = 15
"""Digits of an international number at most (ITU-T E.164)."""

# A letter of a script that puts spaces between words; where none are put, a number or an address
# begins in the middle of what looks like a word.
_LETTER: Final = (
    r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_LOCAL: Final = rf"(?:{_LETTER}|[.+-])"
_EMAIL: Final = re.compile(
    rf"(?<!{_LOCAL}){_LOCAL}{{1,64}}@(?:{_LETTER}|-){{1,63}}(?:\.(?:{_LETTER}|-){{1,63}})+"
)
# "anna dot berg at example dot com", as people spell it aloud.
_AT: Final = "at|ät|arroba|arobase|собака|равлик|آت|アットマーク|艾特"
_DOT: Final = "dot|punkt|point|punto|ponto|крапка|точка|نقطة|ドット|点"
_SPOKEN_EMAIL: Final = re.compile(
    rf"\b[\w-]{{1,64}}(?: (?:{_DOT}|underscore|dash) [\w-]{{1,64}}){{0,4}} (?:{_AT})"
    rf" [\w-]{{1,63}}(?: (?:{_DOT}) [\w-]{{1,63}}){{1,4}}\b",
    re.IGNORECASE,
)

_IBAN_START: Final = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
# Characters of an IBAN by country (SWIFT IBAN registry); without the length the next word of the
# sentence could not be told from the account number.
_IBAN_TABLE: Final = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29
ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29
RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VA22 VG24 XK20
"""
_IBAN_LENGTHS: Final = {entry[:2]: int(entry[2:]) for entry in _IBAN_TABLE.split()}

_DIGITS: Final = re.compile(
    # The last sign of a Chinese identity card may be an X.
    r"(?<![0-9A-Za-z_+])(?<!\d[.,:])(?:\+|\(\+?)?\d(?:[ \u00a0().\-/]{0,3}\d){6,39}[Xx]?"
    r"(?![0-9A-Za-z_])(?![.,:]\d)"
)
# What may stand in a run of digits that is nobody's number: a date, an hour, a year, an amount
# with its thousands apart. An amount of three leading digits could be a phone number in groups.
_HARMLESS: Final = re.compile(
    r"(?:(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{2}|1\d{3}|20\d{2}"
    r"|\d{1,2}(?: \d{3})+|\d{1,3}(?:\.\d{3})+)(?:[ \u00a0/-]{1,3}|$))+"
)

_SPOKEN, _SPOKEN_TOGETHER = spoken(LEAST_DIGITS)


_BASIC: Final = range(0x80, 0x10000)
# One sign for one, so that what is found stands at the same place in what was said.
_PLAIN: Final[dict[int, str | int]] = {
    **{code: str(d) for code in _BASIC if (d := unicodedata.decimal(chr(code), None)) is not None},
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},  # full width, beside kanji
    0x3000: " ", 0x2010: "-", 0x2011: "-", 0x2212: "-",
}  # fmt: skip

Span = tuple[int, int, str]
"""From where to where in a text, and what stands there instead."""


@hookimpl
def redact(text: str) -> str:
    """Replace what could belong to a person by its kind in brackets."""
    plain = text.translate(_PLAIN)
    for find in (_emails, _ibans, _numbers, _spelt):
        spans = list(find(plain))
        text, plain = _with(text, spans), _with(plain, spans)
    return text


def _with(text: str, spans: list[Span]) -> str:
    for start, end, kind in reversed(spans):
        text = text[:start] + kind + text[end:]
    return text


def _emails(text: str) -> Iterator[Span]:
    done = 0
    both = chain(_EMAIL.finditer(text), _SPOKEN_EMAIL.finditer(text))
    for found in sorted(both, key=re.Match.start):
        if found.start() >= done:
            yield found.start(), (done := found.end()), "[EMAIL]"


def _ibans(text: str) -> Iterator[Span]:
    done = 0
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start.group()[:2].upper())
        if length is None or start.start() < done:
            continue
        end = _end_of(text, start.start(), length)
        if end is not None and valid_iban(text[start.start() : end]):
            done = end
            yield start.start(), end, "[IBAN]"


def _numbers(text: str) -> Iterator[Span]:
    for found in _DIGITS.finditer(text):
        if kind := _digits(found.group()):
            yield *found.span(), kind


def _spelt(text: str) -> Iterator[Span]:
    done = 0
    both = chain(_SPOKEN.finditer(text), _SPOKEN_TOGETHER.finditer(text))
    for found in sorted(both, key=re.Match.start):
        if found.start() >= done and _is_spelt(found.group()):
            yield found.start(), (done := found.end()), "[NUMBER]"


def _end_of(text: str, start: int, length: int) -> int | None:
    """Return where `length` letters and digits end that have at most one separator between."""
    seen = 0
    separated = False
    for position in range(start, len(text)):
        letter = text[position]
        if letter.isascii() and letter.isalnum():
            seen, separated = seen + 1, False
            if seen == length:
                following = text[position + 1 : position + 2]
                return None if following.isascii() and following.isalnum() else position + 1
        elif letter in " -" and not separated:
            separated = True
        else:
            return None
    return None


def valid_iban(text: str) -> bool:
    """Whether the check digits are right (ISO 13616: the number modulo 97 is 1)."""
    plain = re.sub(r"[ -]", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain, re.ASCII):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def valid_card(digits: str) -> bool:
    """Whether these could be a payment card's 13 to 19 digits (ISO/IEC 7812: Luhn)."""
    if not 13 <= len(digits) <= 19:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _digits(found: str) -> str | None:
    """Return whose these digits are taken to be, None for nobody's."""
    groups = re.findall(r"\d+", found)
    # A card may be followed by its date and code: any run of whole groups counts.
    for first in range(len(groups)):
        run = ""
        for group in groups[first:]:
            run += group
            if valid_card(run):
                return "[CARD]"
    total = sum(map(len, groups))
    if found.startswith(("+", "(+", "00")):
        return "[PHONE]"
    if _HARMLESS.fullmatch(found) or _ascending_pairs(groups):
        return None
    return "[PHONE]" if total <= LONGEST_PHONE else "[NUMBER]"


def _ascending_pairs(groups: list[str]) -> bool:
    """Whether this is a list such as `10 12 14 16`: hours, ages, pages."""
    if groups[0].startswith("0") or any(len(group) > 2 for group in groups):
        return False
    values = [int(group) for group in groups]
    return all(one < other for one, other in pairwise(values))


def _is_spelt(found: str) -> bool:
    # Figures in longer groups were judged above; here they count when they are spelt one by one.
    groups = re.findall(r"\w+", found)
    if all(group.isdigit() for group in groups):
        return all(len(group) == 1 for group in groups) and not _ascending_pairs(groups)
    return True
