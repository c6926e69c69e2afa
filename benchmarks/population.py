"""Runs trained as one population beside the same runs one after another, on one device.

Not part of `make bench`: on a CPU there is nothing to gain. Both go through the code that the DAG runs, and
the ratio is that of training steps of runs per second.
Usage: python -m benchmarks.population cuda 64 results/benchmarks/population.csv
"""

from __future__ import annotations

import csv
import io
import sys
import time
from pathlib import Path

import torch
import yaml

from onset import models, tasks
from onset.config import load_project
from onset.config.condition import Condition
from onset.models.batch import Model
from onset.store.atomic import write_text
from onset.tasks.dataset import Dataset
from onset.training.loop import train
from onset.training.population import train_population
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

_WORKLOADS = (("grokking", "p113"), ("grokking", "p59"), ("composition", "shared_per_hop"))
_WARM_UP, _STEPS = 10, 60
_ALONE = 3  # runs that are trained one after another, for the rate of all


def main(device: str, n_runs: int, target: Path) -> None:
    project = load_project(yaml.safe_load(Path("config/config.yaml").read_text()), Path())
    rows = [
        {"workload": f"{study}/{name}", "runs": n_runs, "device": device}
        | compare(project.condition(study, name), device, n_runs)
        for study, name in _WORKLOADS
    ]
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, table.getvalue())
    print(table.getvalue())


def compare(condition: Condition, device: str, n_runs: int) -> dict[str, str]:
    """Steps of runs per second, together and one after another."""
    generate = tasks.load(condition.task.name).generate
    datasets = [generate(condition.task, seed) for seed in range(n_runs)]
    world = datasets[0]
    model = models.build(condition.model.model_dump(), world.n_tokens, world.length)
    training = condition.training.model_copy(update={"steps": _STEPS})
    together = _timed(_together, model, datasets, training, device)
    alone = _timed(_one_by_one, model, datasets[:_ALONE], training, device)
    rates = [n_runs * _STEPS / together, _ALONE * _STEPS / alone]
    names = ("together_per_s", "one_by_one_per_s", "ratio")
    return dict(zip(names, (f"{rate:.1f}" for rate in (*rates, rates[0] / rates[1])), strict=True))


def _starts(model: Model, n: int, device: str) -> list[TrainingState]:
    return [
        TrainingState(0, {k: p.to(device) for k, p in model.initial_parameters(seed).items()})
        for seed in range(n)
    ]


def _together(
    model: Model, datasets: list[Dataset], training: TrainingSettings, device: str
) -> None:
    n = len(datasets)
    starts = _starts(model, n, device)
    train_population(model, datasets, training, (), range(n), starts, lambda member, state: None)


def _one_by_one(
    model: Model, datasets: list[Dataset], training: TrainingSettings, device: str
) -> None:
    for seed, start in enumerate(_starts(model, len(datasets), device)):
        train(model, datasets[seed], training, (), seed, start, lambda state: None)


def _timed(work, model, datasets, training, device) -> float:
    """Seconds, after a warm-up."""
    work(model, datasets, training.model_copy(update={"steps": _WARM_UP}), device)
    _wait(device)
    began = time.perf_counter()
    work(model, datasets, training, device)
    _wait(device)
    return time.perf_counter() - began


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
