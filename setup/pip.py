"""pip, told by its user where packages come from, and nothing else.

What to install and where to is the set-up's to say. With `target`, `prefix`, `dry-run` or the like from a
shell (PIP_TARGET) or a pip.conf, packages would land elsewhere, or nowhere, and pip would end well.
"""

import ast
import os
from functools import cache
from pathlib import Path

from setup.console import SetupError, output_of, quietly

# Settings of the user's that hold: sources, how they are reached and trusted, and what was fetched before.
SOURCES = ("index-url", "pypi-url", "extra-index-url", "no-index", "find-links")
ACCESS = ("trusted-host", "cert", "client-cert", "proxy", "keyring-provider", "timeout")
PATIENCE = ("default-timeout", "retries", "use-feature", "use-deprecated")
CACHE = ("cache-dir", "no-cache-dir")
KEPT = (*SOURCES, *ACCESS, *PATIENCE, *CACHE)

# What an activated environment and a shell tell a Python that is not theirs.
FOREIGN = ("PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "__PYVENV")


def run(python: str | Path, *arguments: str) -> str | None:
    """None if it went well, else the end of what it said."""
    options = ["--disable-pip-version-check", "--no-input"]
    return quietly([python, "-I", "-m", "pip", *options, *arguments], _environment(python))


def of_python() -> dict[str, str]:
    """The environment of a Python that is not the one a shell is set up for."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


@cache
def _environment(python: str | Path) -> dict[str, str]:
    kept = {name: value for name, value in settings(python).items() if name in KEPT}
    told = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in kept.items()}
    return {**of_python(), "PIP_CONFIG_FILE": os.devnull, **told}


def settings(python: str | Path) -> dict[str, str]:
    """What pip would be told in this shell, by its configuration and, before it, by variables."""
    environment = {**of_python(), "PIP_QUIET": "0", "PIP_VERBOSE": "0"}
    if file := os.environ.get("PIP_CONFIG_FILE"):
        environment["PIP_CONFIG_FILE"] = file
    said, failure = output_of([python, "-I", "-m", "pip", "config", "list"], environment)
    if failure:
        raise SetupError(f"pip's configuration cannot be read:\n{failure}")
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for line in said.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in found:
            found[section][key] = ast.literal_eval(value)
    variables = {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith("PIP_") and value
    }
    return {**found["global"], **found["install"], **variables}
