"""Jinja2 pages and cards: escaped, strict about missing values, compiled before the first visit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import structlog
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateSyntaxError,
    UndefinedError,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup
from pydantic import ValidationError

from kiosk import paths
from kiosk.errors import KioskError, StartupError
from kiosk.hooks.once import blaming
from kiosk.hooks.values import CardType
from kiosk.model import Card
from kiosk.web.compiled import compiled_for
from kiosk.web.qr import is_link, qr_path, readable_link

log = structlog.get_logger(__name__)

_KIND: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CARDS: Final = "cards/"
OURS: Final = "ours"
"""Prefix of our own templates, also of those that a site replaced."""
MAX_HTML: Final = 1_000_000
"""Longest card, characters: it crosses the screen's socket as one message."""


class CardError(KioskError):
    """A card that cannot be drawn; the text names its kind and what is missing."""

    code = "card"


class Templates:
    """Every template, from the site's folders first, then ours; `ours/NAME` is always ours.

    All are compiled when it is made, so that rendering never waits for a disk and a mistake in a
    template stops the start, not a visit. Rendering is short and plain: call it from anywhere.
    """

    def __init__(
        self,
        extra: Sequence[Path] = (),
        *,
        variables: Mapping[str, Any] | None = None,
        prepare: Callable[[Environment], None] | None = None,
        card_types: Mapping[str, CardType] | None = None,
        owners: Mapping[Path, str] | None = None,
    ) -> None:
        """Read all templates; `owners` are plugins by their folder. Raises StartupError."""
        folders = [*extra, paths.templates()]
        self._loader = ChoiceLoader(
            [
                FileSystemLoader(folders, followlinks=False),
                # So that a template which replaces one of ours may extend it.
                PrefixLoader({OURS: FileSystemLoader(paths.templates())}),
            ]
        )
        self._environment = Environment(
            loader=self._loader,
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(variables or {})
        self._environment.filters["qr"] = qr_path
        self._environment.filters["readable_link"] = readable_link
        self._environment.tests["link"] = is_link
        if prepare is not None:
            prepare(self._environment)
        self._card_types = dict(card_types or {})
        self._names = frozenset(
            name
            for name in self._environment.list_templates()
            if name.endswith(".html") and not name.startswith(f"{OURS}/")
        )
        replaced = [
            f"{OURS}/{name}"
            for name in self._names
            if (paths.templates() / name).is_file()
            and any((folder / name).is_file() for folder in extra)
        ]
        self._environment.globals["plugged"] = self._plugged
        self._environment.bytecode_cache = compiled_for(self._environment)
        sources = hashlib.sha256()
        for name in sorted([*self._names, *replaced]):
            try:
                self._environment.get_template(name)
                source, _, _ = self._loader.get_source(self._environment, name)
                sources.update(f"{name}\0{source}\0".encode())
            except (TemplateSyntaxError, UnicodeDecodeError) as error:
                wrong = StartupError(_unread(name, error))
                folder = next((path for path in extra if (path / name).is_file()), None)
                if folder is not None and owners and folder in owners:
                    wrong.plugins = {owners[folder]: str(wrong)}
                raise wrong from None
        self.version = sources.hexdigest()[:12]
        """Changes when any template changes."""
        for kind, card_type in self._card_types.items():
            name = f"{_CARDS}{kind}.html"
            if name not in self._names:
                missing = f"has no template; {card_type.lacks(f'templates/{name}')}."
                with blaming(card_type.plugin):
                    raise StartupError(f"{card_type.where} {missing}")

    @pass_context
    def _plugged(self, context: Context, place: str) -> Markup:
        """Return what plugins' `slots/<place>/*.html` make of a page; failed ones are left out."""
        made = []
        for name in sorted(self._names):
            if not name.startswith(f"slots/{place}/"):
                continue
            try:
                made.append(self._environment.get_template(name).render(context.get_all()))
            except Exception as error:  # noqa: BLE001 - a plugin's template may raise anything
                # The page is there without it: a white screen would be worse.
                log.warning(
                    "a plugin's part of a page failed", name=name, kind=type(error).__name__
                )
        return Markup("".join(made))  # noqa: S704  # nosec B704  # rendered by our own escaping environment

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
        card_type = self._card_types.get(card.kind)
        if card_type is not None:
            card = replace(card, data=_checked(card, card_type))
        try:
            html = self._environment.get_template(name).render(card=card)
        except UndefinedError as error:
            raise CardError(f"The card {card.kind} misses a value: {error.message}.") from None
        except Exception as error:  # noqa: BLE001 - a plugin's filter may raise anything
            # A value of the wrong kind fails in here, too; the text of an error may be personal.
            raise CardError(
                f"The card {card.kind} cannot be drawn ({type(error).__name__}); "
                "its data does not fit its template."
            ) from None
        if len(html) > MAX_HTML:
            raise CardError(f"The card {card.kind} has more than {MAX_HTML} characters of HTML.")
        return html + self._signed(card)

    def _signed(self, card: Card) -> str:
        """Return where the page finds the card's sign-language video; raises CardError."""
        if not card.sign:
            return ""
        url: Any = self._environment.globals["static"]
        try:
            address = url(card.sign)
        except KeyError:
            raise CardError(
                f"The card {card.kind}: there is no static file {card.sign[:64]!r} for sign; put "
                "it into the plugin's static folder."
            ) from None
        return str(Markup('<span hidden data-sign="{}"></span>').format(address))


def _unread(name: str, error: TemplateSyntaxError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"The template {name} is not UTF-8."
    file = error.filename or name
    return f"The template {file} is wrong in line {error.lineno}: {error.message}."


def _checked(card: Card, card_type: CardType) -> Mapping[str, Any]:
    """Return the card's data as its model has it; what does not fit is named, not quoted."""
    try:
        return card_type.model.model_validate(dict(card.data)).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "data"
        raise CardError(f"The card {card.kind}: {field}: {first['msg']}.") from None
    except Exception as error:  # noqa: BLE001 - a plugin's validator may raise anything
        raise CardError(
            f"The card {card.kind}: its data cannot be checked ({type(error).__name__})."
        ) from None
