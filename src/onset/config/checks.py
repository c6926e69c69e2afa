"""One study read and checked: its file, each condition merged, tasks, models and measures that exist."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from onset import measures, models, tasks
from onset.config.problems import Layer, Problem, merge, nearest, place, problems_of
from onset.config.study import (
    SECTIONS,
    Condition,
    ConditionFile,
    Study,
    StudyFile,
    StudyOverrides,
)
from onset.config.yaml_file import YamlError, read_yaml
from onset.tasks.dataset import TaskSettings
from onset.training.settings import CheckpointSettings, TrainingSettings


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

    problems = _override_problems(overrides, study_file)
    if problems:
        return None, problems
    if not (root / f"workflow/notebooks/{name}.py").exists():
        problems.append(Problem(file, "", f"its notebook workflow/notebooks/{name}.py is missing"))
    conditions = {}
    base = {key: raw[key] for key in SECTIONS}
    for condition, its_file in study_file.conditions.items():
        layers = [
            Layer(file, "", base),
            Layer(overrides.file, overrides.key, _sections(overrides.values)),
            Layer(file, f"conditions.{condition}", _sections(raw["conditions"][condition] or {})),
            Layer(
                overrides.file,
                f"{overrides.key}.conditions.{condition}",
                _sections(overrides.values.get("conditions", {}).get(condition, {})),
            ),
        ]
        merged, its_problems = _condition(name, condition, its_file, layers, device, threads)
        problems += [p for p in its_problems if not _said_of_base(p, problems)]
        if merged:
            conditions[condition] = merged
    return (None, problems) if problems else (Study(name, study_file, conditions), [])


def _said_of_base(problem: Problem, said: Iterable[Problem]) -> bool:
    """Whether a section that doesn't fit together was reported already, where it was inherited from."""
    of_section = problem.key.rpartition(".")[2] in SECTIONS
    return of_section and any(problem.message == other.message for other in said)


def _sections(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in SECTIONS}


def _override_problems(overrides: Layer, study_file: StudyFile) -> list[Problem]:
    """Overrides may change the study's sections, and those of its conditions."""
    try:
        its = StudyOverrides.model_validate(overrides.values)
    except ValidationError as error:
        return problems_of(error, StudyOverrides, [overrides])
    conditions = study_file.conditions
    return [
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


def _condition(
    study: str,
    name: str,
    its_file: ConditionFile,
    layers: Sequence[Layer],
    device: str,
    threads: int,
) -> tuple[Condition | None, list[Problem]]:
    merged = merge(layers)
    problems: list[Problem] = []

    def section(key: str, settings: type[BaseModel] | None) -> Any:
        if settings is None:
            return None
        try:
            return settings.model_validate(merged[key])
        except ValidationError as error:
            problems.extend(problems_of(error, settings, layers, [key]))
            return None

    def settings_class(key: str, names: Sequence[str], load: Callable) -> type[BaseModel] | None:
        chosen = merged[key].get("name")
        if isinstance(chosen, str) and chosen in names:
            return load(chosen).Settings
        file, path = place(layers, [key, "name"])
        kind = "task" if key == "task" else "model family"
        said = f"unknown {kind} {chosen!r}" if chosen else f"the {kind} is missing"
        problems.append(Problem(file, path, f"{said}; {nearest(chosen, names)}"))
        return None

    task = section("task", settings_class("task", tasks.names(), tasks.load))
    model = section("model", settings_class("model", models.names(), models.load_settings))
    training = section("training", TrainingSettings)
    checkpoints = section("checkpoints", CheckpointSettings)

    def problem(path: Sequence[str], message: str) -> None:
        problems.append(Problem(*place(layers, path), message))

    for measure in merged["measures"]:
        if measure not in measures.names():
            problem(
                ["measures"], f"unknown measure {measure!r}; {nearest(measure, measures.names())}"
            )
        elif task and (lacks := set(_needs(measure)) - set(task.truth)):
            problem(
                ["measures"],
                f"{measure} needs to know of each example: {', '.join(sorted(lacks))}; "
                f"the task {task.name} knows: {', '.join(task.truth) or 'nothing'}",
            )
    if len(set(merged["measures"])) < len(merged["measures"]):
        problem(["measures"], "a measure is listed twice")
    if task and model:
        for message in models.load_settings(model.name).problems(model, task.max_hops):
            problem(["model"], message)
    if task and training:
        _check_mixture(task, training, problem)
    if training and checkpoints and checkpoints.steps and max(checkpoints.steps) > training.steps:
        problem(
            ["checkpoints", "steps"],
            f"{max(checkpoints.steps)} is after the last training step, {training.steps}",
        )
    if problems:
        return None, problems
    return (
        Condition(
            study=study,
            name=name,
            label=its_file.label or name.replace("_", " "),
            task=task,
            model=model,
            training=training,
            checkpoints=checkpoints,
            measures=tuple(merged["measures"]),
            parent=its_file.parent,
            device=device,
            threads=threads,
        ),
        [],
    )


def _check_mixture(
    task: TaskSettings, training: TrainingSettings, problem: Callable[[Sequence[str], str], None]
) -> None:
    for split in training.mixture:
        if split not in task.trained:
            problem(
                ["training", "mixture", split],
                f"can't be trained on; {nearest(split, task.trained)}",
            )


def _needs(measure: str) -> tuple[str, ...]:
    """The ground truth that a measure says it `NEEDS`.

    Read from the source: importing a measure imports torch, and planning a DAG shouldn't wait for it.
    """
    source = Path(measures.__path__[0]) / f"{measure}.py"
    for statement in ast.parse(source.read_text(encoding="utf-8")).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="NEEDS")], value=value):
                return ast.literal_eval(value)
    return ()
