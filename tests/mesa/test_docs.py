"""The tutorial does what it says: its code runs and prints what stands below it.

``SIMULATOR_REGENERATE=1 python -m pytest tests/mesa/test_docs.py`` writes what is printed anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any

import mesa
import pytest

BLOCK = re.compile(r"(```python\n)(?P<code>.*?)(```\n\n```text\n)(?P<printed>.*?)(```)", re.DOTALL)
REGENERATE = os.environ.get("SIMULATOR_REGENERATE") == "1"


@pytest.mark.skipif(
    not mesa.__version__.startswith("3.3."), reason="batch_run takes seeds otherwise from Mesa 3.4 on"
)
def test_the_golden_tutorial(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    path = root / "docs" / "mesa.md"
    text = path.read_text()
    assert len(BLOCK.findall(text)) == text.count("```python") == 6
    names: dict[str, Any] = {}

    def printed(block: re.Match[str]) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(block["code"], names)
        return block[1] + block["code"] + block[3] + said.getvalue() + block[5]

    made = BLOCK.sub(printed, text)
    if REGENERATE:
        path.write_text(made)
    assert made == text or REGENERATE
