"""Small networks trained at once as one batched model, beside the same networks trained one after another.

Both go through the loop that the DAG runs, in one thread, taking turns, and what counts is the time that
the thread computes; a rate is of instances trained for all the steps of their study, a ratio the median
over turns.
Usage: python -m benchmarks.instances results/benchmarks/instances.csv
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import time
from pathlib import Path

import torch
import yaml

from onset import models
from onset.config import load_project
from onset.config.condition import Condition
from onset.store.atomic import write_text
from onset.tasks import superposition
from onset.training.loop import train
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

_CONDITIONS = ("two_features", "plane", "space", "wide", "absolute")
_WARM_UP, _STEPS, _TURNS = 5, 40, 7
_COLUMNS = ("workload", "instances", "steps", "batched_per_s", "one_by_one_per_s", "ratio", "all_s")


def main(target: Path) -> None:
    torch.set_num_threads(1)
    project = load_project(yaml.safe_load(Path("config/config.yaml").read_text()), Path())
    table = io.StringIO()
    writer = csv.DictWriter(table, _COLUMNS)
    writer.writeheader()
    for name in _CONDITIONS:
        writer.writerow(compare(name, project.condition("superposition", name)))
    write_text(target, table.getvalue())
    print(table.getvalue())


def compare(name: str, condition: Condition) -> dict[str, str | int]:
    """Instances per second, at once and one by one, and how long all of them take at once."""
    task = superposition.Settings.model_validate(condition.task.model_dump())
    one = alone(task)
    n, steps = len(task.grid), condition.training.steps
    pairs = []
    for turn in range(-1, _TURNS):
        training = condition.training.model_copy(update={"steps": _WARM_UP if turn < 0 else _STEPS})
        took = [timed(its, condition, training) for its in (task, one)]
        if turn >= 0:
            pairs.append([steps * its / _STEPS for its in took])
    together, single = (statistics.median(its) for its in zip(*pairs, strict=True))
    ratio = statistics.median(n * one_took / all_took for all_took, one_took in pairs)
    numbers = (f"{n / together:.2f}", f"{1 / single:.2f}", f"{ratio:.1f}", f"{together:.1f}")
    return dict(zip(_COLUMNS, (f"superposition/{name}", n, steps, *numbers), strict=True))


def alone(task: superposition.Settings) -> superposition.Settings:
    """The world of one instance of a grid."""
    middle, importance = task.grid[len(task.grid) // 2]
    return task.model_copy(
        update={"densities": (middle,), "importances": (importance,), "restarts": 1}
    )


def timed(task: superposition.Settings, condition: Condition, training: TrainingSettings) -> float:
    """Seconds that a training computes, data included."""
    world = superposition.generate(task, seed=0)
    model = models.build(condition.model.model_dump(), *world.sizes)
    start = TrainingState(0, model.initial_parameters(0))
    began = time.process_time()
    train(model, world, training, (), 0, start, lambda state: None)
    return time.process_time() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]))
