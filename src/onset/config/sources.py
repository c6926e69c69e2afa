"""Where the config of a call comes from: files and command-line options; later ones override."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from onset.config.problems import ConfigError, Layer, Problem, merge
from onset.config.study_file import SECTIONS
from onset.config.yaml_file import YamlError, load_yaml, read_yaml

CONFIG = "config/config.yaml"
OPTION = "--config"
_YTE = "__use_yte__"
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_sources(
    root: Path, files: Iterable[Path] = (), options: Sequence[str] = (), base: bool = True
) -> list[Layer]:
    """All that a call of Snakemake is given.

    Args:
        root: the project's folder.
        files: those of `--configfile`, in its order.
        options: those of `--config`, `KEY=VALUE` each.
        base: whether the project's own config is read, too; `--replace-workflow-config` does without.

    Raises:
        ConfigError: some of it can't be read; all of that is listed.
    """
    layers, problems = [], []
    for path in [*([root / CONFIG] if base else []), *files]:
        try:
            layers.append(read_source(path, root))
        except ConfigError as error:
            problems += error.problems
    try:
        layers.append(Layer(OPTION, "", read_options(options)))
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    return layers


def read_source(path: Path, root: Path) -> Layer:
    """A config file.

    Raises:
        ConfigError: it can't be read, or it asks for code to be run.
    """
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    try:
        values = read_yaml(path)
    except YamlError as error:
        raise ConfigError([Problem(name, "", str(error))]) from None
    refuse_code(values, name)
    return Layer(name, "", values)


def refuse_code(values: dict[str, Any], name: str) -> None:
    """Raise a ConfigError if Snakemake would evaluate Python that stands in the file."""
    if _YTE in values:
        said = "with this key Snakemake runs Python in the file, but a config is only data"
        raise ConfigError([Problem(name, _YTE, said)])


def read_options(options: Iterable[str]) -> dict[str, Any]:
    """What `--config KEY=VALUE ...` says.

    Raises:
        ConfigError: some can't be read; all of them are listed.
    """
    values: dict[str, Any] = {}
    problems = []
    for option in options:
        key, equals, text = option.partition("=")
        try:
            if not equals:
                raise YamlError(_NO_VALUE)
            if "." in key:
                raise YamlError(_nested(key, text))
            if not _KEY.fullmatch(key):
                raise YamlError("a key is letters, digits and _")
            value = load_yaml(text)
            if key in values and not (isinstance(value, dict) and isinstance(values[key], dict)):
                raise YamlError(f"{key} appears twice in this call; give it once")
            values = merge([Layer("", "", values), Layer("", "", {key: value})])
        except YamlError as error:
            problems.append(Problem(f"{OPTION} {_short(option)}", "", error.message))
    if problems:
        raise ConfigError(problems)
    refuse_code(values, OPTION)
    return values


_NO_VALUE = (
    "expected KEY=VALUE; a value with blanks goes in quotes, as in --config 'seeds=[0, 1]', "
    "and targets before --config"
)


def _nested(key: str, text: str) -> str:
    """How keys within keys are written."""
    keys = key.removeprefix("overrides.").split(".")
    if keys[0] in SECTIONS:
        keys = ["STUDY", *keys]
    for name in reversed(keys):
        text = f"{{{name}: {text}}}"
    return f"a key has no dots; what is set within a study is written --config 'overrides={text}'"


def _short(option: str) -> str:
    return option if len(option) <= 60 else option[:57] + "..."
