"""Which earlier heads does a later head need, and for what: every path between two heads, patched.

*Head composition* (Elhage et al. 2021, "A mathematical framework for transformer circuits"): a head of a
later layer asks with, looks for or moves what a head of an earlier one wrote. Path patching (Wang et al.
2022, arXiv:2211.00593; Goldowsky-Dill et al. 2023, arXiv:2304.05969) says which of it is needed: what one
head writes is exchanged for its mean over questions, in one input of one later head alone, and all that
follows is computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import torch

from onset.analyses.circuits.patched import Asked, Patched
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, device_of
from onset.models.transformer.model import Transformer
from onset.models.transformer.wiring import INPUTS, Edge, Wiring, head
from onset.tasks.dataset import Dataset

NEEDS = ("swapped", "rival", "head_weights", "layers")
QUANTITIES = {
    "composed_lead": {"kind": "logits", "label": "lead of the answer with all paths (nats)"},
    "query_path_lost": {"kind": "logits", "label": "lead lost without the path to queries (nats)"},
    "key_path_lost": {"kind": "logits", "label": "lead lost without the path to keys (nats)"},
    "value_path_lost": {"kind": "logits", "label": "lead lost without the path to values (nats)"},
    "query_paths_lost": {"kind": "logits", "label": "lead lost without all of them to queries (nats)"},
    "key_paths_lost": {"kind": "logits", "label": "lead lost without all of them to keys (nats)"},
    "value_paths_lost": {"kind": "logits", "label": "lead lost without all of them to values (nats)"},
    "random_paths_lost": {"kind": "logits", "label": "lead lost without as many random edges (nats)"},
}  # fmt: skip
_N_RANDOM = 8
"""draws that the null is a mean over"""


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that has a twin, at the last scored position; a path carries the mean over the questions
    instead of its own:

    * `composed_lead`: by how much the right answer leads its rival, with nothing patched;
    * `query_path_lost`, `key_path_lost`, `value_path_lost` by reading head (`layer`, `head`) and earlier
      head (`component`: its block application × heads + its number): the lead lost without this path;
    * `query_paths_lost`, …: without those from all earlier heads to this input of all later ones;
    * `random_paths_lost`, a null: without as many other edges between two parts; mean of several draws.
    """
    with torch.inference_mode(False):
        wiring = Wiring.of(model, parameters)
        n_heads = model.settings.n_heads
        numbers = {edge: i for i, edge in enumerate(wiring.edges)}
        paths = list(_paths(wiring.model.settings.n_layers, n_heads))
        by_input = {
            its: [numbers[edge] for which, edge, *_ in paths if which == its] for its in INPUTS
        }
        of_paths = [i for its in by_input.values() for i in its]
        others = np.setdiff1d(np.arange(len(numbers)), of_paths)
        rng = np.random.Generator(np.random.Philox(seed))
        n = min(len(by_input[INPUTS[0]]), len(others))
        drawn = [rng.choice(others, n, replace=False).tolist() for _ in range(_N_RANDOM)]
        for name, asked in Asked.of_splits(dataset, device_of(parameters)):
            patched = Patched(wiring, asked, instead="mean")
            yield Measurement("composed_lead", patched.whole, name, n_examples=len(asked.right))
            each = _lost(patched, [[numbers[edge]] for _, edge, *_ in paths])
            for (which, _, layer, number, writer), lost in zip(paths, each, strict=True):
                yield Measurement(f"{which}_path_lost", lost, name, layer, number, component=writer)
            for which, lost in zip(by_input, _lost(patched, [*by_input.values()]), strict=True):
                yield Measurement(f"{which}_paths_lost", lost, name)
            yield Measurement("random_paths_lost", float(np.mean(_lost(patched, drawn))), name)


def _paths(n_layers: int, n_heads: int) -> Iterator[tuple[str, Edge, int, int, int]]:
    """Input, edge, the reader's layer and number, and the writer's number among all heads."""
    for layer, number in product(range(1, n_layers), range(n_heads)):
        for writer, which in product(range(layer * n_heads), INPUTS):
            edge = Edge(head(*divmod(writer, n_heads)), f"{head(layer, number)} {which}")
            yield which, edge, layer, number, writer


def _lost(patched: Patched, without: Sequence[Sequence[int]]) -> list[float]:
    """Of the lead, without these edges."""
    kept = torch.ones(len(without), patched.n_edges)
    for row, edges in zip(kept, without, strict=True):
        row[list(edges)] = 0
    return (patched.whole - patched.merits(kept)).tolist()
