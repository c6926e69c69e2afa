"""Where each head looks from the position that answers."""

from __future__ import annotations

from collections.abc import Iterator

from onset.analyses.components.questions import exchanges
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset

NEEDS = ("bridge", "heads")
QUANTITIES = {
    "attention": {"kind": "share", "label": "attention"},
}


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """`attention`: mean attention that the answering position pays to each `position`, per split with
    bridge entities, block application (`layer`) and `head`; sums to 1 over positions."""
    for exchange in exchanges(model, parameters, dataset, seed):
        names = [f"blocks.{i}.attn.hook_pattern" for i in range(exchange.bridge.cfg.n_layers)]
        _, cache = exchange.bridge.run_with_cache(exchange.tokens, names_filter=names)
        for layer, name in enumerate(names):
            mean = cache[name][:, :, exchange.scored].double().mean(0)
            for head, of_head in enumerate(mean.tolist()):
                for position, value in enumerate(of_head):
                    yield Measurement("attention", value, exchange.split, layer, head, position)
