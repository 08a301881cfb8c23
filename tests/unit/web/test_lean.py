"""What is sent is what was written, less comments and indentation."""

from __future__ import annotations

from pathlib import Path

from kiosk import paths
from kiosk.web.lean import lean


def test_comments_and_indentation_go_and_the_code_stays(tmp_path: Path) -> None:
    (tmp_path / "kiosk").mkdir()
    (tmp_path / "kiosk" / "a.js").write_text(
        "// why\nexport class A {\n  #b = `x  ${1}  // y`;\n  c = /\\/\\/ [^/]/u;\n}\n"
    )
    (tmp_path / "kiosk" / "a.css").write_text("/* why */\n.a  {\n  width: calc(1px + 2px);\n}\n")
    (tmp_path / "kiosk" / "a.svg").write_text("<svg/>")
    made = lean(tmp_path)
    assert set(made) == {"kiosk/a.js", "kiosk/a.css"}
    assert "why" not in "".join(made.values())
    assert "#b=`x  ${1}  // y`" in made["kiosk/a.js"].replace(" = ", "=")
    assert "/\\/\\/ [^/]/u" in made["kiosk/a.js"]
    assert "calc(1px + 2px)" in made["kiosk/a.css"]


def test_ours_become_lighter_by_a_quarter() -> None:
    made = lean(paths.STATIC)
    written = sum((paths.STATIC / name).stat().st_size for name in made)
    assert sum(len(text.encode()) for text in made.values()) < 0.8 * written
