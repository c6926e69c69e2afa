"""What later heads need of earlier parts, and for what: paths to their queries, keys and values, patched.

*Composition* (Elhage et al. 2021, "A mathematical framework for transformer circuits"): a head of a later
layer asks with, looks for or moves what an earlier part wrote, a head or an MLP that has read one. Path
patching (Wang et al. 2022, arXiv:2211.00593; Goldowsky-Dill et al. 2023, arXiv:2304.05969) says which of it
is needed: what a part writes is exchanged for its mean over questions, in one input of later heads alone,
and all that follows is computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from onset.analyses.circuits.patched import Asked, Patched
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, device_of
from onset.models.transformer.model import Transformer
from onset.models.transformer.wiring import INPUTS, Edge, Wiring, part_of
from onset.tasks.dataset import Dataset

NEEDS = ("swapped", "rival", "head_weights", "layers")
QUANTITIES = {
    "composed_lead": {"kind": "logits", "label": "lead of the answer with all paths (nats)"},
    "*_path_lost": {"kind": "logits", "label": "lead lost without the head's path to: * (nats)"},
    "*_paths_lost": {"kind": "logits", "label": "lead lost without the paths: * (nats)"},
}
WRITERS = {"heads": "head", "mlps": "mlp", "embeddings": "tokens"}
"""by what they are called in measures, how names of parts begin; positions count as embeddings"""
_N_RANDOM = 8
"""draws that the null is a mean over"""


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that has a twin, at the last scored position; a path carries the mean over the questions
    instead of its own:

    * `composed_lead`: by how much the right answer leads its rival, with nothing patched;
    * `WRITERS_to_INPUT_paths_lost`: the lead lost without all paths from earlier `heads`, `mlps` or
      `embeddings` to the `query`, `key` or `value` of all heads of later layers;
    * `random_paths_lost`, a null: without as many edges as heads have to one input, drawn from all edges to
      any input of these heads; mean of several draws;
    * `INPUT_path_lost` by reading head (`layer`, `head`) and earlier head (`component`: its block
      application × heads + its number): without this path alone.
    """
    with torch.inference_mode(False):
        wiring = Wiring.of(model, parameters)
        n_heads = model.settings.n_heads
        groups = dict(_groups(wiring.edges))
        to_heads = [i for its in groups.values() for i in its]
        of_heads = {which: groups[f"heads_to_{which}"] for which in INPUTS}
        rng = np.random.Generator(np.random.Philox(seed))
        n = len(of_heads[INPUTS[0]])
        drawn = [rng.choice(to_heads, n, replace=False).tolist() for _ in range(_N_RANDOM)]
        for name, asked in Asked.of_splits(dataset, device_of(parameters)):
            patched = Patched(wiring, asked, instead="mean")
            yield Measurement("composed_lead", patched.whole, name, n_examples=len(asked.right))
            for which, lost in zip(groups, _lost(patched, [*groups.values()]), strict=True):
                yield Measurement(f"{which}_paths_lost", lost, name)
            yield Measurement("random_paths_lost", float(np.mean(_lost(patched, drawn))), name)
            for which, edges in of_heads.items():
                for i, lost in zip(edges, _lost(patched, [[i] for i in edges]), strict=True):
                    writer, (layer, head) = (_place(its) for its in wiring.edges[i])
                    number = writer[0] * n_heads + writer[1]
                    yield Measurement(
                        f"{which}_path_lost", lost, name, layer, head, component=number
                    )


def _groups(edges: Sequence[Edge]) -> Iterator[tuple[str, list[int]]]:
    """Numbers of the edges to each input of the heads of later layers, by what writes."""
    for name, begins in WRITERS.items():
        for which in INPUTS:
            yield (
                f"{name}_to_{which}",
                [
                    i
                    for i, its in enumerate(edges)
                    if its.reader.endswith(f" {which}")
                    and _place(its.reader)[0] > 0
                    and (
                        its.writer.startswith(begins)
                        or (its.writer, begins) == ("positions", "tokens")
                    )
                ],
            )


def _place(name: str) -> tuple[int, int]:
    """Block application and number of a head, or of one whose input it is."""
    layer, _, number = part_of(name).removeprefix("head ").partition(".")
    return int(layer), int(number)


def _lost(patched: Patched, without: Sequence[Sequence[int]]) -> list[float]:
    """Of the lead, without these edges."""
    kept = torch.ones(len(without), patched.n_edges)
    for row, edges in zip(kept, without, strict=True):
        row[list(edges)] = 0
    return (patched.whole - patched.merits(kept)).tolist()
