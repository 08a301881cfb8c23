"""Tests of `kiosk plugins`: made, listed, refused, by the command line."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.commanding import kiosk


def test_a_new_one_is_listed_and_says_how_to_test_it(tmp_path: Path) -> None:
    made = kiosk("plugins", "new", "hello")
    assert made.exit_code == 0
    assert made.output.splitlines() == [
        "Wrote plugins/hello.py",
        "Wrote tests/test_hello.py",
        "Test it with: kiosk plugins test plugins/hello.py",
    ]
    assert "tools: hello_riddle" in kiosk("plugins").output
    assert "hello" not in kiosk("plugins", "--block-plugin", "hello").output
    again = kiosk("plugins", "new", "hello")
    assert again.exit_code == 1
    assert "is there already" in again.output


def test_a_package_goes_where_it_is_told(tmp_path: Path) -> None:
    made = kiosk("plugins", "new", "hello", "--package", "--into", "packages")
    assert "Test it with: kiosk plugins test packages/kiosk-hello\n" in made.output
    assert (tmp_path / "packages/kiosk-hello/kiosk_hello/__init__.py").is_file()


def test_a_path_that_is_not_there() -> None:
    result = kiosk("plugins", "test", "plugins/absent.py")
    assert result.exit_code != 0
    assert "absent.py is not there" in result.output
