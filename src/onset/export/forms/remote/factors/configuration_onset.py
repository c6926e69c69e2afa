"""The settings of Onset's products of factors, as Hugging Face's `transformers` keeps them."""

from __future__ import annotations

from transformers import PretrainedConfig


class OnsetFactorsConfig(PretrainedConfig):
    """Many small networks side by side: for each of `factors`, `scales` × `restarts` of them."""

    model_type = "onset_factors"

    def __init__(
        self,
        d_in=1,
        d_out=1,
        n_signs=1,
        width=1,
        factors=(1,),
        scales=(1.0,),
        restarts=1,
        activation="none",
        attention=False,
        d_head=1,
        norm=False,
        **others,
    ):
        self.d_in, self.d_out, self.n_signs, self.width = d_in, d_out, n_signs, width
        self.factors, self.scales, self.restarts = list(factors), list(scales), restarts
        self.activation, self.attention = activation, attention
        self.d_head, self.norm = d_head, norm
        super().__init__(**others)
