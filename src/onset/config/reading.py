"""Reads a study's file with what changes it, and composes each of its conditions."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from onset import comparisons
from onset.code.syntax import SourceError
from onset.config.changes import below, changes_of, grids_of, sections
from onset.config.checks import condition_of
from onset.config.comparisons import read_comparisons
from onset.config.condition import Condition
from onset.config.inherited import OfConditions, OfPoints, where_inherited
from onset.config.listed import Listed
from onset.config.notebook_source import read_notebook_source, unreadable_notebook
from onset.config.notebooks import notebook_problems
from onset.config.problems import Layer, Problem, merge, nearest, problems_of
from onset.config.quantities import contradictions
from onset.config.study import Study
from onset.config.study_file import ConditionFile, StudyFile
from onset.config.sweep import SweepError, expand
from onset.config.texts import text_problems
from onset.config.wants import silent_measures
from onset.config.yaml_file import YamlError, misnamed, read_yaml
from onset.settings import is_name, lost_patterns


def study_names(root: Path) -> list[str]:
    """All studies there are, whether they are run or not."""
    return sorted(filter(is_name, (its.stem for its in (root / "config/studies").glob("*.yaml"))))


def read_study(
    name: str, root: Path, overrides: Layer, device: str, threads: int, paper: bool, smoke: bool
) -> tuple[Study | None, list[Problem]]:
    """The study, or None and what is wrong with it.

    Args:
        name: the study's.
        root: the project's folder.
        overrides: what the config changes in it.
        device: where its models are trained.
        threads: of each job.
        paper: whether its texts are typeset.
        smoke: whether its `smoke` settings count.
    """
    file = f"config/studies/{name}.yaml"
    try:
        raw = read_yaml(root / file)
    except YamlError as error:
        there = study_names(root)
        hint = "" if name in there else f"; studies: {nearest(name, there)}"
        if hint and (likely := _of_another_ending(name, root)):
            hint = f"; {likely} is there, and must be called {name}.yaml"
        return None, [Problem(file, "", f"{error}{hint}")]
    try:
        study_file = StudyFile.model_validate(raw)
    except ValidationError as error:
        return None, problems_of(error, StudyFile, [Layer(file, "", raw)])

    as_read = Layer(file, "", raw)
    listed, problems = Listed.of(study_file, as_read, overrides)
    study_file = listed.study
    changes, of_changes = changes_of(study_file, as_read, overrides, smoke)
    problems += [*of_changes, *listed.wrong_variants()]
    if problems:
        return None, problems
    notebook, source = f"workflow/notebooks/{name}.py", None
    if said := unreadable_notebook(root, notebook):
        problems.append(Problem(file, "", said))
    else:
        source = read_notebook_source(root / notebook)
    grids = grids_of(as_read, changes)
    try:
        swept = _swept(grids, listed.conditions)
    except SweepError as error:
        return None, [*problems, Problem(grids.file, below(grids, "sweep"), str(error))]
    base = [Layer(file, "", sections(raw)), *(change.sections for change in changes)]
    points = {}
    for point, its_changes in swept.items():
        try:
            points[point] = ConditionFile.model_validate(its_changes)
        except ValidationError as error:
            where = Layer(grids.file, below(grids, "sweep"), its_changes)
            return None, [*problems, *problems_of(error, ConditionFile, [where])]
    layers = [as_read, *(change.layer for change in changes)]
    problems += text_problems([listed.parts[0], *layers], paper, root)
    compared, of_comparisons = read_comparisons(study_file, [listed.parts[0], *layers])
    problems += of_comparisons
    conditions, run_already, of_points = {}, set(), OfPoints(len(swept))
    of_some = OfConditions()
    for condition in (*listed.conditions, *points):
        of_all = base
        if condition in swept:
            its_file, where = points[condition], Layer(grids.file, below(grids, "sweep"), {})
            settings = Layer(where.file, where.key, sections(swept[condition]))
            own = [settings, *(change.of_condition(condition) for change in changes)]
        else:
            its_file, where = listed.file(condition, changes), listed.conditions[condition]
            inherited, own = listed.settings(condition, changes)
            of_all = [*base, *inherited]
        try:
            merged, its_problems = condition_of(
                name, condition, its_file, [*of_all, *own], device, threads, where
            )
        except (ImportError, SourceError, SyntaxError) as error:
            said = f"code that it uses can't be read: {_where(error)}{error}"
            return None, [*problems, Problem(file, "", said)]
        if its_problems:
            _, of_base = condition_of(name, condition, its_file, of_all, device, threads, where)
            found = where_inherited(its_problems, of_base, of_all, own)
            found = of_some.others(condition, found, of_base, own)
            if condition in swept:
                of_points.add(condition, found)
            else:
                problems += found
        # Grids cross one another, and may go through the study's own settings: run once.
        if merged and not (condition in swept and merged.jobs in run_already):
            conditions[condition] = merged
            run_already.add(merged.jobs)
    problems += [*of_some.problems(), *of_points.problems(below(grids, "sweep"))]
    problems += [
        Problem(*listed.place(f"conditions.{name}.label"), said)
        if name in listed.conditions
        else Problem(grids.file, below(grids, "sweep"), said)
        for name, said in _of_one_label(conditions, listed.labelled())
    ]
    if not (conditions or problems):
        said = "no condition is left: the study has none beside its sweep"
        problems.append(Problem(grids.file, below(grids, "sweep"), said))
    if not problems:
        known = [its.name for its in compared.values() if its.name in comparisons.names()]
        said_of_measures = (*silent_measures(conditions), *contradictions(conditions, known))
        problems = [Problem(file, "measures", said) for said in said_of_measures]
    study = Study(name, study_file, merge(base), conditions, compared)
    problems += [
        Problem(file, "gathered", f"there is no condition {its!r}; {nearest(its, conditions)}")
        for its in ([] if problems else lost_patterns(study_file.gathered, conditions))
    ]
    tasks = [its.task for its in conditions.values()]
    known = {name for task in tasks for name in (*task.truth, *task.splits)}
    problems += [
        Problem(
            file, f"meanings.{its}", f"its world has no such truth or split; {nearest(its, known)}"
        )
        for its in ([] if problems else study_file.meanings)
        if its not in known
    ]
    if source:
        found = notebook_problems(study, source, notebook, complete=not problems)
        problems += [Problem(*listed.place(key), message) for key, message in found]
    return (None, problems) if problems else (study, [])


def _of_one_label(
    conditions: Mapping[str, Condition], labelled: Container[str]
) -> Iterator[tuple[str, str]]:
    """Conditions that nobody could tell apart in a figure: the one whose label is at fault, and why.

    Args:
        conditions: by name.
        labelled: those with a label of their own; for the others, it is derived from the name.
    """
    named: dict[str, str] = {}
    for name, condition in conditions.items():
        seen = " ".join(unicodedata.normalize("NFC", condition.label).split())
        other = named.setdefault(seen, name)
        if other != name:
            blamed, same = (other, name) if name not in labelled else (name, other)
            yield blamed, f"{condition.label!r} is the label of {same}, too"


def _of_another_ending(name: str, root: Path) -> str | None:
    """A file that looks like a study's but isn't read as one: NAME.yml, Name.yaml."""
    files = misnamed(root / "config/studies")
    return next((its.name for its in files if its.stem.lower() == name), None)


def _where(error: Exception) -> str:
    """The file in front of what Python says of it."""
    return f"{error.filename}: " if isinstance(error, SyntaxError) else ""


def _swept(grids: Layer, listed: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The points of a sweep, in addition to the conditions that are listed."""
    swept = expand(grids.values.get("sweep", ()))
    if twice := sorted(swept.keys() & set(listed)):
        raise SweepError(f"a point would be called {twice[0]}, and so is one of the conditions")
    return swept
