"""Every setting, typed, from kiosk.toml and the environment; the only module that reads either."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, StringConstraints, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as NotJson
from typing_extensions import override

from kiosk.errors import SettingsError
from kiosk.settings.alerts import AlertSettings
from kiosk.settings.attract import AttractSettings
from kiosk.settings.base import SECRET
from kiosk.settings.commands import CommandSettings
from kiosk.settings.files import SUFFIX, names, with_files
from kiosk.settings.insight import InsightSettings
from kiosk.settings.overrides import overridden
from kiosk.settings.people import OperatorSettings
from kiosk.settings.places import SITE_ID, HouseSettings, KioskSettings, Otherwise
from kiosk.settings.retention import RetentionSettings
from kiosk.settings.roles import EVERY_SITE, role_and_site
from kiosk.settings.screen import ScreenSettings
from kiosk.settings.sections import (
    HookSettings,
    KioskAccessSettings,
    LogSettings,
    ServerSettings,
    SiteSettings,
    StorageSettings,
    VisitSettings,
)
from kiosk.settings.upstream import UpstreamSettings
from kiosk.settings.vault import VARIABLE as _VAULT
from kiosk.settings.vault import vault_settings
from kiosk.settings.written import Places, flat, from_environment

__all__ = ["Settings", "load_settings"]

ENV_PREFIX = "KIOSK_"
LONGEST_VISIT_S = 3300
_TRACE = "KIOSK_TRACE_HOOKS"
"""Short for KIOSK_HOOKS__TRACE, for a quick look at what is called when."""
# Names other Azure tools already use for the same two values; ours win, the first found counts.
_AZURE_NAMES = {
    "endpoint": ("AZURE_VOICELIVE_ENDPOINT", "AZURE_COGNITIVE_SERVICES_ENDPOINT"),
    "api_key": ("AZURE_VOICELIVE_API_KEY", "AZURE_COGNITIVE_SERVICES_KEY"),
}


class Settings(BaseSettings):
    """All settings of one server. Made by `load_settings`, passed down, never read again."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        hide_input_in_errors=True,
    )

    server: ServerSettings = Field(ServerSettings(), description="The server.")
    site: SiteSettings = Field(SiteSettings(), description="The site.")
    kiosks: list[KioskSettings] = Field(
        [KioskSettings(id="main", name="Main entrance")],
        min_length=1,
        description="The screens.",
    )
    sites: dict[Annotated[str, StringConstraints(pattern=SITE_ID)], HouseSettings] = Field(
        {}, description="The houses, when there are several: a table for each, `[sites.NAME]`."
    )
    attract: AttractSettings = Field(AttractSettings(), description="The waiting screen.")
    screen: ScreenSettings = Field(ScreenSettings(), description="The page as an appliance.")
    upstream: UpstreamSettings = Field(UpstreamSettings(), description="Azure Voice Live.")
    visit: VisitSettings = Field(VisitSettings(), description="A visit.")
    hooks: HookSettings = Field(HookSettings(), description="How plugins are loaded.")
    plugins: dict[str, dict[str, Any]] = Field(
        {},
        description="A table for each plugin, `[plugins.NAME]`, checked by the plugin.",
        json_schema_extra=SECRET,
    )
    storage: StorageSettings = Field(StorageSettings(), description="Storage.")
    retention: RetentionSettings = Field(RetentionSettings(), description="Retention.")
    insight: InsightSettings = Field(InsightSettings(), description="Insight.")
    operators: OperatorSettings = Field(OperatorSettings(), description="Operators.")
    access: KioskAccessSettings = Field(KioskAccessSettings(), description="The screens' access.")
    alerts: AlertSettings = Field(AlertSettings(), description="Alerts.")
    commands: CommandSettings = Field(
        CommandSettings(), description="Commands to many screens at once."
    )
    log: LogSettings = Field(LogSettings(), description="The log.")

    _screens: dict[str, Settings] = PrivateAttr(default_factory=dict)
    _places: Places = PrivateAttr(default_factory=Places)

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over kiosk.toml: a container's variables correct a mounted file."""
        del dotenv_settings, file_secret_settings
        if isinstance(env_settings, EnvSettingsSource):
            env_settings.env_vars = with_files(env_settings.env_vars, settings_cls, ENV_PREFIX)
        return (env_settings, init_settings)

    @model_validator(mode="after")
    def _fits_together(self) -> Settings:
        visit = self.visit
        if visit.idle_s + visit.idle_warning_s >= visit.max_s:
            raise ValueError("visit.max_s must be longer than visit.idle_s + visit.idle_warning_s")
        if visit.longest_s > LONGEST_VISIT_S:
            raise ValueError(
                "visit.max_s and its extensions are longer than 3300 s, which Voice Live does not "
                "keep a session for; lower visit.extensions or visit.extend_s"
            )
        ids = [kiosk.id for kiosk in self.kiosks]
        if len(set(ids)) != len(ids):
            raise ValueError("kiosks: two screens have the same id")
        for kiosk in self.kiosks:
            if self.sites and kiosk.site not in self.sites:
                raise ValueError(
                    f"kiosks: {kiosk.id}: there is no [sites.{kiosk.site}]; correct it or add it"
                )
        for words in self.operators.oidc.roles.values():
            for site in {role_and_site(word)[1] for word in words} - {EVERY_SITE}:
                if site not in self.site_names():
                    raise ValueError(
                        f"operators.oidc.roles: there is no site {site}; correct it or add "
                        f"[sites.{site}]"
                    )
        for site in self.retention.sites:
            if site not in {kiosk.site for kiosk in self.kiosks}:
                raise ValueError(f"retention.sites: no kiosk is at the site {site!r}; correct it")
        self._fits(self, "", self.site.languages)
        houses = {name: self._of_house(name, house) for name, house in self.sites.items()}
        for kiosk in self.kiosks:
            house = houses.get(kiosk.site, self)
            merged = self._screens[kiosk.id] = self._with(house, kiosk, f"kiosks: {kiosk.id}: ")
            if kiosk.language is not None and kiosk.language not in merged.site.languages:
                raise ValueError(f"kiosks: {kiosk.id} has a language that its languages lack")
        return self

    @staticmethod
    def _fits(settings: Settings, where: str, known: Sequence[str]) -> None:
        """Raise ValueError for sections that contradict each other, on one screen or the site."""
        site, attract = settings.site, settings.attract
        # A screen with fewer languages may have sentences in all of the site's.
        bases = {code.partition("-")[0] for code in known}
        for name in ("staff", "hearing_note"):
            for code in getattr(site, name):
                if code not in {*known, *bases}:
                    raise ValueError(
                        f"{where}site.{name}: {code} is none of site.languages; correct it or add "
                        "it"
                    )
        for sentence in settings.operators.sentences:
            for code in sentence.text:
                if code not in {*known, *bases} and not where:
                    raise ValueError(
                        f"operators.sentences: {sentence.id}: {code} is none of site.languages; "
                        "correct it or add it"
                    )
        manual = settings.upstream.turn_detection.type == "none"
        if manual and site.talk != "push":
            raise ValueError(
                f"{where}upstream.turn_detection.type = 'none' needs site.talk = 'push'"
            )
        if attract.presence_starts and not site.consent:
            # Nobody's microphone is opened because they walked past.
            raise ValueError(f"{where}attract.presence_starts needs site.consent = true")
        if attract.speak_starts != "off":
            if site.talk != "open" or not site.microphone:
                raise ValueError(
                    f"{where}attract.speak_starts needs site.talk = 'open' and site.microphone = "
                    "true"
                )
            if not site.consent and not site.speaks_notice:
                # Who came by speech may see no screen: what listens is said before anything else.
                raise ValueError(
                    f"{where}attract.speak_starts needs site.consent = true, or "
                    "site.spoken_notice = 'greeting' or 'both'"
                )
        for code in attract.greet_in or ():
            if code not in settings.site.languages and not where:
                raise ValueError(f"attract.greet_in: site.languages lacks {code!r}")

    def _of_house(self, name: str, house: HouseSettings) -> Settings:
        own = self._with(self, house, f"sites: {name}: ")
        if not house.name:
            return own
        return own.model_copy(update={"site": own.site.model_copy(update={"name": house.name})})

    def _with(self, wider: Settings, place: Otherwise, where: str) -> Settings:
        """Return settings with what a house or a screen has otherwise; `where` begins an error."""
        for code in (*(place.languages or ()), *(place.greet_in or ())):
            if code not in self.site.languages:
                raise ValueError(f"{where}site.languages lacks {code!r}")
        changed = {}
        for section, values in overridden(place).items():
            ours = getattr(wider, section)
            try:
                changed[section] = type(ours).model_validate(ours.model_dump() | values)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                key = ".".join(str(part) for part in first["loc"])
                message = str(first["msg"]).removeprefix("Value error, ")
                raise ValueError(f"{where}{key}: {message}") from None
        merged = wider.model_copy(update=changed)
        self._fits(merged, where, self.site.languages)
        return merged

    @property
    def uses_camera(self) -> bool:
        """Whether any screen notices visitors by its camera."""
        return any(self.for_kiosk(kiosk.id).attract.presence == "camera" for kiosk in self.kiosks)

    def site_of(self, kiosk_id: str) -> str | None:
        """Return the short name of the house a screen stands in; None for an unknown screen."""
        return next((kiosk.site for kiosk in self.kiosks if kiosk.id == kiosk_id), None)

    def site_names(self) -> dict[str, str]:
        """Return every house's name by its short name, in the order of the settings."""
        named = {site: item.name or site for site, item in self.sites.items()}
        return named or dict.fromkeys({kiosk.site for kiosk in self.kiosks}, self.site.name)

    def for_kiosk(self, kiosk_id: str) -> Settings:
        """Return the settings as one screen has them; the site's for one that is not listed."""
        return self._screens.get(kiosk_id, self)

    def place_of(self, *key: str | int) -> str:
        """Return where a setting was written, as `kiosk.toml:12`; "" when nobody wrote it."""
        return self._places.of(*key)


def environment() -> Mapping[str, str]:
    """Return a copy of the environment, for what is named there by whoever runs the emulator."""
    return dict(os.environ)  # noqa: TID251 - this module is the one place that reads it


def load_settings(
    path: Path | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
    read_file: bool = True,
) -> Settings:
    """Read kiosk.toml (when `path` is given or ./kiosk.toml exists), a vault, the environment.

    What is secret is also read from the file that its variable with `_FILE` names.

    `overrides` are nested values that win over the file but not over the environment, `defaults`
    hold where the file says nothing; the demo uses both, and without `read_file` takes no
    ./kiosk.toml. Raises SettingsError with one line for each wrong value.
    """
    env = os.environ  # noqa: TID251 - the one place that reads it
    data: dict[str, Any] = {}
    source = path if path is not None else Path("kiosk.toml")
    file: Path | None = None
    if path is not None or (read_file and source.exists()):
        file, data = source, _read_toml(source)
    if defaults:
        data = _merge(defaults, data)
    if overrides:
        data = _merge(data, overrides)
    _check_names(env)
    named = dict.fromkeys(flat(overrides or {}), "")  # nobody wrote them
    if env.get(_VAULT):
        secrets = vault_settings(env[_VAULT])
        named |= dict.fromkeys(flat(secrets), "the key vault")
        data = _merge(data, secrets)
    for name, variables in _AZURE_NAMES.items():
        variable = next((variable for variable in variables if env.get(variable)), None)
        upstream = data.setdefault("upstream", {})
        if variable is not None and isinstance(upstream, dict) and not upstream.get(name):
            upstream[name] = env[variable]
            named["upstream", name] = f"environment {variable}"
    if env.get(_TRACE) and isinstance(data.setdefault("hooks", {}), dict):
        data["hooks"]["trace"] = env[_TRACE]
    places = Places(file, named | from_environment(env, ENV_PREFIX, _file_variables()))
    try:
        settings = Settings(**data)
    except NotJson as error:
        # Its own text has no more than the name of the table, in quotation marks.
        table = str(error).partition('"')[2].partition('"')[0].upper()
        raise SettingsError(
            f"Settings are wrong: a variable {ENV_PREFIX}{table}… is no JSON; write lists and "
            """tables as '["en", "de"]' and '{"name": "value"}'."""
        ) from None
    except ValidationError as error:
        where = f" ({source})" if data and source.exists() else ""
        items = error.errors(include_input=False, include_url=False)
        lines = [_sentence(item, places) for item in items]
        raise SettingsError(f"Settings are wrong{where}:\n  " + "\n  ".join(lines)) from None
    settings._places = places
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist; write it or leave --config out.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(old, value)
        else:
            merged[key] = value
    return merged


def _check_names(env: Mapping[str, str]) -> None:
    ours = {_TRACE, _VAULT, *_file_variables()}
    for key in env:
        if key.startswith(ENV_PREFIX) and key not in ours:
            field = key[len(ENV_PREFIX) :].split("__")[0].lower()
            if field not in Settings.model_fields:
                known = ", ".join(
                    f"{ENV_PREFIX}{name.upper()}__…" for name in Settings.model_fields
                )
                raise SettingsError(f"{key} is no setting of ours; known are {known}.")


def _file_variables() -> set[str]:
    return {name + SUFFIX for name in names(Settings, ENV_PREFIX)}


def _sentence(item: Any, places: Places) -> str:
    # Union tags (a voice's type) appear in pydantic's location; the reader wrote no such key.
    where = ".".join(str(part) for part in item["loc"]) or "settings"
    at = places.of(*item["loc"])
    where = f"{where} ({at})" if at else where
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown setting; remove it or correct its name."
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}."
