"""The settings of Onset's multi-layer perceptron, as Hugging Face's `transformers` keeps them."""

from __future__ import annotations

from transformers import PretrainedConfig


class OnsetMlpConfig(PretrainedConfig):
    """Layers of neurons on whole sequences of `length` tokens."""

    model_type = "onset_mlp"

    def __init__(
        self,
        n_tokens=1,
        length=1,
        n_hidden=1,
        width=1,
        activation="relu",
        places="own",
        **others,
    ):
        self.n_tokens, self.length = n_tokens, length
        self.n_hidden, self.width = n_hidden, width
        self.activation, self.places = activation, places
        super().__init__(**others)
