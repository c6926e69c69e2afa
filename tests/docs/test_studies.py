"""The page of studies has all of them, and tells those that are run from those on request."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
LISTED, ON_REQUEST = (
    re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
    for part in (ROOT / "docs/studies.md").read_text().split("## On request")
)


def test_those_of_a_reproduction_are_those_that_the_config_lists():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert sorted(LISTED) == sorted(config["studies"])


def test_all_others_are_on_request():
    files = {path.stem for path in (ROOT / "config/studies").glob("*.yaml")}
    assert sorted(ON_REQUEST) == sorted(files - set(LISTED))


def test_they_stand_under_the_themes_that_their_files_name():
    theme = ""
    for line in (ROOT / "docs/studies.md").read_text().splitlines():
        if found := re.match(r"\| \*\*(.+)\*\* \|", line):
            theme = found[1]
        elif found := re.match(r"\| `(\w+)` \| [^|]+ \|$", line):
            file = yaml.safe_load((ROOT / f"config/studies/{found[1]}.yaml").read_text())
            assert file["theme"] == theme, found[1]
