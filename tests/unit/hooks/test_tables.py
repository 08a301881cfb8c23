"""The plugins' settings: checked by their models, every mistake told with where it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kiosk.errors import SettingsError, StartupError
from kiosk.hooks.manager import load_plugins
from kiosk.hooks.markers import hookimpl
from kiosk.settings import load_settings
from tests.unit.hooks.hooking import ManualClock, load, write


class Greets:
    @hookimpl
    def greeting(self) -> str:
        return "hello"


class Opening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    hour: int = Field(10, ge=0, le=23)


class WithSettings:
    @hookimpl
    def register_settings(self, register: Any) -> None:
        register(Opening)


def test_a_plugins_table_is_checked_and_given_to_it() -> None:
    loaded = load({"opening": WithSettings()}, plugins={"opening": {"hour": 9}})
    assert loaded.sites["opening"].settings(Opening).hour == 9
    assert load({"opening": WithSettings()}).sites["opening"].settings(Opening).hour == 10


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"hour": 25}, r"plugins\.opening\.hour: Input should be less than or equal to 23"),
        ({"huor": 9}, r"plugins\.opening\.huor: the plugin has no such setting"),
    ],
)
def test_a_wrong_value_or_key_names_itself(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load({"opening": WithSettings()}, plugins={"opening": table})


class Odd(BaseModel):
    """Settings whose check breaks, and one that is read by another name."""

    colour: str = "red"
    of: str = Field("", alias="from")

    @field_validator("colour")
    @classmethod
    def _known(cls, value: str) -> str:
        return {"red": "#f00"}[value]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.of == "nowhere":
            raise ValueError("from somewhere")
        return self


class OddTable:
    @hookimpl
    def register_settings(self, register: Any) -> None:
        register(Odd)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            {"colour": "s3cret"},
            r"^\[plugins.odd\]: its check failed with KeyError \(.*test_tables.py:\d+\)\.$",
        ),
        ({"from": "nowhere"}, r"^\[plugins.odd\]: from somewhere\.$"),
        ({"of": "here"}, r"^plugins.odd.of: the plugin has no such .*; it has colour, from\.$"),
    ],
)
def test_a_check_that_breaks_is_one_sentence(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load({"odd": OddTable()}, plugins={"odd": table})


def test_a_setting_may_be_read_by_another_name() -> None:
    loaded = load({"odd": OddTable()}, plugins={"odd": {"from": "here"}})
    assert loaded.sites["odd"].settings(Odd).of == "here"


def test_a_table_nobody_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[plugins\.openning\]: no such plugin is loaded"):
        load({"opening": WithSettings()}, folder=tmp_path, plugins={"openning": {"hour": 9}})
    with pytest.raises(SettingsError, match=r"\[plugins\.greets\]: the plugin has no settings"):
        load({"greets": Greets()}, plugins={"greets": {"hour": 9}})


def test_the_table_of_a_blocked_plugin_may_stay(tmp_path: Path) -> None:
    plugins = {"opening": WithSettings()}
    tables = {"opening": {"hour": 99}}
    loaded = load(plugins, folder=tmp_path, plugins=tables, hooks={"block": ["opening"]})
    assert loaded.plugins == []


def test_settings_are_one_model() -> None:
    class Two:
        @hookimpl
        def register_settings(self, register: Any) -> None:
            register(Opening)
            register(Opening)

    class NoModel:
        @hookimpl
        def register_settings(self, register: Any) -> None:
            register({"hour": 9})

    for plugin in (Two(), NoModel()):
        with pytest.raises(StartupError, match="registers one pydantic model"):
            load({"p": plugin})


def test_register_settings_that_raises_stops_the_start_and_names_the_plugin() -> None:
    class Raises:
        @hookimpl
        def register_settings(self, register: Any) -> None:
            raise KeyError("hour")

    with pytest.raises(StartupError, match=r"plugin p failed in register_settings: KeyError"):
        load({"p": Raises()})


# ── where it was written ─────────────────────────────────────────────────────────────────────


class Shop(BaseModel):
    number: int
    open: bool = True
    rows: list[int] = []


class Sells:
    @hookimpl
    def register_settings(self, register: Any) -> None:
        register(Shop)


def refusal(file: Path) -> SettingsError:
    """Load two plugins with a kiosk.toml that is wrong."""
    given = {"shop": Sells(), "opening": WithSettings()}
    alone = {"hooks": {"dir": str(file.parent), "installed": False}}
    settings = load_settings(file, overrides=alone)
    with pytest.raises(SettingsError) as caught:
        load_plugins(settings, ManualClock(), builtins={}, extra=given)
    return caught.value


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "kiosk.toml",
        """\
[site]
name = "Lobby"

[plugins.shop]
numbr = 3
open = "perhaps"
rows = [
  1,
  "two",
]

# none of ours
[plugins.opning]
hour = 9
[plugins.opening]
hour = 25
""",
    )
    wrong = refusal(file)
    assert str(wrong).splitlines() == [
        "Settings of plugins are wrong:",
        f"  [plugins.opning] ({file}:13): no such plugin is loaded; did you mean opening? Loaded "
        "are opening, shop.",
        f"  plugins.opening.hour ({file}:16): Input should be less than or equal to 23.",
        f"  plugins.shop.numbr ({file}:5): the plugin has no such setting; did you mean number?",
        f"  plugins.shop.open ({file}:6): Input should be a valid boolean, unable to interpret "
        "input.",
        f"  plugins.shop.rows.1 ({file}:7): Input should be a valid integer, unable to parse "
        "string as an integer.",
    ]
    assert list(wrong.plugins) == ["opning", "opening", "shop"]
    assert "plugins.shop.open" in wrong.plugins["shop"]


def test_a_value_that_is_missing_has_the_place_of_its_table(tmp_path: Path) -> None:
    file = write(tmp_path, "kiosk.toml", "[plugins.shop]\nopen = false\n")
    assert str(refusal(file)) == f"plugins.shop.number ({file}:1): Field required."
    assert str(refusal(write(tmp_path, "kiosk.toml", ""))) == "plugins.shop.number: Field required."


def test_a_value_of_the_environment_has_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "kiosk.toml", "[plugins.shop]\nnumber = 1\n")
    monkeypatch.setenv("KIOSK_PLUGINS__SHOP__NUMBER", "s3cret")
    said = str(refusal(file))
    assert said.startswith("plugins.shop.number (environment KIOSK_PLUGINS__SHOP__NUMBER): Input")
    assert "s3cret" not in said


def test_a_table_that_is_required_says_so_with_a_yes(tmp_path: Path) -> None:
    file = write(tmp_path, "kiosk.toml", '[plugins.shop]\nnumber = 1\nrequired = "yes"\n')
    assert str(refusal(file)) == f"plugins.shop.required ({file}:3): write true or false."
