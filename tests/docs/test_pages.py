"""The pages as such: what they link to exists, and no block of theirs goes untested by an oversight."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)]+))?\)")
OTHERS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "config/README.md")]


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    for target, _ in _LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_index_names_every_page():
    linked = {target for target, _ in _LINK.findall((ROOT / "docs/README.md").read_text())}
    assert {page.name for page in PAGES} - {"README.md"} <= linked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_that_a_reader_may_copy_is_followed(page: Path):
    """YAML and commands by their marks; Python is run, in the page's order, unless it says why not."""
    for block in blocks(page):
        if block.language in ("yaml", "bash"):
            assert block.mark, block.text
        if block.mark == "not run":
            assert block.about, block.text


def test_the_glossary_names_files_that_there_are():
    cells = re.findall(r"\| ([^|]*) \|$", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    named = [path for cell in cells for path in re.findall(r"`([^`]+)`", cell)]
    assert len(named) > 40
    for path in named:
        assert (ROOT / "src/onset" / path).exists() or (ROOT / path).exists(), path


def test_make_has_the_targets_that_pages_name():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):(?!=)", makefile, re.MULTILINE))
    for page in [*PAGES, *OTHERS]:
        for named in re.findall(r"`make(?: \w+=\S*)* ([a-z-]+)", page.read_text(encoding="utf-8")):
            assert named in targets, (page, named)


@pytest.mark.slow
def test_the_tours_commands_plan_what_the_page_shows():
    """In the repository itself, where nothing is changed by a dry run."""
    (
        shown,
        *_,
    ) = [its.text for its in blocks(ROOT / "docs/tour.md") if its.mark == "output"]
    commands = [its.text for its in blocks(ROOT / "docs/tour.md") if its.mark == "dry run"]
    assert len(commands) == 2
    for command in commands:
        words = command.replace('"', "").split()
        assert words[0] == "snakemake"
        done = subprocess.run(
            [sys.executable, "-m", *words, "--nocolor", "--forceall", "-n", "--quiet", "rules"],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert shown in done.stdout + done.stderr
