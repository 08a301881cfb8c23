"""How each screen looks: its theme, its slides, and what its page is told of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from kiosk.errors import StartupError
from kiosk.i18n import Texts
from kiosk.settings import Settings
from kiosk.themes.stylesheet import SCREEN, stylesheet
from kiosk.themes.theme import Theme, find_theme, load_theme, themes_in
from kiosk.web import attract
from kiosk.web.slides import Slides, load_slides

log = structlog.get_logger(__name__)

_THEMES: Final = "themes"


@dataclass(frozen=True, slots=True)
class Look:
    """What the template of one screen draws its theme with; addresses are below /static/."""

    css: str = ""
    logo: str = ""
    names: bool = True
    """Whether the site's name is shown beside the logo."""
    picture: str = ""
    """Instead of the drawn portrait."""
    attract: Mapping[str, Any] = field(default_factory=dict)


class Looks:
    """Every theme and slide of a site, read and checked at start."""

    def __init__(self, settings: Settings) -> None:
        """Raise StartupError for a theme or a slide that a screen cannot use."""
        self._settings = settings
        self.broken: dict[str, str] = {}
        """Themes that no screen uses and that do not load, with the sentence why."""
        self._of_kiosk: dict[str, Theme] = {}
        self._slides: dict[Path, Slides] = {}
        self._sounds: dict[Path, str] = {}
        for kiosk in settings.kiosks:
            own = settings.for_kiosk(kiosk.id)
            self._of_kiosk[kiosk.id] = find_theme(own.site.theme, own.site.themes)
            self._read(own)
        self.themes = {theme.id: theme for theme in self._of_kiosk.values()}
        for folder in themes_in(settings.site.themes):
            if folder.name in self.themes:
                continue
            try:
                self.themes[folder.name] = load_theme(folder)
            except StartupError as error:
                self.broken[folder.name] = str(error)
                log.warning("a theme that no screen uses does not load", theme=folder.name)

    def _read(self, own: Settings) -> None:
        folder, hello = own.attract.slides, own.attract.hello
        if folder is not None and folder not in self._slides:
            self._slides[folder] = load_slides(folder)
        if hello is not None and hello not in self._sounds:
            if not hello.is_file():
                raise StartupError(f"attract.hello: {hello} does not exist; correct the path.")
            self._sounds[hello] = f"hello/{len(self._sounds)}{hello.suffix.lower()}"

    @property
    def backdrops(self) -> Mapping[str, str]:
        """The colour behind the person, by screen."""
        return {name: theme.values.colours.backdrop for name, theme in self._of_kiosk.items()}

    @property
    def mounted(self) -> Mapping[str, Path]:
        """Folders and files to be served, by their name below /static/."""
        found = {f"{_THEMES}/{theme.id}": theme.folder for theme in self.themes.values()}
        for slides in self._slides.values():
            for item in slides.entries:
                found[f"{slides.prefix}/{item.file}"] = slides.folder / item.file
        return found | {name: path for path, name in self._sounds.items()}

    @property
    def made(self) -> Mapping[str, str]:
        """The stylesheet of every theme, by its name below /static/."""
        return {
            f"{_THEMES}/{theme.id}/{SCREEN}": stylesheet(theme) for theme in self.themes.values()
        }

    def of(self, kiosk_id: str, texts: Texts, url: Callable[[str], str]) -> Look:
        """Return the look of a screen."""
        own = self._settings.for_kiosk(kiosk_id)
        slides = self._slides.get(own.attract.slides) if own.attract.slides else None
        hello = self._sounds.get(own.attract.hello) if own.attract.hello else None
        data = attract.page_data(own, texts, kiosk_id, slides, url, url(hello) if hello else "")
        return self.drawn(self._of_kiosk[kiosk_id], url, data)

    @staticmethod
    def drawn(
        theme: Theme, url: Callable[[str], str], data: Mapping[str, Any] | None = None
    ) -> Look:
        """Return the look of a theme."""
        below = f"{_THEMES}/{theme.id}"
        head, avatar = theme.values.masthead, theme.values.avatar
        return Look(
            css=url(f"{below}/{SCREEN}"),
            logo=url(f"{below}/{head.logo}") if head.logo else "",
            names=head.name or not head.logo,
            picture=url(f"{below}/{avatar.picture}") if avatar.picture else "",
            attract=data or {},
        )
