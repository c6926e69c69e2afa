"""How much of what each head reads was written by each earlier head, by their weights.

Composition scores of Elhage et al. 2021 ("A mathematical framework for transformer circuits"), as
TransformerLens computes them: ‖W_O W_V · W‖ / (‖W_O W_V‖ ‖W‖), Frobenius norms, W being the reader's
map from that state to queries, keys or values.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from transformer_lens.FactoredMatrix import FactoredMatrix
from transformer_lens.utilities.matrix import composition_scores

from onset.measures.heads.head_scores import input_weights, value_and_output
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("head_weights",)
ONLY_WITH = ("layers",)
QUANTITIES = {
    "q_composition": {"kind": "share", "label": "Q-composition score"},
    "k_composition": {"kind": "share", "label": "K-composition score"},
    "v_composition": {"kind": "share", "label": "V-composition score"},
}


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """`q_composition`, `k_composition`, `v_composition` of a reading head (`layer`, `head`) with each
    head of the block applications before (`component`: its application × heads + its number)."""
    n_heads = model.settings.n_heads
    for reader in range(1, model.settings.n_applications):
        q, k = (input_weights(model, parameters, reader, which) for which in "qk")
        reads = {
            "q_composition": FactoredMatrix(q, k.transpose(-2, -1)),
            "k_composition": FactoredMatrix(k, q.transpose(-2, -1)),
            "v_composition": FactoredMatrix(*value_and_output(model, parameters, reader)),
        }
        writers = [value_and_output(model, parameters, writer) for writer in range(reader)]
        written = FactoredMatrix(*(torch.cat(its) for its in zip(*writers, strict=True)))
        for name, read in reads.items():
            for writer, of_writer in enumerate(composition_scores(written, read).tolist()):
                for head in range(n_heads):
                    yield Measurement(
                        name, of_writer[head], layer=reader, head=head, component=writer
                    )
