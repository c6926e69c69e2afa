"""The whole config: which studies, how many seeds, on what device."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    Strict,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from onset.config.collection import Collection, asked_for, collection_names, read_collections
from onset.config.comparisons import comparison_problems
from onset.config.condition import Condition
from onset.config.devices import device_of_looks
from onset.config.folder import (
    GATHERED,
    NOT_STUDIES,
    Folder,
    case_problems,
    folder_problem,
    not_folders,
)
from onset.config.parents import parent_problems
from onset.config.problems import ConfigError, Layer, Problem, merge, nearest, place, problems_of
from onset.config.quoted import problems_of_paper
from onset.config.reading import read_study, study_names
from onset.config.shown import problems_of_shown
from onset.config.sources import CONFIG
from onset.config.study import Study
from onset.config.study_file import SECTIONS, StudyOverrides
from onset.config.yaml_file import reread
from onset.settings import (
    FIRST_SPARE_SEED,
    InFull,
    Name,
    Once,
    Seed,
    Settings,
    is_name,
    like,
)


class ProjectSettings(Settings):
    """`config/config.yaml`"""

    results: Folder = "results"
    """folder within the project that everything is written to"""
    studies: Annotated[tuple[Name, ...], Strict(False), Field(min_length=1), Once]
    """files in config/studies/, without .yaml; they are run in this order"""
    collections: Annotated[tuple[Name, ...], Strict(False), Once] = ()
    """files in config/collections/, without .yaml: of those that say `on_request`, the ones to make"""
    seeds: Annotated[tuple[Seed, ...], Strict(False), Field(min_length=1), Once, InFull]
    """each condition is run once per seed, and also with its own `extra_seeds`"""
    device: Annotated[
        str, like(r"^(cpu|mps|cuda(:[1-9]?\d)?)$", "must be cpu, mps, cuda, or cuda:1 and the like")
    ] = "cpu"
    """must exist where the jobs run, which may be another machine"""
    threads: Annotated[int, Field(gt=0, le=1024)] = 1
    """per training job; part of the settings, because it changes the last digits of results"""
    paper: bool = True
    """whether to make the PDF, which needs LaTeX"""
    smoke: bool = False
    """with the settings that each study has under `smoke`, small enough to try everything in minutes"""
    overrides: dict[Name, dict[str, Any]] = {}
    """per study: changes to its settings; its conditions override these, and `conditions` here all; under
    `adds`, what it has beside its own"""

    @field_validator("studies")
    @classmethod
    def _no_folder_of_all_studies(cls, studies: tuple[str, ...]) -> tuple[str, ...]:
        if taken := [name for name in studies if name in NOT_STUDIES]:
            held = NOT_STUDIES[taken[0]]
            raise ValueError(f"{taken[0]} can't be a study's name: results/{taken[0]} holds {held}")
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

    @field_validator("smoke")
    @classmethod
    def _small_results_replace_no_others(cls, smoke: bool, info: ValidationInfo) -> bool:
        if smoke and info.data.get("results") == "results":
            raise ValueError(
                "a smoke run would replace the full results; give it a folder of its own, "
                "e.g. --config results=results/smoke"
            )
        return smoke


@dataclass(frozen=True)
class Project:
    """A validated config."""

    settings: ProjectSettings
    studies: Mapping[str, Study]
    collections: Mapping[str, Collection]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """studies of models that can't be had here, and why"""

    @property
    def results(self) -> str:
        return self.settings.results

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.settings.seeds

    @property
    def device_of_looks(self) -> str:
        """The device on which measures, analyses and views are computed."""
        return device_of_looks(self.settings.device)

    def condition(self, study: str, condition: str) -> Condition:
        return self.studies[study].conditions[condition]

    def runs(self, study: str) -> Mapping[str, tuple[int, ...]]:
        """The seeds of each condition of a study."""
        return self._runs[study]

    @cached_property
    def _runs(self) -> dict[str, dict[str, tuple[int, ...]]]:
        return {
            study: {name: condition.seeds(self.seeds) for name, condition in its.conditions.items()}
            for study, its in self.studies.items()
        }

    @property
    def all_runs(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Study → condition → seeds."""
        return {study: self.runs(study) for study in self.studies}

    def priority(self, study: str, condition: str | None = None) -> int:
        """Higher for earlier studies: the first one's pages can be read while the rest still runs.

        Within a study higher for earlier conditions, so that a long one, listed first, isn't left for last.
        """
        return self._priorities[study, condition]

    @cached_property
    def _priorities(self) -> dict[tuple[str, str | None], int]:
        last_first = [
            (study, condition)
            for study, its in reversed(list(self.studies.items()))
            for condition in (None, *reversed(list(its.conditions)))
        ]
        return {place: priority for priority, place in enumerate(last_first, 1)}


def load_project(config: Mapping[str, Any], root: Path) -> Project:
    """Validate a config, as `project_of` does, that was read somehow: texts that look like numbers are."""
    return project_of([Layer(CONFIG, "", reread(dict(config)))], root)


def project_of(layers: Sequence[Layer], root: Path) -> Project:
    """Validate the config and every study that it names.

    Args:
        layers: what the config comes from; later ones win.
        root: the project's folder.

    Raises:
        ConfigError: something is wrong; all of it is listed.
    """
    try:
        return _validated(Layer(CONFIG, "", merge(layers)), root)
    except ConfigError as error:
        raise ConfigError([_in_its_source(problem, layers) for problem in error.problems]) from None
    except PermissionError as error:
        path = os.path.relpath(error.filename, root)
        raise ConfigError([Problem(path, "", f"it can't be read: {error.strerror}")]) from None


def _in_its_source(problem: Problem, layers: Sequence[Layer]) -> Problem:
    """The problem with the file, or the option, that its key comes from."""
    path = problem.key.split(".")
    given = [layer for layer in layers if path[0] in layer.values]
    if problem.file != CONFIG or not given:
        return problem
    return Problem(place(given, path)[0], problem.key, problem.message)


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
    for name in dict.fromkeys(filter(is_name, names)):
        changes = overrides.get(name)
        over = Layer(layer.file, f"overrides.{name}", changes if isinstance(changes, dict) else {})
        device, threads, paper, smoke = ("cpu", 1, False, False)
        if settings:
            device, threads = settings.device, settings.threads
            paper, smoke = settings.paper, settings.smoke
        study, its_problems = read_study(name, root, over, device, threads, paper, smoke)
        problems += its_problems
        if study:
            studies[name] = study
    left_out = {name: why for name, study in studies.items() if (why := study.absent)}
    studies = {name: study for name, study in studies.items() if name not in left_out}
    if left_out and not (studies or problems):
        said = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        problems.append(Problem(layer.file, "studies", f"none is left; {said}"))
    collections, of_collections = read_collections(root, bool(settings and settings.paper))
    problems += of_collections
    asked, known = settings.collections if settings else (), collection_names(root)
    for number, name in enumerate(asked):
        if name not in known:
            said = f"there is no collection {name!r}; {nearest(name, known)}"
            problems.append(Problem(layer.file, f"collections.{number}", said))
    problems += [
        Problem(path, "", said) for path, said in (*not_folders(root), *case_problems(root))
    ]
    if taken := [name for name in names if name in collections]:
        said = f"{taken[0]} can't be a study's name: results/{taken[0]} holds {GATHERED}"
        problems.append(Problem(layer.file, "studies", said))
    if settings:
        # Overrides of a study that isn't run this time may stay, if they can be read.
        there = study_names(root)
        for name in sorted({*settings.overrides} & {*there} - {*names}):
            try:
                StudyOverrides.model_validate(settings.overrides[name])
            except ValidationError as error:
                over = Layer(layer.file, f"overrides.{name}", settings.overrides[name])
                problems += problems_of(error, StudyOverrides, [over])
        for name in sorted(set(settings.overrides) - set(there)):
            said = f"there is no such study; {nearest(name, there)}"
            if name in SECTIONS:
                said = f"what is set within a study stands under its name: STUDY: {{{name}: ...}}"
            problems.append(Problem(layer.file, f"overrides.{name}", said))
        if said := folder_problem(settings.results, root, there, collections):
            problems.append(Problem(layer.file, "results", said))
    if not problems:
        seeds, smoke = (settings.seeds, settings.smoke) if settings else ((), False)
        problems = parent_problems(studies, seeds, smoke)
    if problems or not settings:
        raise ConfigError(problems)
    project = Project(settings, studies, asked_for(collections, asked), left_out)
    problems = comparison_problems(studies, project.all_runs, layer)
    if settings.paper:
        problems += [*problems_of_paper(studies, root), *problems_of_shown(studies, root)]
    if problems:
        raise ConfigError(problems)
    return project


def _texts(values: Any) -> list[str]:
    """What can be a study's name in a config that is wrong somewhere."""
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []
