"""Neurons and heads can change places; without norms, the residual stream can be turned, too.

Queries and keys of a head meet in products alone, and so do its values and its output: each pair can be
turned by itself (`onset.models.symmetries`). A layer norm looks at single entries of the residual stream:
with it, these can change places, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Questions
from onset.models.symmetries import Axis, Read, Symmetry
from onset.models.transformer.model import Transformer

STREAM = "stream"
_WRITING, _READING = ("o", "fc_out"), ("tok_embed", "pos", "q", "k", "v", "fc_in", "head")
_NORMS = ("ln1", "ln2", "ln_out")


def symmetries(model: Transformer) -> list[Symmetry]:
    """The residual stream's, then those of heads and neurons, layer by layer."""
    s = model.settings
    norms = s.norm == "layer"
    units = (s.d_model, 1) if norms else (1, s.d_model)
    found = [Symmetry(STREAM, *units, not norms, (tuple(_along_the_stream(model)),))]
    for i in range(s.n_layers):
        attn = f"layers.{i}.attn"
        queries = (*_rows(f"{attn}.q"), *_rows(f"{attn}.k"))
        values = (*_rows(f"{attn}.v"), Axis(f"{attn}.o.weight", 1))
        found.append(Symmetry(f"heads_{i}", s.n_heads, s.d_head, True, (queries, values)))
        if s.d_mlp:
            axes = (*_rows(f"layers.{i}.mlp.fc_in"), Axis(f"layers.{i}.mlp.fc_out.weight", 1))
            if s.norms_neurons:
                axes = (*axes, *_rows(f"layers.{i}.mlp.ln"))
            found.append(Symmetry(f"neurons_{i}", s.d_mlp, 1, False, (axes,)))
    return found


def _along_the_stream(model: Transformer) -> Iterator[Axis]:
    """Parameters that write to the stream, whose norms are of its entries, or that read it."""
    for name in model.shapes():
        *_, part, kind = name.split(".")
        if part in (*_WRITING, *_NORMS):
            yield Axis(name, 0)
        elif part in _READING and kind == "weight":
            yield Axis(name, 1)


def repaired(model: Transformer) -> list[Read]:
    """What the neurons of each layer read with."""
    s = model.settings
    names = [f"layers.{i}.mlp.fc_in" for i in range(s.n_layers if s.d_mlp else 0)]
    return [Read((Axis(f"{name}.weight", 0),), f"{name}.bias") for name in names]


def readings(
    model: Transformer, parameters: Mapping[str, Tensor], questions: Questions
) -> dict[str, list[Float[Tensor, "rows entries"]]]:
    """The residual stream before and after blocks, queries with keys, values; and neurons where the answer
    is given."""
    stream = _stream(model, parameters, questions)
    found = {STREAM: [stream.flatten(0, 2)]}
    for i in range(model.settings.n_layers):
        p = model._block(parameters, i)
        x = model._norm(p, "ln1", stream[i]).flatten(0, 1)
        q, k, v = (F.linear(x, p[f"attn.{n}.weight"], p[f"attn.{n}.bias"]) for n in "qkv")
        found[f"heads_{i}"] = [torch.cat([q, k]), v]
        if model.settings.d_mlp:
            found[f"neurons_{i}"] = [model.neurons(parameters, questions, i)]
    return found


def before_activation(
    model: Transformer, parameters: Mapping[str, Tensor], questions: Questions, layer: int
) -> Float[Tensor, "rows neurons"]:
    """What the neurons of a layer are before their activation, where the answer is given."""
    p = model._block(parameters, layer)
    tokens = _tokens(parameters, questions)
    stream = model.residual_stream(parameters, tokens)[layer]
    given = model._given(layer, tokens)
    x = model._attend_in_sequences(p, stream, list(questions.scored), given)
    read = model._norm(p, "ln2", x)
    return F.linear(read, p["mlp.fc_in.weight"], p["mlp.fc_in.bias"]).flatten(0, 1)


def _stream(model: Transformer, parameters: Mapping[str, Tensor], questions: Questions) -> Tensor:
    return model.residual_stream(parameters, _tokens(parameters, questions))


def _tokens(parameters: Mapping[str, Tensor], questions: Questions) -> Tensor:
    return torch.from_numpy(questions.tokens).to(parameters["tok_embed.weight"].device)


def _rows(name: str) -> tuple[Axis, Axis]:
    return Axis(f"{name}.weight", 0), Axis(f"{name}.bias", 0)
