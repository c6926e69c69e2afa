"""Makes Onset read the configs of a Snakemake call, and its profiles as data only.

Snakemake evaluates the Python in any of them that says `__use_yte__: true`; in those of `--configfile` and
in profiles before it comes to the Snakefile. Plugins it imports first, because they have options, too: so
here is where its readers are replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
import yte
from snakemake import cli
from snakemake.common import configfile
from snakemake.exceptions import CliException

_evaluate = yte.process_yaml


def read_without_code() -> None:
    """From now on Snakemake reads no config and no profile in a way that runs code."""
    configfile._load_configfile = _config_file
    cli.parse_config = _options
    yte.process_yaml = _profile


def _config_file(path: str | Path, filetype: str = "Config") -> dict[str, Any]:
    from onset.config.problems import ConfigError  # once there are configs: `--help` needs none
    from onset.config.sources import read_source

    try:
        return read_source(Path(path), Path.cwd()).values
    except ConfigError as error:
        raise CliException(str(error)) from None


def _options(options: Sequence[str] | None) -> dict[str, Any]:
    from onset.config.problems import ConfigError
    from onset.config.sources import read_options

    _refuse_two("--configfile", "--configfiles")
    _refuse_two("--config", "-C")
    try:
        return read_options(options or ())
    except ConfigError as error:
        raise CliException(str(error)) from None


def _refuse_two(*names: str) -> None:
    """An option given twice counts once, the last time, and nothing says so."""
    given = [word.partition("=")[0] for word in sys.argv[1:]]
    if sum(word in names for word in given) > 1:
        raise CliException(
            f"{names[0]} appears twice on the command line, and Snakemake would take only the last; "
            f"give all at once: {names[0]} ONE TWO"
        )


def _profile(stream: Any, *arguments: Any, require_use_yte: bool = False, **others: Any) -> Any:
    """In YTE's place: where Snakemake lets a file choose whether it is evaluated, it isn't."""
    if not require_use_yte:
        return _evaluate(stream, *arguments, **others)
    values = yaml.safe_load(stream)
    if isinstance(values, dict) and "__use_yte__" in values:
        # Not raised as an error: all options there are would be listed in front of it.
        sys.exit(f"{stream.name}: __use_yte__: with this key Snakemake runs Python in the file")
    return values
