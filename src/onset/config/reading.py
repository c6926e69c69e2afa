"""A study's file read, its overrides with it, and each of its conditions put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from onset.config.checks import condition_of
from onset.config.notebook_source import read_notebook_source
from onset.config.notebooks import notebook_problems
from onset.config.problems import Layer, Problem, merge, nearest, problems_of
from onset.config.size import said_of_size
from onset.config.study import SECTIONS, Condition, ConditionFile, Study, StudyFile, StudyOverrides
from onset.config.sweep import expand
from onset.config.wants import silent_measures
from onset.config.yaml_file import YamlError, read_yaml


def read_study(
    name: str, root: Path, overrides: Layer, device: str, threads: int
) -> tuple[Study | None, list[Problem]]:
    """The study, or None and what is wrong with it."""
    file = f"config/studies/{name}.yaml"
    try:
        raw = read_yaml(root / file)
    except YamlError as error:
        there = sorted(path.stem for path in (root / "config/studies").glob("*.yaml"))
        hint = "" if name in there else f"; studies: {nearest(name, there)}"
        return None, [Problem(file, "", f"{error}{hint}")]
    try:
        study_file = StudyFile.model_validate(raw)
    except ValidationError as error:
        return None, _study_file_problems(error, Layer(file, "", raw))

    over, problems = _validated_overrides(overrides, study_file)
    if over is None or problems:
        return None, problems
    notebook = f"workflow/notebooks/{name}.py"
    source = None
    try:
        source = read_notebook_source(root / notebook)
    except FileNotFoundError:
        problems.append(Problem(file, "", f"its notebook {notebook} is missing"))
    except (OSError, ValueError) as error:
        problems.append(Problem(notebook, "", f"can't be read as Python: {error}"))
    conditions, run_already = {}, set()
    base = [
        Layer(file, "", _sections(raw)),
        Layer(overrides.file, overrides.key, _sections(overrides.values)),
    ]
    swept = expand(overrides.values.get("sweep", raw.get("sweep", ())))
    points = {name: ConditionFile.model_validate(point) for name, point in swept.items()}
    listed = {name: changes or {} for name, changes in (raw.get("conditions") or {}).items()}
    for condition, its_file in (study_file.conditions | points).items():
        changes, key = swept.get(condition), "sweep"
        if changes is None:
            changes, key = listed[condition], f"conditions.{condition}"
        over_all = over.conditions.get(condition)
        layers = [
            *base,
            Layer(file, key, _sections(changes)),
            Layer(
                overrides.file,
                f"{overrides.key}.conditions.{condition}",
                _sections(overrides.values.get("conditions", {}).get(condition, {})),
            ),
        ]
        instead = over_all.in_place if over_all else {}
        its_file = its_file.model_copy(update=instead)
        merged, its_problems = condition_of(name, condition, its_file, layers, device, threads)
        problems += [p for p in its_problems if not _said_of_base(p, problems)]
        # Grids cross one another, and may go through the study's own settings: run once.
        if merged and not (condition in swept and merged.jobs in run_already):
            conditions[condition] = merged
            run_already.add(merged.jobs)
    problems += _of_one_label(conditions, file)
    if not problems:
        problems = [Problem(file, "measures", said) for said in silent_measures(conditions)]
    asked = frozenset(source.parameters.kinds if source and source.parameters else ())
    study = Study(name, study_file, merge(base), conditions, asked)
    if source:
        found = notebook_problems(study, source, notebook, complete=not problems)
        problems += [Problem(file, key, message) for key, message in found]
    return (None, problems) if problems else (study, [])


def _of_one_label(conditions: Mapping[str, Condition], file: str) -> Iterator[Problem]:
    """Conditions that nobody could tell apart in a figure."""
    named: dict[str, str] = {}
    for name, condition in conditions.items():
        other = named.setdefault(condition.label, name)
        if other != name:
            said = f"{condition.label!r} is the label of {other}, too"
            yield Problem(file, f"conditions.{name}.label", said)
        elif not condition.label.strip():
            yield Problem(file, f"conditions.{name}.label", "must not be empty")


def _said_of_base(problem: Problem, said: Iterable[Problem]) -> bool:
    """Whether a section that doesn't fit together was reported already, where it was inherited from."""
    if said_of_size(problem.message):  # the sums differ, and the number that is too large doesn't
        return any((problem.file, problem.key) == (other.file, other.key) for other in said)
    of_section = problem.key.rpartition(".")[2] in SECTIONS
    return of_section and any(problem.message == other.message for other in said)


def _sections(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in SECTIONS}


def _validated_overrides(
    overrides: Layer, study_file: StudyFile
) -> tuple[StudyOverrides | None, list[Problem]]:
    """Overrides may change the study's sections, and those of its conditions."""
    try:
        its = StudyOverrides.model_validate(overrides.values)
    except ValidationError as error:
        return None, problems_of(error, StudyOverrides, [overrides])
    conditions = study_file.conditions
    return its, [
        Problem(
            overrides.file,
            f"{overrides.key}.conditions.{name}",
            f"there is no such condition; {nearest(name, conditions)}",
        )
        for name in its.conditions
        if name not in conditions
    ]


def _study_file_problems(error: ValidationError, layer: Layer) -> list[Problem]:
    """Pydantic names a bad key of a mapping `key.[key]`; people look for the key."""
    problems = []
    for problem in problems_of(error, StudyFile, [layer]):
        key = problem.key.removesuffix(".[key]")
        message = problem.message
        if "String should match pattern" in message or "string should match pattern" in message:
            message = (
                f"{message.split(':')[0]}: names are lower-case letters, digits and _, letter first"
            )
        problems.append(Problem(problem.file, key, message))
    return problems
