"""Which frequencies the embedding and the readout of modular addition have, and how few they are.

After Nanda et al. 2023 (arXiv:2301.05217), sections 4.1 and 5.2: norms of the embedding's Fourier
components, and the Gini coefficient of these norms, of the embedding and of the map from neurons to
logits.
"""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures import fourier
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Of the rows that belong to numbers:

    * `embedding_norm`, `readout_norm`: of the part of the token embedding, and of the map from the last
      block's neurons to logits, that has a frequency (`component`);
    * `embedding_gini`, `readout_gini`: of these norms over frequencies.
    """
    p = fourier.modulus(dataset)
    last = model.settings.n_layers - 1
    readout = parameters.get("head.weight", parameters["tok_embed.weight"])
    if model.settings.d_mlp:
        readout = readout @ parameters[f"layers.{last}.mlp.fc_out.weight"]
    for name, matrix in (("embedding", parameters["tok_embed.weight"]), ("readout", readout)):
        norms = fourier.norms_by_frequency(matrix[:p].cpu())
        for k, norm in enumerate(norms.tolist(), start=1):
            yield Measurement(f"{name}_norm", norm, component=k)
        yield Measurement(f"{name}_gini", fourier.gini(norms))
