"""The settings of Onset's sparse autoencoders, as Hugging Face's `transformers` keeps them."""

from __future__ import annotations

from transformers import PretrainedConfig


class OnsetDictionaryConfig(PretrainedConfig):
    """Dictionaries of one kind and width, one for each of the `sparsities`.

    `kind` (`l1`, `topk`, `batch_topk`, `jump_relu` or `matryoshka`) decides which latents are active. The
    numbers in `sparsities` are active latents per example, or penalties on activity (`l1`, `jump_relu`).
    """

    model_type = "onset_dictionary"

    def __init__(self, d_in=1, kind="l1", n_latents=1, sparsities=(1.0,), **others):
        self.d_in, self.kind, self.n_latents = d_in, kind, n_latents
        self.sparsities = list(sparsities)
        super().__init__(**others)
