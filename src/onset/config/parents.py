"""Runs that start from other runs: the parent exists, fits, and no run is its own ancestor."""

from __future__ import annotations

from collections.abc import Mapping

from onset.config.problems import Problem, nearest
from onset.config.study import Condition, Study


def parent_of(study: str, condition: Condition) -> tuple[str, str] | None:
    """(study, condition) of the parent."""
    if condition.parent is None:
        return None
    return condition.parent.study or study, condition.parent.condition


def parent_problems(studies: Mapping[str, Study]) -> list[Problem]:
    """What is wrong with the parents that conditions name."""
    problems = []
    for study in studies.values():
        for condition in study.conditions.values():
            message = _problem(studies, study.name, condition)
            if message:
                file = f"config/studies/{study.name}.yaml"
                problems.append(Problem(file, f"conditions.{condition.name}.parent", message))
    return problems


def _problem(studies: Mapping[str, Study], study: str, condition: Condition) -> str | None:
    place = parent_of(study, condition)
    if place is None or condition.parent is None:
        return None
    if place[0] not in studies:
        return f"the study {place[0]!r} isn't in `studies`; {nearest(place[0], studies)}"
    siblings = studies[place[0]].conditions
    if place[1] not in siblings:
        return f"there is no condition {place[1]!r} in {place[0]}; {nearest(place[1], siblings)}"

    seen = [(study, condition.name)]
    ancestor: tuple[str, str] | None = place
    while ancestor and ancestor[0] in studies and ancestor[1] in studies[ancestor[0]].conditions:
        if ancestor in seen:
            return "parents form a circle: " + " ← ".join(name for _, name in [*seen, ancestor])
        seen.append(ancestor)
        ancestor = parent_of(ancestor[0], studies[ancestor[0]].conditions[ancestor[1]])

    parent = siblings[place[1]]
    if parent.model.model_dump() != condition.model.model_dump():
        return f"its model must have the same settings as that of its parent {place[1]}"
    if (parent.task.n_tokens, parent.task.length) != (
        condition.task.n_tokens,
        condition.task.length,
    ):
        return f"its task must have as many tokens and positions as that of its parent {place[1]}"
    if alone := set(condition.extra_seeds) - set(parent.extra_seeds):
        return f"its parent {place[1]} isn't run with the extra_seeds {', '.join(map(str, sorted(alone)))}"
    steps = parent.checkpoints.at(parent.training.steps)
    if condition.parent.step is not None and condition.parent.step not in steps:
        return (
            f"step: {place[1]} has no checkpoint at step {condition.parent.step} (allowed: {steps})"
        )
    return None
