"""Which runs a study's comparisons set side by side: the members of each group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from onset.comparisons.settings import PARENT, SOURCE, ComparisonSettings
from onset.config.condition import Condition
from onset.config.parents import Place, parent_of, source_runs
from onset.config.study import Study
from onset.settings import fits

Seeds = Mapping[str, Mapping[str, Sequence[int]]]
"""study → condition → seeds"""


@dataclass(frozen=True)
class Member:
    """One of the runs of a group."""

    study: str
    condition: str
    seed: int
    step: int | None = None
    """of the checkpoint that is meant; None: as many as the comparison asks for"""


@dataclass(frozen=True)
class Group:
    """Runs that stand together: what one job looks at."""

    name: str
    members: tuple[Member, ...]


def conditions_of(study: Study, its: ComparisonSettings) -> list[str]:
    """Those that a comparison takes in, in the order of the study; none stands beside itself."""
    return [
        name
        for name, condition in study.conditions.items()
        if fits(name, its.conditions)
        and partner_of(study.name, condition, its) != (study.name, name)
    ]


def seeds_of(study: Study, its: ComparisonSettings, seeds: Seeds) -> dict[str, Sequence[int]]:
    """Of the conditions that a comparison takes in, the seeds with which it looks at them."""
    return {name: seeds[study.name][name][: its.seeds] for name in conditions_of(study, its)}


def groups_of(study: Study, its: ComparisonSettings, seeds: Seeds) -> list[Group]:
    """The groups of a comparison: none of a single run, unless it is about the checkpoints of one.

    Args:
        study: that the comparison belongs to.
        its: the comparison.
        seeds: of all studies that are run.
    """
    alone = its.for_each == "run" and not its.beside
    found = [
        Group(name, tuple(dict.fromkeys(_with_partners(study, its, seeds, runs))))
        for name, runs in _named(study.name, its, seeds_of(study, its, seeds))
    ]
    return [group for group in found if alone or len(group.members) > 1]


def _named(
    study: str, its: ComparisonSettings, seeds: Mapping[str, Sequence[int]]
) -> Iterator[tuple[str, list[Member]]]:
    """The study's own runs, by the name of their group.

    Args:
        study: its name.
        its: the comparison.
        seeds: of the conditions that it takes in, in their order.
    """
    names = list(seeds)
    all_seeds = list(dict.fromkeys(seed for name in names for seed in seeds[name]))

    def of(chosen: Iterable[str], wanted: Iterable[int]) -> list[Member]:
        wanted = set(wanted)
        return [
            Member(study, name, seed) for name in chosen for seed in seeds[name] if seed in wanted
        ]

    match its.for_each:
        case "run":
            for name in names:
                yield from ((f"{name}.seed_{seed}", of([name], [seed])) for seed in seeds[name])
        case "condition":
            yield from ((name, of([name], all_seeds)) for name in names)
        case "seed":
            yield from ((f"seed_{seed}", of(names, [seed])) for seed in all_seeds)
        case "pair":
            for one, other in combinations(names, 2):
                for seed in (its for its in seeds[one] if its in seeds[other]):
                    yield f"{one}-{other}.seed_{seed}", of([one, other], [seed])
        case "study":
            yield "all", of(names, all_seeds)


def _with_partners(
    study: Study, its: ComparisonSettings, seeds: Seeds, runs: Sequence[Member]
) -> Iterator[Member]:
    """The runs, and behind them what they stand beside."""
    yield from runs
    for run in runs if its.beside else ():
        condition = study.conditions[run.condition]
        if its.beside == SOURCE:
            yield from (
                Member(*place) for place in source_runs(study.name, condition, run.seed, seeds)
            )
            continue
        place = partner_of(study.name, condition, its)
        assert place, "checked before any job is planned"
        step = condition.parent.step if its.beside == PARENT and condition.parent else None
        yield Member(*place, run.seed, step)


def partner_of(study: str, condition: Condition, its: ComparisonSettings) -> Place | None:
    """The condition that one stands beside at the same seed, if it does."""
    if its.beside in (None, SOURCE):
        return None
    if its.beside == PARENT:
        return parent_of(study, condition)
    other, _, name = str(its.beside).rpartition("/")
    return other or study, name
