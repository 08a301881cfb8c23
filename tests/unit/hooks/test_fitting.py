"""Hooks as they are declared: what would not be called is refused at load, with its line."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kiosk.errors import PluginLoadError
from kiosk.hooks.markers import hookimpl
from tests.unit.hooks.hooking import install, load, write


def test_a_misspelt_hook_is_refused_with_a_guess() -> None:
    class Misspelt:
        @hookimpl
        def greting(self) -> str:
            return "hello"

    with pytest.raises(PluginLoadError, match=r"no hook greting; did you mean greeting\?"):
        load({"p": Misspelt()})


def test_an_unknown_hook_without_a_likeness_points_to_the_reference() -> None:
    class Unknown:
        @hookimpl
        def zzz(self) -> None:
            return None

    with pytest.raises(PluginLoadError, match=r"no hook zzz; see docs/hooks\.md"):
        load({"p": Unknown()})


def test_an_argument_the_hook_does_not_have_is_refused() -> None:
    class Wants:
        @hookimpl
        def greeting(self, weather: str) -> str:
            return weather

    with pytest.raises(
        PluginLoadError, match=r"greeting has no argument weather\. There are "
    ) as e:
        load({"p": Wants()})
    assert "site, session; name those you need." in str(e.value)
    assert "hookimpl definition" not in str(e.value)


def test_an_argument_that_is_nearly_right_is_asked_about() -> None:
    class Nearly:
        @hookimpl
        def greeting(self, sesion: str) -> str:
            return sesion

    with pytest.raises(PluginLoadError, match=r"no argument sesion; did you mean session\?"):
        load({"p": Nearly()})


def test_a_wrong_hook_in_a_file_has_its_line(tmp_path: Path) -> None:
    for text, place in (
        ("@hookimpl\ndef greting(): ...\n", "bad.py:2): there is no hook greting"),
        ("@hookimpl\ndef greeting(visitor): ...\n", "bad.py:2): greeting has no argument visitor"),
        ("@hookimpl\nasync def register_tools(): ...\n", "bad.py:2): register_tools is `async"),
    ):
        write(tmp_path, "bad.py", f"from kiosk.hooks.markers import hookimpl\n{text}")
        with pytest.raises(PluginLoadError) as caught:
            load(folder=tmp_path)
        assert place in str(caught.value)


def test_wrappers_are_refused() -> None:
    class Wraps:
        @hookimpl(wrapper=True)
        def greeting(self) -> Any:
            return (yield)

    with pytest.raises(PluginLoadError, match="greeting is a wrapper"):
        load({"p": Wraps()})


@pytest.mark.parametrize("hook", ["register_tools", "register_settings", "lifespan"])
def test_an_async_hook_that_would_be_dropped_is_refused(hook: str) -> None:
    async def later() -> None:
        return None

    plugin = ModuleType("later")
    setattr(plugin, hook, hookimpl(later))
    with pytest.raises(PluginLoadError, match=f"{hook} is `async def`"):
        load({"p": plugin})


def test_a_plugin_without_hooks_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "forgot.py", "def greeting():\n    return 'unmarked'\n")
    with pytest.raises(PluginLoadError, match=r"forgot .*implements no hook; mark .*@hookimpl"):
        load(folder=tmp_path)


def test_a_hook_of_another_file_of_the_package_has_that_files_line(tmp_path: Path) -> None:
    write(tmp_path, "p/__init__.py", "from .hooks import *\n")
    for text, said in (
        ("@hookimpl\ndef greting(): ...\n", "there is no hook greting"),
        ("@hookimpl\ndef greeting(visitor): ...\n", "greeting has no argument visitor"),
        ("@hookimpl\nasync def register_tools(): ...\n", "register_tools is `async def`"),
    ):
        file = write(tmp_path, "p/hooks.py", f"from kiosk import hookimpl\n\n{text}")
        with pytest.raises(PluginLoadError) as caught:
            load(folder=tmp_path)
        assert f"plugin p ({file}:3): {said}" in str(caught.value)


def test_a_hook_of_an_installed_one_has_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from kiosk import hookimpl\n\n@hookimpl\ndef greting(): ...\n"
    install(tmp_path, "kiosk_misspelt", text, "crm")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginLoadError) as caught:
        load(folder=write(tmp_path, "plugins/a.txt", "").parent)
    assert f"plugin crm ({tmp_path}/kiosk_misspelt.py:3): there is no hook" in str(caught.value)


# ── forgotten marks ──────────────────────────────────────────────────────────────────────────

FORGOT = """
from json import dumps
from kiosk import hookimpl

@hookimpl
def greeting(session): ...

{text}
"""


def test_a_hook_without_its_mark_is_refused_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path, "p.py", FORGOT.format(text="def redact(text):\n    return ''"))
    with pytest.raises(PluginLoadError) as caught:
        load(folder=tmp_path)
    assert str(caught.value) == (
        f"plugin p ({file}:8): redact has the name of a hook and no mark, so nobody would call it; "
        "put @hookimpl above it, or rename it."
    )


def test_a_method_without_its_mark_is_refused() -> None:
    class Forgot:
        @hookimpl
        def greeting(self) -> str:
            return "hello"

        async def session_ended(self, summary: Any) -> None: ...

    with pytest.raises(PluginLoadError, match=r"py:\d+\): session_ended has the name of a"):
        load({"p": Forgot()})


@pytest.mark.parametrize(
    "text",
    [
        "def cards(rows): ...",
        "def instructions(*, language): ...",
        "cards = ['menu']",
        "class redact: ...",
        "from kiosk.hooks.specs import redact",
        "def _redact(text): ...",
    ],
)
def test_what_is_no_hook_by_its_arguments_or_at_all_may_have_a_hooks_name(
    tmp_path: Path, text: str
) -> None:
    write(tmp_path, "p.py", FORGOT.format(text=text))
    assert load(folder=tmp_path).plugins[0].hooks == ("greeting",)


# ── lifespans ────────────────────────────────────────────────────────────────────────────────

LIFESPAN = """
from contextlib import asynccontextmanager, contextmanager
from kiosk import hookimpl

@hookimpl
{text}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("async def lifespan():\n    yield", "is an async generator and no async context manager"),
        ("async def lifespan():\n    return 1", "is `async def` without a `yield`"),
        ("def lifespan():\n    yield", "yields in a plain `def`"),
        ("@contextmanager\ndef lifespan():\n    yield", "yields in a plain `def`"),
        ("@asynccontextmanager\nasync def lifespan(): ...", "is `async def` without a `yield`"),
        ("def lifespan(site):\n    print(site)", "returns nothing"),
        ("def lifespan(site) -> dict[str, int]:\n    return {}", "returns dict and no async"),
        ("def lifespan(site) -> None:\n    return site", "returns None and no async"),
    ],
)
def test_a_lifespan_that_could_not_be_entered_is_refused_at_load(
    tmp_path: Path, text: str, said: str
) -> None:
    file = write(tmp_path, "p.py", LIFESPAN.format(text=text))
    with pytest.raises(PluginLoadError) as caught:
        load(folder=tmp_path)
    assert f"plugin p ({file}:5): lifespan {said}" in str(caught.value)
    assert "; write `async def` with one `yield`, @asynccontextmanager above" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "@asynccontextmanager\nasync def lifespan(site):\n    yield",
        "def lifespan(site):\n    return Pool(site)",
        "def lifespan(site) -> 'Pool':\n    return Pool(site)",
        "def lifespan(site):\n    if site.name:\n        return Pool(site)",
    ],
)
def test_a_lifespan_that_may_be_one_is_left_to_its_beginning(tmp_path: Path, text: str) -> None:
    write(tmp_path, "p.py", LIFESPAN.format(text=text))
    assert load(folder=tmp_path).plugins[0].hooks == ("lifespan",)
