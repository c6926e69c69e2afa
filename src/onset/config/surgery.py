"""What is wrong with an intervention, as far as the settings of its run and its source show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from onset import models
from onset.config.condition import Condition
from onset.config.problems import nearest
from onset.config.traits import KNOWN, carrier_of, traits_of, traits_of_model
from onset.interventions.settings import InterventionSettings, PlantingSettings
from onset.settings import lost_patterns
from onset.tasks.worlds import sizes_of


def unfit_surgery(
    its: InterventionSettings,
    condition: Condition,
    source: Condition,
    seeds: Sequence[int],
    smoke: bool = False,
) -> Iterator[tuple[str, str]]:
    """Why it can't be done, or would do nothing: key below the intervention, and message.

    Args:
        its: the intervention.
        condition: whose runs it is done to.
        source: whose runs it looks at.
        seeds: that both are run with, if the config's are the same for all; those of the source.
        smoke: whether several sources may be the same run, as seeds are few.
    """
    changed = carrier_of(condition.model) if its.name == "graft" else condition.model
    needed = "embeddings" if its.name == "planting" else "head_weights"
    if needed not in traits_of_model(changed):
        said = f"{its.name} needs {KNOWN[needed]}; the {condition.model.name} has none"
        yield "", said
        return
    if its.before_step >= condition.training.steps:
        last = condition.training.steps - 1
        yield "before_step", f"there is no update {its.before_step}; the last is {last}"
    chosen = getattr(its, "heads", getattr(its, "what", "a change"))
    if its.name == "planting":
        yield from _planted(its, source)
    elif its.name == "graft":
        yield from _nothing_grafted(its.parameters, condition)
    elif chosen == "largest":
        yield from _nothing_removed(getattr(its, "fraction", 0.0), condition)
    else:
        yield from _heads(its, chosen, condition, source)
    if len(its.source.seeds_on) > 1 and not its.is_of_all_sources:
        said = f"{chosen} is of one run, the first of these: give one number"
        yield "source.seeds_on", f"{list(its.source.seeds_on)}: {said}"
    else:
        yield from _seeds(its.source.seeds_on, seeds, smoke)


def _heads(
    its: InterventionSettings, chosen: str, condition: Condition, source: Condition
) -> Iterator[tuple[str, str]]:
    model, key = condition.model, "heads" if its.name == "transplant" else "what"
    if "repeats" not in traits_of(source.task):
        yield (
            "source",
            (f"heads are identified on {KNOWN['repeats']}; the task {source.task.name} has none"),
        )
    if getattr(model, "n_loops", 1) > 1:
        yield key, "heads of a block that is applied repeatedly can't be taken one by one"
    elif chosen == "pair" and getattr(model, "n_layers", 1) < 2:
        yield key, "a pair of heads is of two layers, and the model has one"
    if its.null and not its.is_of_all_sources and getattr(model, "n_heads", 1) < 2:
        yield "null", "there are no other heads to choose from: each layer has one"


def _planted(its: PlantingSettings, source: Condition) -> Iterator[tuple[str, str]]:
    if "numbers" not in traits_of(source.task):
        yield "source", f"planting needs {KNOWN['numbers']}; the task {source.task.name} has none"
        return
    n_tokens, _ = sizes_of(source.task)
    there, wanted = (n_tokens - 2) // 2, 2 * its.frequencies - its.n_shared
    if wanted > there:
        yield "frequencies", f"{wanted} of source and run together, and there are {there}"


def _shapes(condition: Condition) -> dict[str, tuple[int, ...]]:
    shapes = models.load_settings(condition.model.name).shapes
    return shapes(condition.model, *sizes_of(condition.task))


def _nothing_grafted(patterns: Sequence[str], condition: Condition) -> Iterator[tuple[str, str]]:
    names = list(_shapes(condition))
    for pattern in lost_patterns(patterns, names):
        yield "parameters", f"there is no parameter {pattern!r}; {nearest(pattern, names)}"


def _nothing_removed(fraction: float | None, condition: Condition) -> Iterator[tuple[str, str]]:
    sizes = [math.prod(shape) for shape in _shapes(condition).values()]
    if not round((fraction or 0) * max(sizes)):
        yield (
            "fraction",
            f"{fraction:g} of the largest matrix, of {max(sizes)} entries, is none of them",
        )


def _seeds(seeds_on: Sequence[int], seeds: Sequence[int], smoke: bool) -> Iterator[tuple[str, str]]:
    """Of the source: if there are too few, counting on leads back to the run's own or one already used."""
    if 0 not in seeds_on and all(on % len(seeds) == 0 for on in seeds_on):
        on, n = seeds_on[0], len(seeds)
        counted = f"{on} on among {n} seed{'s' * (n > 1)}"
        yield (
            "source.seeds_on",
            f"{counted} is the run's own seed again; give the source extra_seeds",
        )
        return
    places: dict[int, int] = {}
    for on in seeds_on if not smoke else ():
        first = places.setdefault(on % len(seeds), on)
        if first != on:
            counted = f"with {len(seeds)} seed{'s' * (len(seeds) > 1)}"
            said = f"{counted}, {first} on and {on} on are the same run"
            yield "source.seeds_on", f"{said}; give the source extra_seeds, or leave one out"
            return
