"""Tests of keeping compiled templates: the same code again, and other code for other filters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, FileSystemLoader

from kiosk.web import compiled
from kiosk.web.compiled import MOST, compiled_for


def environment(folder: Path, **filters: Callable[[str], str]) -> Environment:
    made = Environment(loader=FileSystemLoader(folder), autoescape=True)
    made.filters.update(filters)
    made.bytecode_cache = compiled_for(made)
    return made


def test_a_template_is_compiled_once_for_a_process(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("Hello {{ name }}")
    first = environment(tmp_path).get_template("a.html")
    again = environment(tmp_path).get_template("a.html")
    assert again.root_render_func.__code__ is first.root_render_func.__code__
    assert again.render(name="Ada") == "Hello Ada"


def test_a_changed_file_is_compiled_again(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("one")
    assert environment(tmp_path).get_template("a.html").render() == "one"
    (tmp_path / "a.html").write_text("two")
    assert environment(tmp_path).get_template("a.html").render() == "two"


def test_a_filter_of_another_application_is_not_taken_over(tmp_path: Path) -> None:
    # A filter of a constant is worked out when the template is compiled.
    (tmp_path / "a.html").write_text("{{ 'ada'|loud }}")
    one = environment(tmp_path, loud=str.upper)
    two = environment(tmp_path, loud=str.title)
    assert one.get_template("a.html").render() == "ADA"
    assert two.get_template("a.html").render() == "Ada"
    with pytest.raises(Exception, match="No filter named 'loud'"):
        environment(tmp_path).get_template("a.html")


def test_a_filter_that_cannot_be_compared_is_compiled_every_time(tmp_path: Path) -> None:
    class Loud:
        __hash__ = None  # type: ignore[assignment]  # what this test is about

        def __call__(self, text: str) -> str:
            return text.upper()

    (tmp_path / "a.html").write_text("{{ 'ada'|loud }}")
    made = environment(tmp_path, loud=Loud())
    assert made.bytecode_cache is None
    assert made.get_template("a.html").render() == "ADA"


def test_no_more_are_kept_than_allowed() -> None:
    made = Environment(
        loader=DictLoader({f"{number}.html": str(number) for number in range(MOST + 5)}),
        autoescape=True,
    )
    made.bytecode_cache = compiled_for(made)
    for number in range(MOST + 5):
        made.get_template(f"{number}.html")
    assert len(compiled._code) <= MOST
