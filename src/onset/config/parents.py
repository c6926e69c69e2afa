"""Runs that others start from or use: they exist, they fit, and no run is its own ancestor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from onset import tasks
from onset.config.condition import Condition
from onset.config.problems import Problem, nearest
from onset.config.study import Study
from onset.config.surgery import unfit_surgery
from onset.config.traits import carrier_of
from onset.latex.settings_in_words import as_given
from onset.tasks.worlds import kind_of, sizes_of

Place = tuple[str, str]
"""study, condition"""
_PARENT = "its parent"


def parent_of(study: str, condition: Condition) -> Place | None:
    """Of the parent."""
    if condition.parent is None:
        return None
    return condition.parent.study or study, condition.parent.condition


def sources_of(study: str, condition: Condition) -> list[Place]:
    """Of the runs that each intervention looks at."""
    sources = [intervention.source for intervention in condition.interventions]
    return [(source.study or study, source.condition) for source in sources]


def source_runs(
    study: str, condition: Condition, seed: int, seeds: Mapping[str, Mapping[str, Sequence[int]]]
) -> list[tuple[str, str, int]]:
    """The runs that the interventions of a run look at: those of the first, then those of the next.

    Args:
        study: of the run.
        condition: of the run.
        seed: of the run.
        seeds: study → condition → its seeds.
    """
    found = []
    places = sources_of(study, condition)
    for place, intervention in zip(places, condition.interventions, strict=True):
        its = seeds[place[0]][place[1]]
        own = its.index(seed)
        found += [(*place, its[(own + on) % len(its)]) for on in intervention.source.seeds_on]
    return found


def parent_problems(
    studies: Mapping[str, Study], seeds: Sequence[int], smoke: bool = False
) -> list[Problem]:
    """What is wrong with the parents, and the sources of interventions, that conditions name.

    Args:
        studies: all that are run.
        seeds: that every condition is run with.
        smoke: whether it is a smoke run. It has few seeds and its numbers mean nothing, so several sources
            may be the same run.
    """
    return [
        Problem(condition.file, f"{condition.key}.{key}", message)
        for study in studies.values()
        for condition in study.conditions.values()
        for key, message in _problems(studies, study.name, condition, seeds, smoke)
    ]


def _problems(
    studies: Mapping[str, Study],
    study: str,
    condition: Condition,
    seeds: Sequence[int],
    smoke: bool,
) -> Iterator[tuple[str, str]]:
    """Key and message."""
    if place := parent_of(study, condition):
        step = condition.parent.step if condition.parent else None
        if message := _problem(studies, (study, condition.name), place, step, _PARENT):
            yield "parent", message
    for i, place in enumerate(sources_of(study, condition)):
        its = condition.interventions[i]
        step = getattr(its, "step", None)
        if message := _problem(studies, (study, condition.name), place, step, "the source"):
            yield f"interventions.{i}", message
            continue
        source = studies[place[0]].conditions[place[1]]
        for key, message in unfit_surgery(its, condition, source, source.seeds(seeds), smoke):
            yield f"interventions.{i}{'.' if key else ''}{key}", message


def _problem(
    studies: Mapping[str, Study], own: Place, place: Place, step: int | None, called: str
) -> str | None:
    if place[0] not in studies:
        return f"the study {place[0]!r} isn't in `studies`; {nearest(place[0], studies)}"
    siblings = studies[place[0]].conditions
    if place[1] not in siblings:
        return f"there is no condition {place[1]!r} in {place[0]}; {nearest(place[1], siblings)}"
    if circle := _way(studies, place, own):
        said = "parents" if called == _PARENT else "sources"
        return f"{said} form a circle: " + " ← ".join(name for _, name in [own, *circle])

    other, condition = siblings[place[1]], studies[own[0]].conditions[own[1]]
    data = condition.drawn_from and called == _PARENT
    if message := (_unfit_for_data if data else _unfit)(condition, other, f"{called} {place[1]}"):
        return message
    if called == _PARENT and not data and (message := _of_another_world(condition, other)):
        return message
    if alone := set(condition.extra_seeds) - set(other.extra_seeds):
        return f"{called} {place[1]} isn't run with the extra_seeds {', '.join(map(str, sorted(alone)))}"
    steps = other.checkpoints.at(other.training.steps)
    if step is not None and step not in steps:
        return f"step: {place[1]} has no checkpoint at step {step} (allowed: {steps})"
    return None


def _unfit(condition: Condition, other: Condition, called: str) -> str | None:
    """Why parameters of one can't be put in the other."""
    given = condition.model if called.startswith(_PARENT) else carrier_of(condition.model)
    if other.model.model_dump() != given.model_dump():
        return f"its model must have the same settings as that of {called}"
    kind = kind_of(condition.task)
    if kind_of(other.task) != kind or sizes_of(other.task) != sizes_of(condition.task):
        of = {"sequences": "tokens and positions", "vectors": "entries in inputs and targets"}[kind]
        return f"its task must have as many {of} as that of {called}"
    return None


def _of_another_world(condition: Condition, parent: Condition) -> str | None:
    """Why tokens would mean something else than to the parent, or what is held out would differ.

    A different task is chosen on purpose. The same task with different settings looks like the parent's
    world but isn't.
    """
    task, before = condition.task, parent.task
    if task.name != before.name:
        return None
    allowed = getattr(tasks.load(task.name), "A_CHILD_MAY_CHANGE", ())
    own = [key for key in type(task).model_fields if getattr(task, key) != getattr(before, key)]
    if not (odd := [key for key in own if key not in allowed]):
        return None
    may = f"a child may change: {', '.join(allowed)}" if allowed else "a child may change nothing"
    return (
        f"it would train on a different world from its parent {parent.name}: task.{odd[0]} is "
        f"{as_given(getattr(before, odd[0]))} there and {as_given(getattr(task, odd[0]))} here "
        f"(in the task {task.name}, {may})"
    )


def _unfit_for_data(condition: Condition, other: Condition, called: str) -> str | None:
    """Why the task can make no dataset of a run of the other condition."""
    unfit = getattr(condition.task, "unfit", lambda model, task: [])
    found = unfit(other.model, other.task)
    return (
        f"{called} is unfit for the task {condition.task.name}: {'; '.join(found)}"
        if found
        else None
    )


def _way(
    studies: Mapping[str, Study], start: Place, end: Place, seen: tuple[Place, ...] = ()
) -> list[Place]:
    """From a condition over its parents and sources to another; empty if there is none."""
    if start == end:
        return [start]
    study, name = start
    if start in seen or study not in studies or name not in studies[study].conditions:
        return []
    condition = studies[study].conditions[name]
    parent = parent_of(study, condition)
    for ancestor in [*([parent] if parent else []), *sources_of(study, condition)]:
        if way := _way(studies, ancestor, end, (*seen, start)):
            return [start, *way]
    return []
