"""All measures of a checkpoint, beside TransformerLens's `run_with_cache` on the same questions."""

from __future__ import annotations

import statistics
import time

import torch

from onset import measures, models, tasks
from onset.config.study import Condition
from onset.measures import fourier
from onset.models.transformer.bridge import open_bridge

_TURNS = 8


def evaluation_row(name: str, condition: Condition) -> dict[str, str]:
    """A row of the benchmark: milliseconds per checkpoint, ours with everything that a run is asked.

    The other only opens the checkpoint and runs questions with all activations cached: all of them once for
    what is read off, held-out ones once per ablation. Computing a measure from that is not counted.
    """
    dataset = tasks.load(condition.task.name).generate(condition.task, seed=0)
    model = models.build(condition.model.model_dump(), dataset.n_tokens, dataset.length)
    keys = [1, 2, 3, 4, 5]
    modules = [measures.load(measure) for measure in condition.measures]
    ends = {module: [keys] if hasattr(module, "at_end") else [] for module in modules}
    tokens = torch.from_numpy(fourier.all_pairs(fourier.modulus(dataset)).tokens)
    held_out = torch.from_numpy(dataset.splits["test"].tokens)
    times: dict[str, list[float]] = {"ours": [], "other": []}
    with torch.inference_mode():
        for turn in range(_TURNS):
            parameters = model.initial_parameters(turn)
            began = time.perf_counter()
            for module in modules:
                list(module.measure(model, parameters, dataset, *ends[module]))
            times["ours"].append(time.perf_counter() - began)
            began = time.perf_counter()
            bridge = open_bridge(model, parameters)
            bridge.run_with_cache(tokens)
            for _ in ("keys alone", "without keys", "as many others"):
                bridge.run_with_cache(held_out)
            times["other"].append(time.perf_counter() - began)
    ours, other = (its[1:] for its in times.values())
    return {
        "workload": f"evaluation of {name}, per checkpoint",
        "ours_ms": f"{1e3 * statistics.median(ours):.1f}",
        "other": "run_with_cache alone",
        "other_ms": f"{1e3 * statistics.median(other):.1f}",
        "ratio": f"{statistics.median(b / a for a, b in zip(ours, other, strict=True)):.2f}",
        "floor_ms": "",
        "floor_fraction": "",
    }
