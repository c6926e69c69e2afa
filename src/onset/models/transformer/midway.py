"""The model from a place in its middle on: what it answers, given states that it need not have computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jaxtyping import Float, Int
from torch import Tensor

from onset.models.transformer.model import Transformer


def logits_from(
    model: Transformer,
    parameters: Mapping[str, Tensor],
    states: Float[Tensor, "examples length d_model"],
    tokens: Int[Tensor, "examples length"],
    done: int,
    depth: int,
    scored: int,
) -> Float[Tensor, "examples tokens"]:
    """Logits at one position, of states after some block applications.

    Args:
        model: the architecture.
        parameters: of the model that runs on.
        states: the residual stream at all positions.
        tokens: what was asked; heads with given patterns look at it.
        done: how many block applications the states have behind them.
        depth: after how many they are read out (`Transformer.depth`).
        scored: the position.
    """
    last = _last_states(model, parameters, states, tokens, done, depth, [scored])
    return model.unembed(parameters, last[:, 0])


def logits_at_all(
    model: Transformer,
    parameters: Mapping[str, Tensor],
    states: Float[Tensor, "examples length d_model"],
    tokens: Int[Tensor, "examples length"],
    done: int,
    depth: int,
    scored: Sequence[int],
) -> Float[Tensor, "examples scored tokens"]:
    """The same as `logits_from`, at several positions."""
    last = _last_states(model, parameters, states, tokens, done, depth, list(scored))
    return model.unembed(parameters, last)


def _last_states(
    model: Transformer,
    parameters: Mapping[str, Tensor],
    states: Float[Tensor, "examples length d_model"],
    tokens: Int[Tensor, "examples length"],
    done: int,
    depth: int,
    scored: list[int],
) -> Float[Tensor, "examples scored d_model"]:
    for application in range(done, depth):
        last = scored if application == depth - 1 else None
        states = model._apply_to_sequences(parameters, application, states, tokens, last)
    return states if done < depth else states[:, scored]
