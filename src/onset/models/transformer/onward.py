"""The rest of a forward pass, read out at several positions (`midway` does the same at one)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jaxtyping import Float, Int
from torch import Tensor

from onset.models.transformer.model import Transformer


def logits_onward(
    model: Transformer,
    parameters: Mapping[str, Tensor],
    states: Float[Tensor, "examples length d_model"],
    tokens: Int[Tensor, "examples length"],
    done: int,
    depth: int,
    scored: Sequence[int],
) -> Float[Tensor, "examples scored tokens"]:
    """Logits of states that have some block applications behind them.

    Args:
        model: the architecture.
        parameters: of the model that runs on.
        states: the residual stream at all positions.
        tokens: what was asked; heads with given patterns look at it.
        done: how many block applications the states have behind them.
        depth: after how many they are read out (`Transformer.depth`).
        scored: the positions.
    """
    places = list(scored)
    for application in range(done, depth):
        last = places if application == depth - 1 else None
        states = model._apply_to_sequences(parameters, application, states, tokens, last)
    return model.unembed(parameters, states if done < depth else states[:, places])
