"""Jinja2 pages and cards: escaped, strict about missing values, compiled before the first visit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
)

from kiosk import paths
from kiosk.errors import KioskError, StartupError
from kiosk.model import Card

_KIND: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CARDS: Final = "cards/"


class CardError(KioskError):
    """A card that cannot be drawn; the text names its kind and what is missing."""

    code = "card"


class Templates:
    """Every template, from the site's folders first, then ours.

    All are compiled when it is made, so that rendering never waits for a disk and a mistake in a
    template stops the start, not a visit. Rendering is short and plain: call it from anywhere.
    """

    def __init__(
        self, extra: Sequence[Path] = (), *, variables: Mapping[str, Any] | None = None
    ) -> None:
        folders = [*extra, paths.templates()]
        self._environment = Environment(
            loader=FileSystemLoader(folders, followlinks=False),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(variables or {})
        self._names = frozenset(
            name for name in self._environment.list_templates() if name.endswith(".html")
        )
        for name in sorted(self._names):
            try:
                self._environment.get_template(name)
            except TemplateSyntaxError as error:
                raise StartupError(
                    f"The template {error.filename or name} is wrong in line {error.lineno}: "
                    f"{error.message}."
                ) from None
            except UnicodeDecodeError:
                raise StartupError(f"The template {name} is not UTF-8.") from None

    @property
    def card_kinds(self) -> tuple[str, ...]:
        """The kinds of card there are templates for."""
        found = (name for name in self._names if name.startswith(_CARDS))
        return tuple(sorted(name[len(_CARDS) : -len(".html")] for name in found))

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        """Return a page. A name the template does not find in `context` raises KioskError."""
        try:
            return self._environment.get_template(template).render(context)
        except UndefinedError as error:
            raise KioskError(f"The template {template} misses a value: {error.message}.") from None

    def render_card(self, card: Card) -> str:
        """Return a card's HTML, its data escaped; raises CardError."""
        name = f"{_CARDS}{card.kind}.html"
        if _KIND.fullmatch(card.kind) is None or name not in self._names:
            raise CardError(
                f"There is no card of the kind {card.kind[:64]!r}; add templates/cards/<kind>.html "
                f"or use one of {', '.join(self.card_kinds)}."
            )
        try:
            return self._environment.get_template(name).render(card=card)
        except UndefinedError as error:
            raise CardError(f"The card {card.kind} misses a value: {error.message}.") from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            # A value of the wrong kind fails inside the template; its text may be personal.
            raise CardError(
                f"The card {card.kind} cannot be drawn ({type(error).__name__}); "
                "its data does not fit its template."
            ) from None
