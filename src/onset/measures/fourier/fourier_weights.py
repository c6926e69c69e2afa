"""Which frequencies the embedding and the readout use in modular addition, and how few.

After Nanda et al. 2023 (arXiv:2301.05217), sections 4.1 and 5.2: norms of the embedding's Fourier
components, and the Gini coefficient of these norms, of the embedding and of the map from neurons to
logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jaxtyping import Float
from torch import Tensor

from onset.measures.fourier import spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("numbers", "embeddings")
QUANTITIES = {
    "embedding_norm": {"kind": "size", "label": "norm of the embedding at the frequency"},
    "readout_norm": {"kind": "size", "label": "norm of the readout at the frequency"},
    "embedding_gini": {"kind": "share", "label": "Gini coefficient of the embedding"},
    "readout_gini": {"kind": "share", "label": "Gini coefficient of the readout"},
}


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Of the rows that belong to numbers:

    * `embedding_norm`, `readout_norm`: of the part of the token embedding, and of the map from the last
      block's neurons to logits, that has a frequency (`component`);
    * `embedding_gini`, `readout_gini`: of these norms over frequencies.
    """
    for name, norms in _norms(model, parameters, dataset).items():
        for k, norm in enumerate(norms.tolist(), start=1):
            yield Measurement(f"{name}_norm", norm, component=k)
        yield Measurement(f"{name}_gini", spectrum.gini(norms).item())


def in_loss(model: Transformer, dataset: Dataset) -> Callable[[Parameters], Float[Tensor, ""]]:
    """`embedding_gini`: how few frequencies the embedding has, whatever the norm."""
    return lambda parameters: spectrum.gini(_norms(model, parameters, dataset)["embedding"])


def _norms(
    model: Transformer, parameters: Parameters, dataset: Dataset
) -> dict[str, Float[Tensor, " frequencies"]]:
    """Of embedding and readout."""
    p = spectrum.modulus(dataset)
    last = model.settings.n_layers - 1
    readout = parameters.get("head.weight", parameters["tok_embed.weight"])
    if model.settings.d_mlp:
        readout = readout @ parameters[f"layers.{last}.mlp.fc_out.weight"]
    matrices = {"embedding": parameters["tok_embed.weight"], "readout": readout}
    return {name: spectrum.norms_by_frequency(its[:p]).cpu() for name, its in matrices.items()}
