"""One training step (forward, backward, clip, AdamW) beside what a user would pick instead.

All contenders train the same model on the same batches, in one thread of one process, taking turns, so
that a machine that slows down slows all of them. The ratio is the median over turns.
Usage: python benchmarks/training_step.py results/benchmarks/training_step.csv
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
import yaml
from torch import Tensor, nn

from onset.config import load_project
from onset.models.batch import Batch
from onset.models.transformer.bridge import native_model, open_bridge
from onset.models.transformer.model import Transformer, build
from onset.store.atomic import write_text
from onset.tasks.composition import generate
from onset.training.batches import draw
from onset.training.loop import Updater
from onset.training.losses import loss_on

_WARM_UP, _TURNS = 10, 60
_CONDITIONS = ("shared_per_hop", "two_layers")

Step = Callable[[Batch], None]


def main(target: Path) -> None:
    torch.set_num_threads(1)
    project = load_project(yaml.safe_load(Path("config/config.yaml").read_text()), Path())
    rows = []
    for name in _CONDITIONS:
        condition = project.condition("composition", name)
        dataset = generate(condition.task, seed=0)
        model = build(condition.model, dataset.n_tokens, dataset.length)
        parts = condition.training.batch_parts()
        batches = [draw(dataset, parts, seed=0, step=step) for step in range(_WARM_UP + _TURNS)]
        steps = {
            "ours": _ours(model, condition.training),
            "TransformerLens native": _module(
                native_model(model, model.initial_parameters(0)), condition.training
            ),
            "TransformerLens bridge": _module(
                open_bridge(model, model.initial_parameters(0)), condition.training
            ),
        }
        times = _take_turns(steps, batches)
        ours = times.pop("ours")
        for other, its in times.items():
            ratio = statistics.median(b / a for a, b in zip(ours, its, strict=True))
            rows.append(
                {
                    "workload": f"composition/{name}",
                    "ours_ms": f"{1e3 * statistics.median(ours):.2f}",
                    "other": other,
                    "other_ms": f"{1e3 * statistics.median(its):.2f}",
                    "ratio": f"{ratio:.2f}",
                }
            )
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, table.getvalue())
    print(table.getvalue())


def _ours(model: Transformer, training: object) -> Step:
    parameters = {name: p.requires_grad_() for name, p in model.initial_parameters(0).items()}
    updater = Updater(parameters, training)
    return lambda batch: updater.step(loss_on(batch, model, parameters), 0)


def _module(module: nn.Module, training: object) -> Step:
    """The library's forward on whole sequences, group by group, as one writes it without thinking twice.

    Loops are unrolled into layers and every question goes through all of them.
    """
    module.train()
    updater = Updater(dict(module.named_parameters()), training)

    def step(batch: Batch) -> None:
        logits: list[Tensor] = []
        for group in batch.questions:
            every = module(torch.from_numpy(group.tokens))
            logits.append(every[:, list(group.scored)].flatten(0, 1))
        updater.step(F.cross_entropy(torch.cat(logits), batch.targets), 0)

    return step


def _take_turns(steps: dict[str, Step], batches: list[Batch]) -> dict[str, list[float]]:
    """Seconds per step of each contender, batch by batch, after a warm-up."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for batch in batches:
        for name, step in steps.items():
            began = time.perf_counter()
            step(batch)
            times[name].append(time.perf_counter() - began)
    return {name: its[_WARM_UP:] for name, its in times.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
