"""`kiosk demo`: emulator, server, one screen and one operator on this machine, no Azure."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from kiosk import keys, log, paths
from kiosk.app import create_app
from kiosk.cli.manage import missing_extra
from kiosk.cli.reloading import Served, reloading
from kiosk.cli.running import on_stop
from kiosk.errors import SettingsError
from kiosk.security.passwords import make_password
from kiosk.settings import Settings, environment, load_settings
from kiosk.storage.rows import Grant

OPERATOR: Final = "operator"

# A place, not a lorem ipsum: the demo's plugins know its plan, hours and collection.
INSTRUCTIONS: Final = """\
You are the host at the entrance of the Museum on the Quay, a small city museum in an old harbour \
warehouse. Answer in one to three short sentences of plain words. When you do not know, say so \
and point to the staff desk, which is on the left of the entrance.
Admission is eight euros, four euros reduced, and free for children under twelve.
Photography without flash is allowed in all galleries.
The cloakroom is free; large bags and umbrellas must be left there.
Guided tours start at eleven and at three at the staff desk and take forty minutes.
The museum is fully accessible by lift; wheelchairs are lent free of charge at the staff desk.
Dogs must stay outside, except guide dogs.
The museum shop next to the entrance sells books, postcards and small gifts.
"""


LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "uk", "ar", "zh", "ja")
"""All that there are sentences for."""

MUSEUM: Final[Mapping[str, Any]] = {
    "lobby_greeting": {
        "welcome": {
            "en": "welcome to the Museum on the Quay",
            "de": "willkommen im Museum am Kai",
        }
    }
}
"""Settings of the museum's plugins."""

SENTENCES: Final = (
    {
        "id": "closing",
        "text": {
            "en": "The museum closes in ten minutes.",
            "de": "Das Museum schließt in zehn Minuten.",
            "fr": "Le musée ferme dans dix minutes.",
            "es": "El museo cierra en diez minutos.",
        },
    },
    {
        "id": "coming",
        "text": {
            "en": "Somebody from the staff desk is on the way to you.",
            "de": "Vom Informationstisch ist jemand auf dem Weg zu Ihnen.",
            "fr": "Un membre du personnel vient vers vous.",
            "es": "Una persona del mostrador viene hacia usted.",
        },
    },
)
"""What the museum's operators may have said."""


def demo_settings(
    *,
    endpoint: str,
    data: Path,
    host: str,
    port: int,
    config: Path | None = None,
    plugins: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the demo's settings; kiosk.toml's own values are used only when it is named.

    What the visitor meets is the museum's where that file says nothing; addresses, the emulator
    and the data are always the demo's. `plugins` is a folder to load instead of the museum's.
    """
    if plugins is not None and not plugins.is_dir():
        raise SettingsError(f"--plugins: {plugins} is no folder; make it or correct the path.")
    museum: dict[str, Any] = {
        "site": {
            "name": "Museum on the Quay",
            "instructions": INSTRUCTIONS,
            "languages": list(LANGUAGES),
            "time_zone": "Europe/Lisbon",
        },
        "kiosks": [{"id": "lobby", "name": "Lobby", "place": "entrance"}],
        # The emulator's ears do neither; whoever asks for them is told so at every visit.
        "upstream": {"hearing": {"noise_reduction": None, "echo_cancellation": False}},
    }
    if plugins is not None:
        # Another house: what is said there is not for the museum to say.
        del museum["site"]["name"], museum["site"]["instructions"]
    values: dict[str, Any] = {
        "server": {"host": host, "port": port, "drain_s": 0},
        "upstream": {
            "endpoint": endpoint,
            "api_key": "emulator",
            # Half the pixels of the service's own size: the picture is drawn and decoded on the
            # same small machine here.
            # The emulator draws this one as the portrait is drawn: the host stays one person.
            "avatar": {"width": 1280, "height": 720, "character": "max"},
        },
        "access": {"open": True, **(overrides or {}).get("access", {})},
        "storage": {"url": f"sqlite+aiosqlite:///{data / 'demo.sqlite3'}"},
        "hooks": {
            "dir": str(plugins or paths.demo_plugins()),
            "installed": plugins is None,
            **(overrides or {}).get("hooks", {}),
        },
    }
    if plugins is None:
        values["plugins"] = MUSEUM
        if config is None:  # a house of its own may have other languages
            museum["operators"] = {"sentences": list(SENTENCES)}
        museum["attract"] = {"slides": str(paths.demo_plugins() / "_slides")}
    return load_settings(config, overrides=values, defaults=museum, read_file=config is not None)


def own_files(plugins: Path | None, config: Path | None) -> tuple[Path | None, Path | None]:
    """Return the plugins' folder and kiosk.toml of the demo: those named, else those that are here.

    In a clone the folder that is here is the museum's own, which needs no naming.
    """
    here, file = Path("plugins"), Path("kiosk.toml")
    if plugins is None and here.is_dir() and here.resolve() != paths.demo_plugins().resolve():
        plugins = here
    return plugins, config or (file if file.is_file() else None)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo."""

    url: str
    password: str
    speech: str


@asynccontextmanager
async def demo_running(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    voice: str = "auto",
    scenario: Path | None = None,
    data: Path | None = None,
    config: Path | None = None,
    plugins: Path | None = None,
    reload: bool = False,
    overrides: Mapping[str, Any] | None = None,
) -> AsyncIterator[Demo]:
    """Run the demo while the context is open. Raises SettingsError or StartupError.

    With `reload` the application is replaced when a plugin, a template or `config` changes; the
    emulator, the address and the data stay.
    """
    try:
        from kiosk.emulator.scenario.scenario import Scenario, load_scenario
        from kiosk.emulator.server.server import EmulatorServer
    except ImportError as error:
        raise missing_extra(error) from None
    chosen = load_scenario(scenario) if scenario is not None else Scenario()
    with ExitStack() as stack:
        if data is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-demo-"))
            data = Path(folder)
        async with EmulatorServer(
            scenario=chosen, engines_preference=voice, environment=environment()
        ) as emulator:
            make = functools.partial(
                demo_settings,
                endpoint=emulator.endpoint,
                data=data,
                host=host,
                port=port,
                config=config,
                plugins=plugins,
                overrides=overrides,
            )
            settings = make()
            log.configure(level=settings.log.level, style=settings.log.format)
            served = Served(lambda: create_app(make()), host, port)
            async with AsyncExitStack() as running:
                running.push_async_callback(served.aclose)
                await served.start()
                if reload:
                    await running.enter_async_context(
                        reloading(served, _watched(settings, config), click.echo)
                    )
                password = make_password()
                operators = served.app[keys.OPERATORS]
                if any(row.name == OPERATOR for row in await operators.list()):
                    await operators.set_password(OPERATOR, password)
                else:
                    await operators.add(OPERATOR, password, grants=[Grant("administrator")])
                yield Demo(
                    url=f"http://{host}:{served.port}",
                    password=password,
                    speech=emulator.engines.describe(),
                )


def _watched(settings: Settings, config: Path | None) -> list[Path]:
    """Return what a developer changes: plugins, templates, themes, slides, the settings file."""
    site = settings.site
    found = [settings.hooks.dir, site.templates, site.themes, settings.attract.slides, config]
    return [path for path in found if path is not None and path.exists()]


async def run_demo(**options: Any) -> None:
    """Run the demo until stopped, printing where it is."""
    stopped = on_stop()
    log.configure()
    async with demo_running(**options) as demo:
        click.echo("")
        click.echo(f"  Kiosk screen   {demo.url}/")
        click.echo(f"  Dashboard      {demo.url}/operator/   name {OPERATOR}")
        click.echo(f"                 password (shown once)  {demo.password}")
        click.echo(f"  Speech         {demo.speech}")
        click.echo("")
        click.echo("  Everything runs on this machine, on an emulator of Azure Voice Live.")
        click.echo("  Stop with Ctrl+C.")
        await stopped.wait()
