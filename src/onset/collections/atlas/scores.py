"""Where each head looks and what it copies, of any model in TransformerLens.

Previous tokens, duplicates and what came after them are TransformerLens's detectors, as in
`measures.head_scores`; the first and the current token, for which it has none, are places by position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.head_detector import get_previous_token_head_detection_pattern
from transformer_lens.model_bridge import TransformerBridge

from onset.collections.atlas.names import BY_CONTENT, BY_PLACE
from onset.collections.atlas.shown_tokens import Probe, probe
from onset.measures.heads.head_scores import copies, entropy, seen, wanted
from onset.measures.measurement import Measurement, by_head

Scores = Float[Tensor, "layers heads"]


def scores(bridge: TransformerBridge, length: int | None = None) -> Iterator[Measurement]:
    """By block application (`layer`) and `head`, on random tokens that repeat (`probe`):

    * `KIND_score`: share of its attention that a head pays to the places of a kind, mean over positions
      that have such places; NaN where the sequences are too short for any;
    * `KIND_chance`: the same of a head that attends evenly to all it can see; for kinds that go by
      content also, if that is more, what the head itself pays to the same places where nothing repeats;
    * `attention_entropy` in nats, mean over positions;
    * `copying_score`: Σλ / Σ|λ| over the eigenvalues of the map from tokens to logits.

    The first position, which can only look at itself, is not counted.

    Args:
        bridge: any model; a position sees itself and those before it.
        length: of the sequences, by default all that the model takes.
    """
    shown, places = _shown(bridge.cfg.d_vocab, length or bridge.cfg.n_ctx)
    attention, without = (patterns(bridge, torch.from_numpy(tokens)) for tokens in shown)
    even = even_like(attention)
    found = {"attention_entropy": entropy(attention[..., 1:, :]), "copying_score": copying(bridge)}
    for kind in (*BY_PLACE, *BY_CONTENT):
        found[f"{kind}_score"] = score = seen(attention, places[kind])
        chance = seen(even, places[kind]).expand_as(score)
        if kind in BY_CONTENT:
            chance = torch.maximum(chance, seen(without, places[kind]))
        found[f"{kind}_chance"] = chance
    yield from told(found)


def told(found: Mapping[str, Scores], split: str | None = None) -> Iterator[Measurement]:
    for name, values in found.items():
        yield from by_head(name, values.tolist(), split)


@lru_cache(maxsize=8)
def _shown(
    n_tokens: int, length: int
) -> tuple[Probe, dict[str, Float[Tensor, "sequences length length"]]]:
    """Kept for models of the same size: the places take longer to find than most models to ask."""
    shown = probe(n_tokens, length)
    return shown, places_of(shown.repeated)


def places_of(
    tokens: Int[np.ndarray, "sequences length"],
) -> dict[str, Float[Tensor, "sequences length length"]]:
    """The places that each kind should look at: 1 there, 0 elsewhere.

    What came after an earlier duplicate and is just the token before tells nothing, and is left out.
    """
    by_content = wanted(tokens)
    by_content["induction"] *= 1 - by_content.pop("previous_token")
    shape = by_content["induction"].shape
    return {kind: its.expand(shape) for kind, its in by_place(shape[-1]).items()} | by_content


def by_place(length: int) -> dict[str, Float[Tensor, "length length"]]:
    """Those that no token changes. The first token isn't also the one before."""
    previous = get_previous_token_head_detection_pattern(torch.zeros(1, length))
    first, current = torch.zeros(length, length), torch.eye(length)
    first[2:, 0] = 1
    current[0] = 0
    return dict(zip(BY_PLACE, (previous, first, current), strict=True))


def even_like(
    attention: Float[Tensor, "layers sequences heads length length"],
) -> Float[Tensor, "1 sequences 1 length length"]:
    """A head that attends evenly to all it can see."""
    even = torch.ones_like(attention[:1, :, :1]).tril()
    return even / even.sum(-1, keepdim=True)


def patterns(
    bridge: TransformerBridge, tokens: Int[Tensor, "sequences length"]
) -> Float[Tensor, "layers sequences heads length length"]:
    names = [f"blocks.{i}.attn.hook_pattern" for i in range(bridge.cfg.n_layers)]
    _, cache = bridge.run_with_cache(tokens.to(bridge.W_E.device), names_filter=names)
    return torch.stack([cache[name] for name in names]).cpu()


def copying(bridge: TransformerBridge) -> Scores:
    """Norms are ignored, except for their gains. Heads that share values have the same ones each."""
    readout = bridge.W_U.T * _gain(getattr(bridge, "ln_final", None), bridge.W_E)
    found = []
    for i, block in enumerate(bridge.blocks):
        output = bridge.W_O[i]
        value = bridge.W_V[i].repeat_interleave(len(output) // len(bridge.W_V[i]), 0)
        value = _gain(getattr(block, "ln1", None), bridge.W_E)[:, None] * value
        found.append(copies(bridge.W_E, value, output, readout))
    return torch.stack(found).cpu()


def _gain(norm: torch.nn.Module | None, like: Tensor) -> Float[Tensor, " d_model"]:
    """Of a norm, or of what stands in its place; 1 where there is none."""
    weight = getattr(norm, "weight", None)
    return like.new_ones(like.shape[1]) if weight is None else weight
