"""The Python of the documentation, as a reader types it, on the results of a smoke run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

pytestmark = pytest.mark.smoke

# What docs/add.md reads is made by following it: tests/docs/test_add.py.
READ = [page for page in PAGES if page.name != "add.md"]


def typed(page: Path) -> list[str]:
    """The blocks of a page that are Python to be typed, one after the other."""
    return [its.text for its in blocks(page) if its.language == "python" and not its.mark]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *filter(typed, READ)], ids=lambda page: page.name
)
def test_what_a_page_shows_in_python_runs(page: Path, smoke: Path, tmp_path: Path):
    (tmp_path / "results").symlink_to(smoke.resolve())
    code = "\n".join(typed(page))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_pages_that_show_python_are_found():
    assert {"tour.md", "python.md", "atlas.md"} <= {page.name for page in filter(typed, READ)}
