"""A project's config in a folder of its own, and how tests put mistakes in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from onset.config import ConfigError, load_project
from onset.config.yaml_file import read_yaml

ROOT = Path(__file__).parents[1]
CONFIG = "config/config.yaml"
STUDY = "config/studies/composition.yaml"
NOTEBOOK = "workflow/notebooks/composition.py"
PLAIN_NOTEBOOK = """\
# %% tags=["parameters"]
study_name = "composition"
results = "results"

# %%
study.save_numbers({})
"""
"""one that knows what every notebook is told, and no more"""


class Files:
    """A project's config in a temporary folder, and how to change it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def copied(cls, root: Path) -> Files:
        """What is shipped, in a folder without any of it."""
        for folder in ("config", "workflow/notebooks"):
            shutil.copytree(ROOT / folder, root / folder)
        return cls(root)

    def set(self, file: str, path: str, value: Any) -> None:
        """Put a value at a path of keys, dots between."""
        content = read_yaml(self.root / file)
        *above, last = path.split(".")
        place = content
        for key in above:
            if not isinstance(place.get(key), dict):
                place[key] = {}
            place = place[key]
        place[last] = value
        self.write(file, yaml.safe_dump(content, sort_keys=False))

    def remove(self, file: str, path: str) -> None:
        content = read_yaml(self.root / file)
        *above, last = path.split(".")
        place = content
        for key in above:
            place = place[key]
        del place[last]
        self.write(file, yaml.safe_dump(content, sort_keys=False))

    def quote_nothing(self, file: str) -> None:
        """Leave out what a study's file says about numbers of its own conditions."""
        for key in ("answer", "abstract", "holds"):
            self.remove(file, key)
        published = read_yaml(self.root / file)["reference"]
        self.set(file, "reference", {n: its for n, its in published.items() if "ours" not in its})

    def write(self, file: str, text: str | bytes) -> None:
        path = self.root / file
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def make_smoke(self) -> None:
        self.set(CONFIG, "smoke", True)
        self.set(CONFIG, "results", "results/smoke")

    def load(self):
        return load_project(read_yaml(self.root / CONFIG), self.root)

    def condition(self, name: str = "one"):
        return self.load().condition("composition", name)

    def problems(self) -> dict[tuple[str, str], str]:
        """What is wrong: the message of each (file, key)."""
        with pytest.raises(ConfigError) as refused:
            self.load()
        for problem in refused.value.problems:
            assert str(problem) in str(refused.value)
        return {(problem.file, problem.key): problem.message for problem in refused.value.problems}


class Bad(NamedTuple):
    """One mistake: what stands where, and what must be said of it."""

    name: str
    file: str
    path: str
    """where the value is put"""
    value: Any
    says: tuple[str, ...]
    key: str
    """that is named; mostly the path"""


def bad(name: str, file: str, path: str, value: Any, *says: str, key: str | None = None) -> Bad:
    return Bad(name, file, path, value, says, path if key is None else key)
