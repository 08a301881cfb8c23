"""Default redaction: e-mail addresses, cards, IBANs, phone numbers, digits spoken one by one.

What a visitor says at a kiosk is heard by a machine and may be spelt in many ways, so anything of
seven digits or more is taken for somebody's number unless it is plainly hours, dates, years or an
amount. Names and addresses are not found: a site that needs it adds a `redact` hook of its own.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from kiosk.hooks.markers import hookimpl

LEAST_DIGITS: Final = 7
"""Shorter runs are prices, rooms, years and hours."""
LONGEST_PHONE: Final = 15
"""Digits of an international number at most (ITU-T E.164)."""

_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# "anna dot berg at example dot com", as people spell it aloud.
_SPOKEN_EMAIL: Final = re.compile(
    r"\b[\w-]{1,64}(?: (?:dot|punkt|underscore|dash) [\w-]{1,64}){0,4} (?:at|ät)"
    r" [\w-]{1,63}(?: (?:dot|punkt) [\w-]{1,63}){1,4}\b",
    re.IGNORECASE,
)

_IBAN_START: Final = re.compile(r"\b[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
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
    r"(?<![\w.,:+])(?:\+|\(\+?)?\d(?:[ \u00a0().\-/]{0,3}\d){6,39}(?!\w)(?![.,:]\d)"
)
# What may stand in a run of digits that is nobody's number: a date, an hour, a year, an amount
# with its thousands apart. An amount of three leading digits could be a phone number in groups.
_HARMLESS: Final = re.compile(
    r"(?:(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{2}|1\d{3}|20\d{2}"
    r"|\d{1,2}(?: \d{3})+|\d{1,3}(?:\.\d{3})+)(?:[ \u00a0/-]{1,3}|$))+"
)

_DIGIT_WORDS: Final = """
zero oh one two three four five six seven eight nine double triple
null eins zwei zwo drei vier fünf fuenf sechs sieben acht neun doppel
zéro un deux trois quatre cinq sept huit neuf
cero uno dos tres cuatro cinco seis siete ocho nueve
um dois três quatro sete oito nove meia
due tre quattro cinque sei sette otto
nul een twee drie vijf zes zeven negen
"""
_DIGIT_WORD: Final = "|".join(sorted(set(_DIGIT_WORDS.split()), key=len, reverse=True))
_SPOKEN: Final = re.compile(
    rf"\b(?:{_DIGIT_WORD}|\d+)(?:[\s,.-]{{1,3}}(?:{_DIGIT_WORD}|\d+)){{{LEAST_DIGITS - 1},}}\b",
    re.IGNORECASE,
)


@hookimpl
def redact(text: str) -> str:
    """Replace what could belong to a person by its kind in brackets."""
    text = _EMAIL.sub("[EMAIL]", text)
    text = _SPOKEN_EMAIL.sub("[EMAIL]", text)
    text = _without_ibans(text)
    text = _DIGITS.sub(lambda found: _digits(found.group()), text)
    return _SPOKEN.sub(lambda found: _spoken(found.group()), text)


def _without_ibans(text: str) -> str:
    done = 0
    pieces: list[str] = []
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start.group()[:2].upper())
        if length is None or start.start() < done:
            continue
        end = _end_of(text, start.start(), length)
        if end is None or not valid_iban(text[start.start() : end]):
            continue
        pieces += [text[done : start.start()], "[IBAN]"]
        done = end
    return "".join((*pieces, text[done:]))


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
                return None if following.isalnum() else position + 1
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


def _digits(found: str) -> str:
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
        return found
    return "[PHONE]" if total <= LONGEST_PHONE else "[NUMBER]"


def _ascending_pairs(groups: list[str]) -> bool:
    """Whether this is a list such as `10 12 14 16`: hours, ages, pages."""
    if groups[0].startswith("0") or any(len(group) > 2 for group in groups):
        return False
    values = [int(group) for group in groups]
    return all(one < other for one, other in pairwise(values))


def _spoken(found: str) -> str:
    # Figures in longer groups were judged above; here they count when they are spelt one by one.
    groups = re.findall(r"\w+", found)
    if all(group.isdigit() for group in groups):
        spelt = all(len(group) == 1 for group in groups) and not _ascending_pairs(groups)
        return "[NUMBER]" if spelt else found
    return "[NUMBER]"
