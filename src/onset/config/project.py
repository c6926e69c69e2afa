"""The whole config: which studies, how many seeds, on what device."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    Strict,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from onset.config.parents import parent_problems
from onset.config.problems import ConfigError, Layer, Problem, nearest, problems_of
from onset.config.reading import read_study
from onset.config.study import Condition, Study
from onset.config.yaml_file import YamlError, read_yaml, reread
from onset.settings import (
    FIRST_SPARE_SEED,
    NAME_PATTERN,
    Name,
    PositiveInt,
    Seed,
    Settings,
)

_CONFIG = "config/config.yaml"
_NAME = re.compile(NAME_PATTERN)
_NOT_STUDIES = ("atlas", "benchmarks", "logs", "paper")
_FOLDER = r"^[A-Za-z0-9_][A-Za-z0-9_-]*(/[A-Za-z0-9_][A-Za-z0-9_-]*)*$"


class ProjectSettings(Settings):
    """`config/config.yaml`"""

    results: Annotated[str, StringConstraints(pattern=_FOLDER)] = "results"
    """folder that everything is written to, within the project"""
    studies: Annotated[tuple[Name, ...], Strict(False), Field(min_length=1)]
    """files in config/studies/, without .yaml; they are run in this order"""
    seeds: Annotated[tuple[Seed, ...], Strict(False), Field(min_length=1)]
    """each condition is run once per seed, and with its own `extra_seeds` beside"""
    device: Annotated[str, StringConstraints(pattern=r"^(cpu|mps|cuda(:\d+)?)$")] = "cpu"
    """looked for where the jobs run, which may be another machine"""
    threads: PositiveInt = 1
    """per training job; part of the settings, because it changes the last digits of results"""
    paper: bool = True
    """whether to make the PDF, which needs LaTeX"""
    overrides: dict[Name, dict[str, Any]] = {}
    """per study: changes to its settings; its conditions win over them, `conditions` in here over all"""

    @field_validator("studies", "seeds")
    @classmethod
    def _no_duplicates(cls, values: tuple) -> tuple:
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"listed twice: {', '.join(map(str, twice))}")
        return values

    @field_validator("studies")
    @classmethod
    def _no_folder_of_all_studies(cls, studies: tuple[str, ...]) -> tuple[str, ...]:
        if taken := [name for name in studies if name in _NOT_STUDIES]:
            raise ValueError(
                f"{taken[0]} is no study's name: in results/{taken[0]} lies what is of all"
            )
        return studies

    @field_validator("seeds")
    @classmethod
    def _spare_seeds_stay_apart(
        cls, seeds: tuple[int, ...], info: ValidationInfo
    ) -> tuple[int, ...]:
        spare = [seed for seed in seeds if seed >= FIRST_SPARE_SEED]
        if spare and info.data.get("results") == "results":
            raise ValueError(
                f"seeds from {FIRST_SPARE_SEED} on ({spare[0]}) are for choosing settings and may appear "
                "in no figure of the paper; give them a folder of their own, "
                "e.g. --config results=results/tuning"
            )
        return seeds


@dataclass(frozen=True)
class Project:
    """A validated config."""

    settings: ProjectSettings
    studies: Mapping[str, Study]

    @property
    def results(self) -> str:
        return self.settings.results

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.settings.seeds

    def condition(self, study: str, condition: str) -> Condition:
        return self.studies[study].conditions[condition]

    def runs(self, study: str) -> dict[str, tuple[int, ...]]:
        """The seeds of each condition of a study."""
        conditions = self.studies[study].conditions.items()
        return {name: condition.seeds(self.seeds) for name, condition in conditions}

    def priority(self, study: str, condition: str | None = None) -> int:
        """Higher for earlier studies: the first one's pages can be read while the rest still runs.

        Within a study higher for earlier conditions, so that a long one, listed first, isn't left for last.
        """
        conditions = list(self.studies[study].conditions)
        earlier = len(conditions) - conditions.index(condition) if condition else 0
        return 1000 * (len(self.studies) - list(self.studies).index(study)) + earlier


def load_project(
    config: Mapping[str, Any], root: Path, files: Sequence[str | Path] = (_CONFIG,)
) -> Project:
    """Validate the config and every study that it names.

    Args:
        config: what Snakemake has read from its config files and command line.
        root: the project's folder.
        files: the config files, those that win first; to say where a mistake stands.

    Raises:
        ConfigError: something is wrong; all of it is listed.
    """
    sources: dict[str, dict[str, Any]] = {}
    for path in (root / file for file in files):
        name = str(path.relative_to(root) if path.is_relative_to(root) else path)
        try:
            sources[name] = read_yaml(path)
        except YamlError as error:
            raise ConfigError([Problem(name, "", str(error))]) from None
    try:
        return _validated(Layer(_CONFIG, "", reread(dict(config))), root)
    except ConfigError as error:
        raise ConfigError(
            [_in_its_file(problem, sources, config) for problem in error.problems]
        ) from None


def _in_its_file(
    problem: Problem, sources: Mapping[str, dict[str, Any]], config: Mapping[str, Any]
) -> Problem:
    """The problem with the file, or the option, that its key comes from."""
    if problem.file != _CONFIG or not problem.key:
        return problem
    path = problem.key.split(".")
    there, wanted = _at(config, path)
    for file, values in sources.items():
        found, value = _at(values, path)
        if found and value == reread(wanted):
            return Problem(file, problem.key, problem.message)
    return Problem("--config" if there else problem.file, problem.key, problem.message)


def _at(values: Any, path: Sequence[str]) -> tuple[bool, Any]:
    """Whether there is a value at a path of keys, and which."""
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False, None
        values = values[key]
    return True, values


def _validated(layer: Layer, root: Path) -> Project:
    problems: list[Problem] = []
    try:
        settings = ProjectSettings.model_validate(layer.values)
    except ValidationError as error:
        problems = problems_of(error, ProjectSettings, [layer])
        settings = None

    # Studies are judged even if the config is wrong elsewhere, so that all is said at once.
    names = settings.studies if settings else _texts(layer.values.get("studies"))
    studies: dict[str, Study] = {}
    overrides = layer.values.get("overrides")
    overrides = overrides if isinstance(overrides, dict) else {}
    for name in dict.fromkeys(filter(_NAME.match, names)):
        changes = overrides.get(name)
        over = Layer(layer.file, f"overrides.{name}", changes if isinstance(changes, dict) else {})
        device, threads = (settings.device, settings.threads) if settings else ("cpu", 1)
        study, its_problems = read_study(name, root, over, device, threads)
        problems += its_problems
        if study:
            studies[name] = study
    if settings:
        # Those of a study that isn't run this time may stay.
        there = {path.stem for path in (root / "config/studies").glob("*.yaml")}
        for name in sorted(set(settings.overrides) - there):
            said = f"there is no such study; {nearest(name, there)}"
            problems.append(Problem(layer.file, f"overrides.{name}", said))
    if not problems:
        problems = parent_problems(studies, settings.seeds if settings else ())
    if problems or not settings:
        raise ConfigError(problems)
    return Project(settings, studies)


def _texts(values: Any) -> list[str]:
    """What can be a study's name in a config that is wrong somewhere."""
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []
