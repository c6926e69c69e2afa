"""All measures of a checkpoint, beside the same by TransformerLens's `run_with_cache`.

Twice: with the measures as a reader of the papers would write them, and with Onset's own measures, so that
only the model differs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import torch
from torch import Tensor

from benchmarks.plain_measures import PlainMeasures
from onset import measures, models, tasks
from onset.config.condition import Condition
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters, Questions
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

_TURNS = 4
_AT_A_TIME = 10  # checkpoints, as in the middle of many
_KEYS = [1, 2, 3, 4, 5]


def evaluation_rows(name: str, condition: Condition) -> list[dict[str, str]]:
    """Milliseconds per checkpoint, with everything that a run is asked; a row per contender."""
    dataset = tasks.load(condition.task.name).generate(condition.task, seed=0)
    ours = models.build(condition.model.model_dump(), dataset.n_tokens, dataset.length)
    cached = CachedTransformer(ours.settings, ours.n_tokens, ours.length)
    modules = [measures.load(measure) for measure in condition.measures]
    contenders: dict[str, Callable[[Parameters], object]] = {
        "ours": lambda its: measurements(modules, ours, its, dataset, _KEYS),
        "run_with_cache, measures as in papers": PlainMeasures(ours, dataset, _KEYS),
        "run_with_cache, our measures": lambda its: measurements(
            modules, cached, its, dataset, _KEYS
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    with torch.inference_mode():
        for turn in range(_TURNS):
            checkpoints = [
                ours.initial_parameters(_AT_A_TIME * turn + i) for i in range(_AT_A_TIME)
            ]
            for contender, measure in contenders.items():
                began = time.perf_counter()
                for parameters in checkpoints:
                    measure(parameters)
                times[contender].append((time.perf_counter() - began) / _AT_A_TIME)
    ours_s, *others = (its[1:] for its in times.values())
    return [
        {
            "workload": f"evaluation of {name}, per checkpoint",
            "ours_ms": f"{1e3 * statistics.median(ours_s):.1f}",
            "other": other,
            "other_ms": f"{1e3 * statistics.median(its):.1f}",
            "ratio": f"{statistics.median(b / a for a, b in zip(ours_s, its, strict=True)):.2f}",
            "floor_ms": "",
            "floor_fraction": "",
        }
        for other, its in zip(list(contenders)[1:], others, strict=True)
    ]


def measurements(
    modules: Sequence[ModuleType],
    model: Model,
    parameters: Parameters,
    dataset: Dataset,
    keys: list[int],
) -> list[Measurement]:
    """Of one checkpoint, with these key frequencies for those that ask the end about them."""
    found: list[Measurement] = []
    for module in modules:
        given = [keys] if hasattr(module, "at_end") else []
        found += module.measure(model, parameters, dataset, *given)
    return found


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
