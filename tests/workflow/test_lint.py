"""The rules are formatted, and free of what Snakemake's linter warns of."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

# All rules run in one locked environment (.venv or environment.yml), so none names its own.
_ACCEPTED = {"Specify a conda environment or container for each rule."}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)


def test_snakemake_lint_finds_nothing_that_matters():
    said = run("snakemake", "--lint").stderr
    titles = set(re.findall(r"^    \* (.*):$", said, re.MULTILINE))
    assert titles == _ACCEPTED, said


def test_the_code_keeps_the_rules():
    """Among them: nothing that unpickles, no YAML that makes objects (pyproject.toml)."""
    result = run("ruff", "check")
    assert result.returncode == 0, result.stdout


def test_rules_are_formatted():
    result = run("snakefmt", "--check", "Snakefile", "workflow/rules")
    assert result.returncode == 0, result.stderr


def test_the_readme_draws_the_rules_as_they_are():
    drawn = (
        Path("README.md").read_text(encoding="utf-8").partition("```mermaid")[2].partition("```")[0]
    )
    of_readme = set()
    for line in drawn.splitlines():
        chain = re.findall(r"(\w+)(?= *(?:-->|$))", line) if "-->" in line else []
        of_readme |= set(pairwise(chain)) | set(re.findall(r"(\w+) -\. .* \.-> (\w+)", line))

    said = run("snakemake", "--rulegraph", "mermaid-js").stdout
    names = {
        key: re.sub("^(notebook|pages|views|collect|combine)_.*", r"\1", name)  # a rule per study
        for key, name in re.findall(r"(id\d+)\[(\w+)\]", said)
    }
    edges = {(names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", said)}
    assert of_readme == {(a, b) for a, b in edges if b != "all"}
