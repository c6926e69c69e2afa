"""Checks, before anything runs, that the means quoted in texts will exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from onset.code.own_files import is_own
from onset.comparisons.settings import SOURCE, ComparisonSettings
from onset.config.groups import conditions_of, partner_of
from onset.config.problems import Problem, nearest
from onset.config.quantities import quantities_of
from onset.config.study import Study
from onset.latex.means_asked import means_asked_for
from onset.latex.sources import sources_of
from onset.settings import lost_patterns
from onset.statistics.quantities import Declarations, UndeclaredError, quantity_of
from onset.statistics.rows import COUNTED_BY

_COUNTED = "".join(rf"(\.{column}_\d+)?" for column in COUNTED_BY)
"""what may follow a quantity's name"""


def problems_of_paper(studies: Mapping[str, Study], root: Path) -> Iterator[Problem]:
    """Texts of the paper that can't be read, and means that they ask for and there won't be, of studies
    that are run.

    Args:
        studies: by name.
        root: the project's folder.
    """
    folder = root / "paper"
    for path in sorted(folder.rglob("*.tex")):
        if is_own(path.name) and not path.is_file():
            kind = "a link that leads nowhere" if path.is_symlink() else "no file"
            yield Problem(str(path.relative_to(root)), "", f"it is {kind}")
    texts = sources_of(folder) if folder.is_dir() else []
    sources = {str(its.relative_to(root)): its.read_bytes() for its in texts}
    for its in means_asked_for(sources):
        if its.study not in studies:
            continue
        if said := wrong_with_mean(studies[its.study], its.condition, its.split, its.quantity):
            yield Problem(its.place, "", f"it asks for a mean of {its.study}: {said}")


def wrong_with_mean(study: Study, condition: str, split: str, quantity: str) -> str:
    """What is wrong with a mean's name; empty: nothing, as far as it can be known.

    Args:
        study: that it is of.
        condition: of the study; of a comparison `COMPARISON:CONDITION` or `COMPARISON:ONE:OTHER`.
        split: of the condition's task; empty: the quantity is of none.
        quantity: in full; of what it is counted by (layers, heads, …) nothing is known.
    """
    if ":" in condition or condition in study.comparisons:
        return _wrong_with_comparison(study, condition, split, quantity)
    its = study.conditions.get(condition)
    if its is None:
        return f"there is no condition {condition!r}; {nearest(condition, study.conditions)}"
    if split and split not in its.task.splits:
        return f"there is no split {split!r} in {condition}; {nearest(split, its.task.splits)}"
    return _undeclared(quantity, quantities_of({condition: its}), condition)


def _wrong_with_comparison(study: Study, called: str, split: str, quantity: str) -> str:
    name, *conditions = called.split(":", 2)
    if name not in study.comparisons:
        return f"there is no comparison {name!r}; {nearest(name, study.comparisons)}"
    its = study.comparisons[name]
    if lost_patterns(its.conditions, study.conditions):
        return ""  # told of the comparison, which is at fault, not the text
    taken_in = conditions_of(study, its)
    if conditions and conditions[0] not in taken_in:
        return f"{name} takes in no condition {conditions[0]!r}; {nearest(conditions[0], taken_in)}"
    if len(conditions) == 2 and (said := _wrong_with_other(study, its, taken_in, *conditions)):
        return f"{name} {said}"
    splits = {there for one in taken_in for there in study.conditions[one].task.splits}
    if {*its.splits} - splits:
        return ""  # so is this
    if split and split not in (its.splits or splits):
        return f"{name} looks at no split {split!r}; {nearest(split, its.splits or splits)}"
    return _undeclared(quantity, quantities_of({}, [its.name]), called)


def _wrong_with_other(
    study: Study, its: ComparisonSettings, taken_in: Sequence[str], one: str, other: str
) -> str:
    """Whether a condition ever stands beside another."""
    if its.beside == SOURCE:
        return ""
    others = [name for name in taken_in if name != one]
    if its.for_each in ("run", "condition"):
        place = partner_of(study.name, study.conditions[one], its)
        others = [":".join(place).removeprefix(f"{study.name}:")] if place else []
    if other in others:
        return ""
    return f"sets no {other!r} beside {one}; {nearest(other, others)}"


def _undeclared(quantity: str, declared: Declarations, called: str) -> str:
    name, *counted = quantity.split(".")
    if not re.fullmatch(_COUNTED, "".join(f".{its}" for its in counted)):
        words = ", ".join(f".{column}_N" for column in COUNTED_BY)
        return f"{quantity!r}: only these may follow a quantity's name, in this order: {words}"
    try:
        quantity_of(name, declared)
    except UndeclaredError:
        return f"nothing measures {name!r} in {called}; {nearest(name, declared)}"
    return ""
