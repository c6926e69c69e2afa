"""One training step (forward, backward, clip, AdamW) beside what a user would pick instead.

All contenders train the same model on the same batches, in one thread of one process, taking turns, so
that a machine that slows down slows all of them. A ratio is the median over turns. The floor is the time
that the multiplications of the model would take at the rate of this machine's matrix product: those of
the states that the answers depend on, each distinct one once, matrix by matrix as the architecture is
written. A step can be below it where linear maps are multiplied with each other first.
Usage: python -m benchmarks.training_step results/benchmarks/training_step.csv
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
import yaml
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.einsum import EinsumTransformer
from benchmarks.evaluation import evaluation_rows
from onset import models, tasks
from onset.config import load_project
from onset.config.condition import Condition
from onset.models.batch import Batch, Questions
from onset.models.device import keep_memory
from onset.models.transformer import folded
from onset.models.transformer.bridge import native_model, open_bridge
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.store.atomic import write_text
from onset.training.loop import batches
from onset.training.losses import loss_on
from onset.training.settings import TrainingSettings
from onset.training.updater import Updater

_COLUMNS = (
    "workload",
    "ours_ms",
    "other",
    "other_ms",
    "ratio",
    "ratio_aim",
    "floor_ms",
    "floor_fraction",
    "floor_aim",
)
_WARM_UP, _TURNS = 5, 25

# What we aim at: the ratio to TransformerLens's bridge, and the floor's share of our step.
_AIMS = {
    "composition/shared_per_hop": (4.0, 0.6),
    "composition/two_layers": (4.0, 0.6),
    "induction": (2.5, 0.6),
    "language model": (1.25, 0.9),
}
_BRIDGE = "TransformerLens bridge"

Step = Callable[[Batch], None]


@dataclass(frozen=True)
class Workload:
    """A model, how it is trained, and its batches."""

    model: Transformer
    training: TrainingSettings
    batches: Sequence[Batch]


def main(target: Path) -> None:
    torch.set_num_threads(1)
    keep_memory()
    project = load_project(yaml.safe_load(Path("config/config.yaml").read_text()), Path())
    reference = project.condition("grokking", "p113")
    workloads = {
        f"{study}/{name}": of_condition(project.condition(study, name))
        for study, name in (
            ("composition", "shared_per_hop"),
            ("composition", "two_layers"),
            ("grokking", "p113"),
        )
    }
    attention_only = {"n_layers": 2, "d_model": 64, "d_mlp": 0}
    workloads["induction"] = of_sequences(64, 48, 64, **attention_only)
    language = {"n_layers": 4, "d_model": 256, "n_heads": 8, "d_mlp": 1024}
    workloads["language model"] = of_sequences(2048, 64, 16, **language, activation="gelu")
    rows = [row for name, workload in workloads.items() for row in rows_of(name, workload)]
    rows += evaluation_rows("grokking/p113", reference)

    table = io.StringIO()
    writer = csv.DictWriter(table, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, table.getvalue())
    print(table.getvalue())


def of_condition(condition: Condition) -> Workload:
    """What the condition's runs do, on a world of seed 0."""
    dataset = tasks.load(condition.task.name).generate(condition.task, seed=0)
    model = models.build(condition.model.model_dump(), dataset.n_tokens, dataset.length)
    drawn = batches(dataset, condition.training, seed=0)
    return Workload(model, condition.training, [drawn(k) for k in range(_WARM_UP + _TURNS)])


def of_sequences(n_tokens: int, length: int, batch_size: int, **architecture: object) -> Workload:
    """Random sequences, of which every next token is asked."""
    model = build(Settings(name="transformer", **architecture), n_tokens, length)
    training = TrainingSettings(
        steps=1000, batch_size=batch_size, mixture={"train": 1.0}, learning_rate=1e-3
    )
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(_WARM_UP + _TURNS):
        tokens = rng.integers(n_tokens, size=(batch_size, length + 1))
        questions = Questions(tokens[:, :-1], scored=tuple(range(length)))
        drawn.append(Batch.of([(questions, tokens[:, 1:])]))
    return Workload(model, training, drawn)


def rows_of(name: str, workload: Workload) -> list[dict[str, str]]:
    """A row per contender."""
    model, training = workload.model, workload.training
    initial = model.initial_parameters(0)
    steps = {
        "ours": _ours(model, training),
        "TransformerLens native": _module(native_model(model, initial), training),
        _BRIDGE: _module(open_bridge(model, initial), training),
    }
    s = model.settings
    if s.norm == "none" and s.n_applications == 1:
        plain = EinsumTransformer(model.n_tokens, model.length, s.d_model, s.n_heads, s.d_mlp)
        steps["einsum implementation"] = _module(plain, training)
    if name == "language model":
        steps["ours in bfloat16"] = _in_bfloat16(_ours(model, training))
    times = _take_turns(steps, workload.batches)
    ours = times.pop("ours")
    floor = floor_ms(workload)
    ratio_aim, floor_aim = _AIMS.get(name, ("", ""))
    return [
        {
            "workload": name,
            "ours_ms": f"{1e3 * statistics.median(ours):.2f}",
            "other": other,
            "other_ms": f"{1e3 * statistics.median(its):.2f}",
            "ratio": f"{statistics.median(b / a for a, b in zip(ours, its, strict=True)):.2f}",
            "ratio_aim": str(ratio_aim if other == _BRIDGE else ""),
            "floor_ms": f"{floor:.2f}",
            "floor_fraction": f"{floor / (1e3 * statistics.median(ours)):.2f}",
            "floor_aim": str(floor_aim),
        }
        for other, its in times.items()
    ]


def floor_ms(workload: Workload) -> float:
    """Milliseconds that the multiplications of a step take at the rate of a matrix product."""
    model = workload.model
    parameters = {n: p.requires_grad_() for n, p in model.initial_parameters(0).items()}
    with (
        patch.object(folded, "pays", lambda *_: False),
        FlopCounterMode(display=False) as counter,
    ):
        loss_on(workload.batches[0], model, parameters, workload.training.loss).backward()
    rows = sum(g.tokens.shape[0] * len(g.scored) for g in workload.batches[0].questions)
    d = model.settings.d_model
    a, b = torch.randn(rows, d), torch.randn(d, model.settings.d_mlp or d)
    best = min(_seconds(lambda: a @ b) for _ in range(50))
    rate = 2 * rows * b.numel() / best
    return 1e3 * counter.get_total_flops() / rate


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _ours(model: Transformer, training: TrainingSettings) -> Step:
    parameters = {name: p.requires_grad_() for name, p in model.initial_parameters(0).items()}
    updater = Updater(parameters, model, training)
    return lambda batch: updater.step(loss_on(batch, model, parameters, training.loss), 0)


def _in_bfloat16(step: Step) -> Step:
    def cast(batch: Batch) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            step(batch)

    return cast


def _module(module: nn.Module, training: TrainingSettings) -> Step:
    """A module's forward on whole sequences, group by group, as one writes it without thinking twice.

    Loops are unrolled into layers and every question goes through all of them.
    """
    module.train()
    parameters = dict(module.named_parameters())
    matrices = frozenset(name for name, p in parameters.items() if p.ndim > 1)
    updater = Updater(parameters, SimpleNamespace(constants=(), decaying=matrices), training)

    def step(batch: Batch) -> None:
        logits: list[Tensor] = []
        for group in batch.questions:
            every = module(torch.from_numpy(group.tokens))
            logits.append(every[:, list(group.scored)].flatten(0, 1))
        updater.step(F.cross_entropy(torch.cat(logits), batch.targets), 0)

    return step


def _take_turns(steps: dict[str, Step], batches: Sequence[Batch]) -> dict[str, list[float]]:
    """Seconds per step of each contender, batch by batch, after a warm-up."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for batch in batches:
        for name, step in steps.items():
            times[name].append(_seconds(lambda step=step, batch=batch: step(batch)))
    return {name: its[_WARM_UP:] for name, its in times.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
