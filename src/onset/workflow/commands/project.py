"""The project as seen by commands that take Snakemake's `--configfile` and `--config`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from onset.config import ConfigError, Project, project_of
from onset.config.sources import read_sources


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--configfile",
        "--configfiles",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        metavar="FILE",
        help="as Snakemake's: its keys override config/config.yaml",
    )
    parser.add_argument(
        "--config",
        "-C",
        nargs="*",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="as Snakemake's: they override all files",
    )


def read_project(files: Sequence[Path] = (), options: Sequence[str] = ()) -> Project:
    """The project in this folder; a mistake in its config ends the command, as it ends Snakemake."""
    try:
        return project_of(read_sources(Path(), files, options), Path())
    except ConfigError as error:
        sys.exit(str(error))
