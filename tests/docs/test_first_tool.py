"""What docs/first-tool.md tells a newcomer to write works as it stands, its test included."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/first-tool.md"
# The same options as the repository's own, where a newcomer runs it.
INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
pythonpath = .
filterwarnings = error
"""


def test_the_plugin_and_its_test(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    plugin, argument, test = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    # The function of step 4 is registered beside the first one.
    both = plugin.replace(
        "register(audio_guide)", "register(audio_guide)\n    register(opening_of)"
    )
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "audio_guide.py").write_text(f"{both}\n\n{argument}", encoding="utf-8")
    (tmp_path / "test_audio_guide.py").write_text(test, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(INI, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "1 passed" in done.stdout
