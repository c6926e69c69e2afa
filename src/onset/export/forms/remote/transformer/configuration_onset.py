"""The settings of a transformer of Onset, as Hugging Face's `transformers` keeps them."""

from __future__ import annotations

from transformers import PretrainedConfig


class OnsetConfig(PretrainedConfig):
    """The settings of a transformer.

    Arguments with the same names as Onset's settings mean the same as there:

    * `n_layers` distinct blocks, applied `n_loops` times over with the same weights;
    * `readout`: `last`; or a question with h hops is read out after h block applications (`per_hop`), or
      after h loops (`per_loop`); ask for them with `n_applications` in the model's forward;
    * `d_mlp` 0: attention only; `activation`: `relu`, `gelu`, `silu` or `solu_ln`, SoLU with a layer norm
      over the neurons behind it; `norm`: `layer` or `none`; `positions`: `learned` or `none`;
    * `smeared_keys`: each key is mixed with the key before it, in proportions learnt for each head;
    * `given_attention`: heads whose attention is fixed, as `{"layer", "head", "looks_at"}`;
    * `dropout`: in training only.
    """

    model_type = "onset_transformer"
    attribute_map = {
        "hidden_size": "d_model",
        "num_attention_heads": "n_heads",
        "num_hidden_layers": "n_layers",
        "intermediate_size": "d_mlp",
    }

    def __init__(
        self,
        vocab_size=2,
        max_position_embeddings=1,
        n_layers=1,
        n_loops=1,
        readout="last",
        d_model=64,
        n_heads=4,
        d_mlp=256,
        activation="relu",
        norm="layer",
        positions="learned",
        tied_embeddings=True,
        smeared_keys=False,
        given_attention=(),
        dropout=0.0,
        **others,
    ):
        self.vocab_size = vocab_size
        self.max_position_embeddings = max_position_embeddings
        self.n_layers = n_layers
        self.n_loops = n_loops
        self.readout = readout
        self.d_model = d_model
        self.n_heads = n_heads
        self.d_mlp = d_mlp
        self.activation = activation
        self.norm = norm
        self.positions = positions
        self.tied_embeddings = tied_embeddings
        self.smeared_keys = smeared_keys
        self.given_attention = [dict(its) for its in given_attention]
        self.dropout = dropout
        # One matrix both embeds and reads out, or there are two: nothing for the library to tie.
        super().__init__(**{**others, "tie_word_embeddings": False, "use_cache": False})

    @property
    def n_applications(self):
        """The total number of block applications."""
        return self.n_layers * self.n_loops
