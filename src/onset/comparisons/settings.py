"""Which runs, or checkpoints of one, stand together, and what looks at them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from onset.settings import Name, Once, PositiveInt, Settings, like

PARENT, SOURCE = "parent", "source"
"""what a run may stand beside, without naming a condition"""

Chosen = Annotated[
    str, like(r"^[a-z0-9_*]+$", "must be a condition's name, or a pattern with * for anything")
]
Beside = Annotated[
    str,
    like(
        r"^([a-z][a-z0-9_]*/)?[a-z][a-z0-9_]*$",
        f"must be {PARENT}, {SOURCE}, a CONDITION or STUDY/CONDITION",
    ),
]
Modules = Annotated[tuple[Name, ...], Strict(False), Field(min_length=1), Once]
Option = bool | int | float | str | Modules


class ComparisonSettings(Settings):
    """An entry of the section `comparisons` of a study."""

    name: Name
    """a module in src/onset/comparisons/"""
    conditions: Annotated[tuple[Chosen, ...], Strict(False), Field(min_length=1), Once] = ("*",)
    """whose runs; a pattern takes in every condition that it fits, those still to come too"""
    for_each: Literal["run", "condition", "seed", "pair", "study"] = "run"
    """what stands together: a run by itself (its checkpoints, or the run and what it is beside), all seeds
    of a condition, all conditions at a seed, each two conditions at a seed, or all runs"""
    beside: Beside | None = None
    """what each run stands beside, at the same seed: the parent that it begins with or that its data are
    made of, the runs that its interventions look at, or a condition, of another study if one is named"""
    seeds: PositiveInt | None = None
    """with how many of its seeds each condition is looked at, the first ones; null: with all"""
    checkpoints: PositiveInt = 1
    """how many of each run are looked at, evenly among those of the schedule, the last always"""
    splits: Annotated[tuple[Name, ...], Strict(False), Once] = ()
    """the questions to look at; none named: all"""
    options: dict[Name, Option] = {}
    """what the module's OPTIONS are to be instead; a list names modules of a package that it LOADS"""
