"""The project as commands see it that run beside Snakemake and take its `--configfile`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from onset.config import ConfigError, load_project
from onset.config.project import Project
from onset.config.yaml_file import YamlError, read_yaml

_CONFIG = Path("config/config.yaml")


def add_configfile_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--configfile", type=Path, help="as Snakemake's: its keys win over config/config.yaml"
    )


def read_project(file: Path | None) -> Project:
    """The project in this folder; a mistake in its config ends the command, as it ends Snakemake."""
    files = [file, _CONFIG] if file else [_CONFIG]
    config: dict[str, Any] = {}
    for path in reversed(files):
        try:
            config |= read_yaml(path)
        except YamlError as error:
            sys.exit(f"{path}: {error}")
    try:
        return load_project(config, Path(), files)
    except ConfigError as error:
        sys.exit(str(error))
