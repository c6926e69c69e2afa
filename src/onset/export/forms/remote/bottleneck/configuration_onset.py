"""The settings of Onset's bottleneck networks, as Hugging Face's `transformers` keeps them."""

from __future__ import annotations

from transformers import PretrainedConfig


class OnsetBottleneckConfig(PretrainedConfig):
    """Many small networks side by side: `d_in` / `n_inputs` of them, each with its own part of the input.

    If `tied`, the output weights are the transposed input weights, and the hidden layer has no biases.
    """

    model_type = "onset_bottleneck"

    def __init__(
        self,
        d_in=1,
        d_out=1,
        n_inputs=1,
        d_hidden=1,
        tied=True,
        hidden_activation="none",
        output_activation="relu",
        **others,
    ):
        self.d_in, self.d_out = d_in, d_out
        self.n_inputs, self.d_hidden, self.tied = n_inputs, d_hidden, tied
        self.hidden_activation, self.output_activation = hidden_activation, output_activation
        super().__init__(**others)

    @property
    def n_instances(self):
        """The number of networks."""
        return self.d_in // self.n_inputs
