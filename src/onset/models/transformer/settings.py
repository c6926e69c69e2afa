"""The transformer's settings. Separate from the model, so that reading config needs no torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from onset.settings import NonNegativeFloat, NonNegativeInt, PositiveInt
from onset.settings import Settings as BaseSettings

Depth = Annotated[int, Field(gt=0, le=1000)]
_MOST_HEADS = 1024  # that a message lists


class GivenAttention(BaseSettings):
    """A head that needn't learn where to look; it learns what to do with what it sees."""

    layer: NonNegativeInt
    head: NonNegativeInt
    looks_at: Literal["previous_token", "after_duplicate"]
    """the token before; or, evenly, those that came after earlier tokens of the same kind; if there are
    none, itself"""


class Settings(BaseSettings):
    """The architecture and how its parameters are drawn."""

    name: Literal["transformer"]
    n_layers: Depth = 1
    """distinct blocks"""
    n_loops: Depth = 1
    """how often the stack of blocks is applied, with the same weights"""
    readout: Literal["last", "per_hop", "per_loop"] = "last"
    """a question with h hops is read out after h block applications (`per_hop`), or after h loops of all
    blocks (`per_loop`)"""
    d_model: PositiveInt = 64
    n_heads: PositiveInt = 4
    d_mlp: NonNegativeInt = 256
    """0: attention only"""
    activation: Literal["relu", "gelu", "silu", "solu_ln"] = "relu"
    """`solu_ln`: SoLU, then a layer norm over the neurons (Elhage et al. 2022, "Softmax Linear Units")"""
    norm: Literal["layer", "none"] = "layer"
    positions: Literal["learned", "none"] = "learned"
    tied_embeddings: bool = True
    """one matrix both embeds tokens and reads out answers"""
    attention_biases: bool = True
    """without them, they stay zero and untrained"""
    smeared_keys: bool = False
    """every key has a learnt share, by head, of the key before it (Olsson et al. 2022, arXiv:2209.11895,
    argument 2); at first a half"""
    given_attention: Annotated[tuple[GivenAttention, ...], Strict(False)] = ()
    """heads whose attention is fixed from the start in the form that it might have in the end"""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """share of the embeddings, of each head's attention and of what each half of a block writes that is
    left out at random, in training only (as in GPT-2)"""
    weights: Literal["uniform", "normal"] = "uniform"
    """how linear layers start. `uniform`: as PyTorch draws them, ±1/√n_in. `normal`: with standard
    deviation 1/√d_model, an untied readout 1/√n_tokens, biases 0 (Nanda et al. 2023, arXiv:2301.05217)"""
    token_scale: NonNegativeFloat = 1.0
    """token embeddings start with standard deviation token_scale / √d_model"""
    position_scale: NonNegativeFloat = 0.5
    """position embeddings start with standard deviation position_scale / √d_model"""

    @property
    def n_applications(self) -> int:
        return self.n_layers * self.n_loops

    @property
    def only_ours(self) -> list[str]:
        """What it has that TransformerLens hasn't."""
        return [name for name in ("smeared_keys", "given_attention") if getattr(self, name)]

    @property
    def norms_neurons(self) -> bool:
        """Whether a layer norm over its neurons follows their activation."""
        return self.activation == "solu_ln" and self.d_mlp > 0

    @property
    def like_gpt2(self) -> bool:
        """Whether, with learned positions and an MLP, its blocks are those of a GPT-2."""
        return self.norm == "layer" and not self.norms_neurons and not self.only_ours

    @property
    def d_head(self) -> int:
        return self.d_model // self.n_heads

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Self:
        if self.d_model % self.n_heads:
            narrow = min(self.d_model, _MOST_HEADS)
            allowed = [n for n in range(1, narrow + 1) if self.d_model % n == 0]
            raise ValueError(
                f"n_heads ({self.n_heads}) must divide d_model ({self.d_model}): one of {allowed}"
            )
        return self

    @model_validator(mode="after")
    def _given_heads_exist(self) -> Self:
        for given in self.given_attention:
            if given.layer >= self.n_layers or given.head >= self.n_heads:
                raise ValueError(
                    f"given_attention: there is no head {given.head} in layer {given.layer}; layers are "
                    f"0 to {self.n_layers - 1}, heads 0 to {self.n_heads - 1}"
                )
        places = [(given.layer, given.head) for given in self.given_attention]
        if twice := [place for place in places if places.count(place) > 1]:
            layer, head = twice[0]
            raise ValueError(f"given_attention: head {head} in layer {layer} is given twice")
        return self


def shapes(settings: Settings, n_tokens: int, length: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all parameters, for so many tokens and so long sequences."""
    s, d = settings, settings.d_model
    found: dict[str, tuple[int, ...]] = {"tok_embed.weight": (n_tokens, d)}
    if s.positions == "learned":
        found["pos.weight"] = (length, d)
    for i in range(s.n_layers):
        layer = f"layers.{i}"
        linears = {f"attn.{name}": (d, d) for name in "qkvo"}
        if s.d_mlp:
            linears |= {"mlp.fc_in": (s.d_mlp, d), "mlp.fc_out": (d, s.d_mlp)}
        if s.norm == "layer":
            for name in ("ln1", "ln2") if s.d_mlp else ("ln1",):
                found |= {f"{layer}.{name}.weight": (d,), f"{layer}.{name}.bias": (d,)}
        if s.norms_neurons:
            found |= {f"{layer}.mlp.ln.{kind}": (s.d_mlp,) for kind in ("weight", "bias")}
        if s.smeared_keys:
            found[f"{layer}.attn.smear.bias"] = (s.n_heads,)
        for name, (n_out, n_in) in linears.items():
            found |= {f"{layer}.{name}.weight": (n_out, n_in), f"{layer}.{name}.bias": (n_out,)}
    if s.norm == "layer":
        found |= {"ln_out.weight": (d,), "ln_out.bias": (d,)}
    if not s.tied_embeddings:
        found["head.weight"] = (n_tokens, d)
    return found


def hidden(settings: Settings, n_tokens: int, length: int) -> frozenset[str]:
    """Names of the matrices between embedding and readout."""
    its = shapes(settings, n_tokens, length)
    return frozenset(n for n, shape in its.items() if n.startswith("layers.") and len(shape) > 1)
