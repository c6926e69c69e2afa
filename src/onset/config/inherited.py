"""A problem with a study's settings is reported once, for the study, not for each condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from onset.config.problems import Layer, Problem
from onset.config.size import said_of_size
from onset.config.study_file import SECTIONS


def where_inherited(
    problems: Iterable[Problem],
    of_base: Iterable[Problem],
    base: Sequence[Layer],
    own: Sequence[Layer],
) -> list[Problem]:
    """A condition's problems; an inherited one is reported once, at its place in the study.

    Args:
        problems: the condition's.
        of_base: what is wrong with the settings that it changes.
        base: those settings.
        own: the condition's changes, and those over all.
    """
    layers = [*base, *own]
    inherited = {(_within(problem, layers), _said(problem)): problem for problem in of_base}
    found = []
    for problem in problems:
        path = _within(problem, layers)
        its_own = path not in SECTIONS and any(_holds(layer, path) for layer in own)
        found.append(problem if its_own else inherited.get((path, _said(problem)), problem))
    return found


class OfConditions:
    """What is wrong with a condition, by what it changes, at keys of the study: with its name."""

    def __init__(self) -> None:
        self._names: dict[Problem, list[str]] = {}

    def others(
        self,
        name: str,
        problems: Iterable[Problem],
        of_base: Sequence[Problem],
        own: Sequence[Layer],
    ) -> list[Problem]:
        """Those that aren't of this kind: they stand in the condition's own place, or are the study's."""
        rest = []
        for problem in dict.fromkeys(problems):
            if problem in of_base or any(problem.key.startswith(its.key) for its in own):
                rest.append(problem)
            else:
                self._names.setdefault(problem, []).append(name)
        return rest

    def problems(self) -> Iterator[Problem]:
        for problem, names in self._names.items():
            yield _naming("in", names, problem)


class OfPoints:
    """What is wrong with points of a sweep: each once, with the point that has it, or the first of them."""

    def __init__(self, n_points: int) -> None:
        self._n_points = n_points
        self._points: dict[Problem, list[str]] = {}

    def add(self, point: str, problems: Iterable[Problem]) -> None:
        for problem in dict.fromkeys(problems):
            self._points.setdefault(problem, []).append(point)

    def problems(self, sweep: str) -> Iterator[Problem]:
        """All of them; what all points have needs no name, and neither has what stands elsewhere."""
        for problem, points in self._points.items():
            if len(points) == self._n_points or not problem.key.startswith(sweep):
                yield problem
            else:
                yield _naming("at the point", points, problem)


def _naming(where: str, those: Sequence[str], problem: Problem) -> Problem:
    """The problem with the first of those that have it, and how many others do."""
    first, *others = those
    more = f" and {len(others)} more" if others else ""
    return replace(problem, message=f"{problem.message} ({where} {first}{more})")


def _said(problem: Problem) -> str:
    """The part of a message that is the same in all conditions: without calculations and lists of names."""
    return "size" if said_of_size(problem.message) else problem.message.partition("; ")[0]


def _within(problem: Problem, layers: Iterable[Layer]) -> str:
    """The path of its key within the layer that it stands in."""
    keys = sorted((layer.key for layer in layers if layer.key), key=len, reverse=True)
    key = next((key for key in keys if problem.key.startswith(f"{key}.")), "")
    return problem.key[len(key) + 1 :] if key else problem.key


def _holds(layer: Layer, path: str) -> bool:
    values: Any = layer.values
    for key in path.split("."):
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True
