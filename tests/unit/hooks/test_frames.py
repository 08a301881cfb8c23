"""Tests of the frames of a failure: the plugin's own lines, and the library's that was last."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.builtin import greeting
from kiosk.hooks.frames import MOST, Home, home_of, own_frames
from kiosk.hooks.importing import import_plugin

PACKAGE = """
from . import words


def library():
    return words.compiled("(((")


def deep(times):
    if not times:
        raise ValueError("what the visitor said")
    deep(times - 1)


def calls(function):
    function()
"""
WORDS = """import re


def compiled(text):
    return re.compile(text)
"""


@pytest.fixture
def package(tmp_path: Path) -> Any:
    folder = tmp_path / "gate"
    folder.mkdir()
    (folder / "words.py").write_text(WORDS)
    (folder / "__init__.py").write_text(PACKAGE)
    return import_plugin("gate", folder / "__init__.py")


def raised(call: Callable[[], object], error: type[BaseException] = ValueError) -> BaseException:
    with pytest.raises(error) as caught:
        call()
    return caught.value


def test_a_library_that_refuses_does_not_push_the_plugins_lines_out(package: Any) -> None:
    error = raised(package.library, re.error)
    frames = own_frames(error, home_of(package))
    assert frames[-3:-1] == ("gate/__init__.py:6 library", "gate/words.py:5 compiled")
    # One frame of the library says what it was about; there are more than four of them.
    assert re.fullmatch(r"(re/)?[a-z_]+\.py:\d+ \w+", frames[-1])
    assert sum(frame.startswith("gate/") for frame in frames) == 2


def test_the_innermost_are_kept_and_have_no_text(package: Any) -> None:
    frames = own_frames(raised(lambda: package.deep(20)), home_of(package))
    assert frames == (*["gate/__init__.py:12 deep"] * (MOST - 1), "gate/__init__.py:11 deep")
    assert "visitor" not in " ".join(frames)
    assert own_frames(None) == ()


def test_ours_are_not_the_plugins(package: Any) -> None:
    """A plugin that calls us wrongly is shown where it called."""
    home = home_of(package)
    error = raised(lambda: package.calls(lambda: import_plugin("no", 5)), AttributeError)  # type: ignore[arg-type]  # the mistake
    assert own_frames(error, home)[-2] == "gate/__init__.py:16 calls"
    assert not any("manager.py" in frame for frame in own_frames(error, home))


def test_a_file_is_named_as_it_is_and_does_not_own_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def fail():\n    raise OSError\n")
    one = import_plugin("one", tmp_path / "one.py")
    home = home_of(one)
    assert own_frames(raised(one.fail, OSError), home)[-1] == "one.py:2 fail"
    assert home.has(str(tmp_path / "one.py"))
    assert not home.has(str(tmp_path / "two.py"))


def test_a_relative_folder_of_plugins_is_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import re\n\n\ndef fail():\n    re.compile('(((')\n")
    one = import_plugin("one", Path(os.path.relpath(tmp_path)) / "one.py")
    assert own_frames(raised(one.fail, re.error), home_of(one))[-2] == "one.py:5 fail"


def test_an_object_is_at_home_where_its_class_is_and_a_built_in_plugin_counts() -> None:
    class Given:
        def fail(self) -> None:
            raise ValueError

    given = Given()
    assert (
        own_frames(raised(given.fail), home_of(given))[-1]
        .partition(":")[0]
        .endswith("hooks/test_frames.py")
    )
    assert home_of(greeting).short(str(greeting.__file__)) == "builtin/greeting.py"
    # Of an object made of nothing the standard library would be the home.
    assert not home_of(SimpleNamespace()).has(re.__file__)
    assert home_of(5) == Home()
