"""What tools take, in seconds: methods that find circuits, and tools that find what a training changed.

On models of the size that the studies `circuits` and `diffing` have them, and on as many questions. Their
weights are drawn: no tool takes more or less for what a model has learnt. Each tool does all that it needs
by itself, in one thread, taking turns with the others; what counts is the time that the thread computes,
the median over turns. How many runs of the model a method takes doesn't depend on the machine.
Usage: python -m benchmarks.tools results/benchmarks/tools.csv
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import torch
import yaml

from onset import comparisons, models, tasks
from onset.analyses.circuits import methods
from onset.analyses.circuits.patched import Asked as Pairs
from onset.analyses.circuits.patched import Patched
from onset.comparisons.changes import tools
from onset.comparisons.changes.dictionaries import learned, side_by_side
from onset.comparisons.changes.versions import Asked, Version, divergence
from onset.config import load_project
from onset.config.condition import Condition
from onset.config.project import Project
from onset.models.transformer.wiring import Wiring
from onset.store.atomic import write_text

COLUMNS = ("study", "model", "tool", "seconds", "runs")
CIRCUITS = ("program_ioi", "trained_induction", "two_layers", "three_layers")
"""conditions whose edges are scored, from the fewest to the most"""
CHANGED = "new_entities"
"""the condition whose parent and child are compared"""
_TURNS = 3


def main(target: Path) -> None:
    torch.set_num_threads(1)
    project = load_project(yaml.safe_load(Path("config/config.yaml").read_text()), Path())
    rows = [*of_circuits(project), *of_changes(project)]
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, table.getvalue())
    print(table.getvalue())


def of_circuits(project: Project) -> Iterator[dict[str, str]]:
    """Methods, model by model."""
    for name in CIRCUITS:
        patched = asked_of(project.condition("circuits", name))
        patched.whole, patched.nothing  # noqa: B018, all methods share them
        works = {its: partial(methods.load(its).score_edges, patched, 0) for its in methods.names()}
        runs = {}
        for its, work in works.items():
            patched.n_runs = 0
            work()
            runs[its] = str(patched.n_runs)
        yield from _rows("circuits", name, works, runs)


def asked_of(condition: Condition) -> Patched:
    """A model of a condition's size, asked the questions of its first split that has a twin."""
    dataset = tasks.load(condition.task.name).generate(condition.task, seed=0)
    model = models.build(condition.model.model_dump(), *dataset.sizes)
    _, asked = next(Pairs.of_splits(dataset, torch.device("cpu")))
    return Patched(Wiring.of(model, model.initial_parameters(0)), asked)


def of_changes(project: Project) -> Iterator[dict[str, str]]:
    """Tools that compare two models, each from the answers, the states or the weights on."""
    condition = project.condition("diffing", CHANGED)
    dataset = tasks.load(condition.task.name).generate(condition.task, seed=0)
    model = models.build(condition.model.model_dump(), *dataset.sizes)
    before, after = (Version(model, model.initial_parameters(seed)) for seed in (0, 1))
    asked_for = project.studies["diffing"].comparisons["crosscoder"].options
    options = {**comparisons.load("crosscoder").OPTIONS, **asked_for}
    n = comparisons.load("find_change").OPTIONS["most_sequences"]
    with torch.inference_mode():
        asked = Asked.of(dataset.splits)
        works = works_of_tools(before, after, asked, asked.at_most(n, 0), options)
        yield from _rows("diffing", CHANGED, works, {})


def works_of_tools(
    before: Version, after: Version, everything: Asked, asked: Asked, options: Mapping[str, int]
) -> dict[str, Callable[[], object]]:
    """What each tool does, by the name that `find_change` and `crosscoder` give it.

    Args:
        before: the old model.
        after: the new one.
        everything: the sequences that dictionaries are learnt on.
        asked: those that other tools rank.
        options: of the dictionaries.
    """

    def moves() -> torch.Tensor:
        return (after.states(asked) - before.states(asked)).double()

    def along(direction: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], object]:
        def work() -> object:
            moved = moves()
            return moved @ direction(moved)

        return work

    def crosscoder() -> object:
        both = side_by_side([its.states(everything) for its in (before, after)])
        return learned(both, 0, options, n_models=2).latents(both)

    def dictionary() -> object:
        new = after.states(everything).float()
        its = learned(new, 0, options)
        return its.latents(new) - its.latents(before.states(everything).float())

    return {
        "kl": lambda: divergence(before.says(asked), after.says(asked)),
        "norm": lambda: moves().norm(dim=1),
        "means": along(tools.mean_move),
        "pca": along(tools.first_component),
        "random": along(lambda its: tools.random_direction(its.shape[1], 0).to(its)),
        "swap": lambda: tools.swapped(before, after, asked, before.says(asked)),
        "crosscoder": crosscoder,
        "dictionary": dictionary,
    }


def _rows(
    study: str, model: str, works: Mapping[str, Callable[[], object]], runs: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    turns = [{name: _seconds(work) for name, work in works.items()} for _ in range(_TURNS)]
    for name in works:
        median = statistics.median(turn[name] for turn in turns)
        told = (study, model, name, f"{median:.3f}", runs.get(name, ""))
        yield dict(zip(COLUMNS, told, strict=True))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]))
