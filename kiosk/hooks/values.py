"""What hooks are given and give back, beyond the words and cards of `kiosk.model`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from kiosk.model import Kiosk

AccessName = Literal["public", "kiosk", "operator", "admin"]
"""Who may use a plugin's address: anyone, an enrolled screen, a person logged in, an admin."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No visit now. `reason` is one sentence for the visitor, in the kiosk's language."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not make this tool call. `reason` is told to the model, which tells the visitor."""

    reason: str


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a plugin may change about one visit before Voice Live is set up.

    Change it with `dataclasses.replace`. `voice` is a name of the configured kind of voice
    (empty for a voice that belongs to the avatar), `tools` the names the model is told of,
    `phrases` what visitors are likely to say, `silence_ms` the pause that ends a turn. None is
    the site's own setting.
    """

    voice: str
    character: str
    style: str | None
    background_color: str | None
    temperature: float | None
    tools: tuple[str, ...]
    phrases: tuple[str, ...]
    silence_ms: int | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What broke a visit. `code` is an `EndReason`: upstream_lost, media_failed, error, …"""

    code: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A box on an operator's page: a sentence, rows of name and value, or both.

    `link` is an address of the plugin's own, below its `/-/<plugin>`, such as `/calls`.
    """

    title: str
    text: str = ""
    rows: Sequence[tuple[str, str]] = ()
    link: str = ""
    link_text: str = "Open"


@dataclass(frozen=True, slots=True)
class PageView:
    """A page about to be rendered. `kiosk` on a screen's page, `operator` on an operator's."""

    template: str
    kiosk: Kiosk | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What a request for an operator's page brings, for a plugin that knows who it is.

    `address` is the client's, behind the trusted proxies of the settings; `peer` whoever holds
    the connection, which is the proxy where there is one. Header names are lower case; our own
    cookies are left out.
    """

    method: str
    path: str
    address: str
    peer: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OperatorClaim:
    """A plugin's word that this is `name`; the audit has it under that name."""

    name: str
    admin: bool = False


@dataclass(frozen=True, slots=True)
class PluginRequest:
    """A request to a plugin's own address. Cookies and credentials are not handed on.

    `match` are the `{parts}` of the path, `form` the fields of a posted form, `kiosk` the id of
    the enrolled screen that asks, `operator` the name of the person who is logged in.
    """

    method: str
    path: str
    match: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, str]
    kiosk: str | None
    operator: str | None


@dataclass(frozen=True, slots=True)
class PluginResponse:
    """An answer from a plugin's address. A mapping as `body` goes out as JSON."""

    body: str | bytes | Mapping[str, Any] = ""
    status: int = 200
    content_type: str = "text/plain"
    location: str = ""
    """With status 303: the address on this server to go on to."""


RouteHandler = Callable[[PluginRequest], Awaitable[PluginResponse | str | Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class PluginRoute:
    """One address of a plugin, below `/-/<plugin>/`."""

    plugin: str
    method: str
    path: str
    handler: RouteHandler
    access: AccessName


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A check of a plugin's. It returns when all is well and raises with the sentence to show."""

    plugin: str
    name: str
    check: Callable[[], Awaitable[None]]
    critical: bool = False


@dataclass(frozen=True, slots=True)
class CardType:
    """A kind of card: its data as a pydantic model, and files beside its template.

    The template is `templates/cards/<kind>.html` of the plugin's package (or the site's).
    `script` and `style` are files of the plugin's `static` folder, loaded by the screen's page.
    """

    kind: str
    plugin: str
    model: type[BaseModel]
    script: str = ""
    style: str = ""
    at: str = ""
    """Where it was registered, `file:line`."""
    file: str = ""
    """The plugin's file."""

    @property
    def where(self) -> str:
        """What a sentence about it begins with: the plugin, the place, the kind."""
        at = f" ({self.at})" if self.at else ""
        return f"plugin {self.plugin}{at}: the card type {self.kind}"

    def lacks(self, name: str) -> str:
        """Return what to do when `name`, of the plugin's `templates` or `static`, is missing."""
        file = Path(self.file)
        if not self.file:
            return f"add {name} beside the plugin"
        if file.name == "__init__.py":
            return f"add {file.parent / name}"
        package = file.with_suffix("")
        return (
            f"a plugin with {name.partition('/')[0]} is a package: move {file} to "
            f"{package}/__init__.py and add {package / name}"
        )
