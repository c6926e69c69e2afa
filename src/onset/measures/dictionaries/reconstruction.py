"""What dictionaries reconstruct, with how many latents, and which latents are dead or dense."""

from __future__ import annotations

from collections.abc import Iterator

from onset.measures.dictionaries.matching import inputs_of, latents_of
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("dictionary",)
QUANTITIES = {
    "l0": {"kind": "count", "label": "active latents per example"},
    "explained_variance": {"kind": "explained", "label": "variance explained"},
    "dead": {"kind": "share", "label": "latents never active"},
    "dense": {"kind": "share", "label": "latents active on more than a tenth"},
}

DENSE = 0.1
"""a latent that is active on more of the examples is a high-frequency one"""


def measure(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per split and dictionary (`component`):

    * `l0`: active latents per example;
    * `explained_variance`: 1 − Σ‖x − x̂‖² / Σ‖x − x̄‖²;
    * `dead`: fraction of the latents that are active on no example;
    * `dense`: fraction that are active on more than a tenth of them (Rajamanoharan et al. 2024,
      arXiv:2407.14435, section 5.3, count those).
    """
    of_splits = latents_of(model, parameters, dataset)
    for name, split in dataset.splits.items():
        x, latents = inputs_of(split), of_splits[name]
        said = model.reconstructed(parameters, latents.to(parameters["decoder.bias"].device)).cpu()
        left = (x - said).square().sum((1, 2)) / (x - x.mean(0)).square().sum()
        often = (latents > 0).float().mean(1)
        found = {
            "l0": often.sum(1),
            "explained_variance": 1 - left,
            "dead": (often == 0).float().mean(1),
            "dense": (often > DENSE).float().mean(1),
        }
        counted = dict.fromkeys(("dead", "dense"), often.shape[1])
        for measure_name, values in found.items():
            n = counted.get(measure_name)
            for dictionary, value in enumerate(values.tolist()):
                yield Measurement(measure_name, value, name, component=dictionary, n_examples=n)
