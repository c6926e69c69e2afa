"""All measures of a checkpoint, beside the same with TransformerLens's `run_with_cache` as the model."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import torch
from torch import Tensor

from onset import measures, models, tasks
from onset.config.study import Condition
from onset.models.batch import Model, Parameters, Questions
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

_TURNS = 8
_KEYS = [1, 2, 3, 4, 5]


def evaluation_row(name: str, condition: Condition) -> dict[str, str]:
    """A row of the benchmark: milliseconds per checkpoint, with everything that a run is asked."""
    dataset = tasks.load(condition.task.name).generate(condition.task, seed=0)
    ours = models.build(condition.model.model_dump(), dataset.n_tokens, dataset.length)
    contenders = {
        "ours": ours,
        "other": CachedTransformer(ours.settings, ours.n_tokens, ours.length),
    }
    modules = [measures.load(measure) for measure in condition.measures]
    times: dict[str, list[float]] = {name: [] for name in contenders}
    with torch.inference_mode():
        for turn in range(_TURNS):
            for contender, model in contenders.items():
                # Of two checkpoints the second: as in the middle of many.
                for seed in (2 * turn, 2 * turn + 1):
                    parameters = ours.initial_parameters(seed)
                    began = time.perf_counter()
                    _measure(modules, model, parameters, dataset)
                times[contender].append(time.perf_counter() - began)
    ours_s, other_s = (its[1:] for its in times.values())
    return {
        "workload": f"evaluation of {name}, per checkpoint",
        "ours_ms": f"{1e3 * statistics.median(ours_s):.1f}",
        "other": "run_with_cache",
        "other_ms": f"{1e3 * statistics.median(other_s):.1f}",
        "ratio": f"{statistics.median(b / a for a, b in zip(ours_s, other_s, strict=True)):.2f}",
        "floor_ms": "",
        "floor_fraction": "",
    }


def _measure(
    modules: Sequence[ModuleType], model: Model, parameters: Parameters, dataset: Dataset
) -> None:
    for module in modules:
        given = [_KEYS] if hasattr(module, "at_end") else []
        list(module.measure(model, parameters, dataset, *given))


@dataclass(frozen=True)
class CachedTransformer(Transformer):
    """Answers and neurons as one gets them from TransformerLens: run all tokens, cache all activations.

    Of all pairs once per checkpoint: neurons are read off the cache that the answers came with.
    """

    last: dict[str, Tensor] = field(default_factory=dict)

    def logits(self, parameters: Mapping[str, Tensor], questions: Sequence[Questions]) -> Tensor:
        tokens = torch.cat([torch.from_numpy(group.tokens) for group in questions])
        logits, cache = open_bridge(self, parameters).run_with_cache(tokens)
        self.last.update(tokens=tokens, neurons=cache["blocks.0.mlp.hook_post"][:, -1])
        return logits[:, -1]

    def neurons(
        self, parameters: Mapping[str, Tensor], questions: Questions, application: int = 0
    ) -> Tensor:
        a, b, _ = self.last["tokens"].T
        return self.last["neurons"][(a * self.n_tokens + b).argsort()]
