"""A transformer taken apart: its parts, the edges between them, and runs in which edges are patched.

The residual stream is a sum of what embeddings, heads and MLPs write. So each input of a part (queries,
keys and values of a head, an MLP, the logits) is a sum, too: it has an *edge* from every part before it,
and any of them can carry something else than what its writer writes in this run (Wang et al. 2022,
arXiv:2211.00593; Conmy et al. 2023, arXiv:2304.14997). Biases of attention outputs belong to no head and
are always there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import Parameters
from onset.models.transformer import attention
from onset.models.transformer.model import Transformer
from onset.models.transformer.unrolled import unrolled

TOKENS, POSITIONS, LOGITS = "tokens", "positions", "logits"
INPUTS = ("query", "key", "value")
"""of a head"""

Written = Float[Tensor, "writers variants examples length d_model"]
Read = Float[Tensor, "variants readers examples length d_model"]


class Edge(NamedTuple):
    """What one part writes, as one input of a later part reads it."""

    writer: str
    """`tokens`, `positions`, `head 0.1` (block application, number) or `mlp 0`"""
    reader: str
    """`head 1.0 query`, `mlp 1` or `logits`"""

    @property
    def part(self) -> str:
        """That the reader is an input of."""
        return part_of(self.reader)


class Run(NamedTuple):
    """What every part wrote, what every input read, and what was answered."""

    written: Written
    read: tuple[Read, ...]
    """in the order of `Wiring.readings`, from the first that was computed, each input by itself"""
    logits: Float[Tensor, "variants examples scored tokens"]


class Reading(NamedTuple):
    """Inputs that read the same parts: those of a layer's heads, of its MLP, or of the logits."""

    layer: int
    """block application; of the logits, how many there are"""
    readers: tuple[str, ...]
    n_writers: int
    first: int
    """of its edges, which are numbered reader by reader"""

    @property
    def edges(self) -> range:
        """Their numbers."""
        return range(self.first, self.first + len(self.readers) * self.n_writers)


def head(layer: int, number: int) -> str:
    return f"head {layer}.{number}"


def mlp(layer: int) -> str:
    return f"mlp {layer}"


def part_of(reader: str) -> str:
    """The part that an input belongs to."""
    name, _, by = reader.rpartition(" ")
    return name if by in INPUTS else reader


@dataclass(frozen=True, eq=False)
class Wiring:
    """The parts of one checkpoint, with its loops unrolled. Equal is only the same object."""

    model: Transformer
    parameters: Mapping[str, Tensor]

    @classmethod
    def of(cls, model: Transformer, parameters: Parameters, hops: int = 1) -> Wiring:
        """As far as questions of so many hops go before they are read out. Gradients can pass."""
        with torch.inference_mode(False):
            copied = {name: its.detach().clone() for name, its in parameters.items()}
        whole, found = unrolled(model, copied)
        depth = model.depth(hops)
        given = [its for its in whole.settings.given_attention if its.layer < depth]
        changes = {"n_layers": depth, "given_attention": tuple(given)}
        settings = whole.settings.model_copy(update=changes)
        return cls(Transformer(settings, model.n_tokens, model.length), found)

    @cached_property
    def writers(self) -> tuple[str, ...]:
        """All parts but the logits, in the order in which they write."""
        s = self.model.settings
        found = [TOKENS, *([POSITIONS] if s.positions == "learned" else [])]
        for layer in range(s.n_layers):
            found += [head(layer, number) for number in range(s.n_heads)]
            found += [mlp(layer)] if s.d_mlp else []
        return tuple(found)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All of them: by reader, in the order of the forward pass, and by writer."""
        return tuple(
            Edge(writer, reader)
            for its in self.readings
            for reader in its.readers
            for writer in self.writers[: its.n_writers]
        )

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """Heads of a layer, its MLP, those of the next; the logits last."""
        s = self.model.settings
        found: list[Reading] = []
        first, n_writers = 0, 1 + (s.positions == "learned")
        for layer in range(s.n_layers):
            heads = [head(layer, number) for number in range(s.n_heads)]
            of_heads = tuple(f"{its} {by}" for its in heads for by in INPUTS)
            halves = [(of_heads, s.n_heads), *([((mlp(layer),), 1)] if s.d_mlp else [])]
            for readers, more in halves:
                found.append(Reading(layer, readers, n_writers, first))
                first += len(readers) * n_writers
                n_writers += more
        return (*found, Reading(s.n_layers, (LOGITS,), n_writers, first))

    def run(
        self,
        tokens: Int[Tensor, "examples length"],
        scored: Sequence[int],
        kept: Float[Tensor, "variants edges"] | None = None,
        other: Float[Tensor, "writers examples length d_model"] | None = None,
        own: Float[Tensor, "writers examples length d_model"] | None = None,
        begin: int = 0,
    ) -> Run:
        """Answer questions, several times, each time with other edges patched.

        Args:
            tokens: of the questions.
            scored: positions of the answers.
            kept: how much of each edge carries what its writer writes in this run; the rest carries what it
                wrote in the other one. None: all of all edges, once.
            other: what each part wrote in the other run; None: nothing, so that what isn't kept is cut.
            own: what each part writes with nothing patched; needed where not everything is computed.
            begin: the first of `readings` to compute, if all edges of those before are kept.
        """
        n_variants = 1 if kept is None else len(kept)
        if begin:
            assert own is not None, "what isn't computed must be known"
            known = own[: self.readings[begin].n_writers].unbind(0)
        else:
            known = self._embedded(tokens)
        written = [x.expand(n_variants, *x.shape) for x in known]
        inputs = []
        for its in self.readings[begin:]:
            inputs.append(self._mixed(its, written, kept, other) + self.bias_in(its.readers[0]))
            if its.readers == (mlp(its.layer),):
                written.append(self.mlp(its.layer, inputs[-1][:, 0]))
            elif its.readers != (LOGITS,):
                written += self.heads(its.layer, inputs[-1], tokens)
        logits = self.model.unembed(self.parameters, inputs[-1][:, 0][:, :, list(scored)])
        return Run(torch.stack(written), tuple(inputs), logits)

    def heads(
        self, layer: int, inputs: Read, tokens: Int[Tensor, "examples length"]
    ) -> Iterator[Float[Tensor, "variants examples length d_model"]]:
        """What each head of a layer writes.

        Args:
            layer: block application.
            inputs: query, key and value of the first head, then of the next.
            tokens: of the questions, which heads with given patterns look at.
        """
        p, h = self._block(layer), self.model.settings.n_heads
        normed = self.model._norm(p, "ln1", inputs).unflatten(1, (h, -1))
        q, k, v = (
            torch.einsum(
                "vhnld,hed->vhnle", normed[:, :, i], p[f"attn.{name}.weight"].unflatten(0, (h, -1))
            )
            + p[f"attn.{name}.bias"].view(h, 1, 1, -1)
            for i, name in enumerate("qkv")
        )
        if "attn.smear.bias" in p:
            smeared = attention.smeared(k.transpose(1, 2).flatten(0, 1), p["attn.smear.bias"])
            k = smeared.unflatten(0, (len(k), -1)).transpose(1, 2)
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        hidden = ~attention._visible(scores.shape[-1], scores.device)
        pattern = scores.masked_fill(hidden, -torch.inf).softmax(-1)
        given = self.model._given(layer, tokens)
        z = torch.stack(
            [given.get(i, own).to(v) @ v[:, i] for i, own in enumerate(pattern.unbind(1))], 1
        )
        out = p["attn.o.weight"].unflatten(1, (h, -1))
        yield from torch.einsum("vhnle,dhe->hvnld", z, out)

    def mlp(
        self, layer: int, read: Float[Tensor, "variants examples length d_model"]
    ) -> Float[Tensor, "variants examples length d_model"]:
        """What the MLP of a layer writes, with its bias."""
        p = self._block(layer)
        return F.linear(self.model._neurons(p, read), p["mlp.fc_out.weight"], p["mlp.fc_out.bias"])

    def output(
        self,
        part: str,
        inputs: Mapping[str, Float[Tensor, "examples length d_model"]],
        tokens: Int[Tensor, "examples length"],
    ) -> Float[Tensor, "examples length d_model"]:
        """What a single head or MLP writes, given what each of its inputs reads."""
        kind, place = part.split(" ")
        if kind == "mlp":
            return self.mlp(int(place), inputs[part][None])[0]
        layer, number = map(int, place.split("."))
        read = torch.stack([inputs[f"{part} {by}"] for by in INPUTS])
        n_heads = self.model.settings.n_heads
        all_read = read.repeat(n_heads, 1, 1, 1)[None]
        return list(self.heads(layer, all_read, tokens))[number][0]

    def bias_in(self, reader: str) -> Float[Tensor, " d_model"]:
        """What an input reads of attention's biases."""
        s, part = self.model.settings, part_of(reader)
        if part == LOGITS:
            n = s.n_layers
        else:
            kind, place = part.split(" ")
            n = int(place.split(".")[0]) + (kind == "mlp")
        zero = self.parameters["tok_embed.weight"].new_zeros(s.d_model)
        return sum((self._block(layer)["attn.o.bias"] for layer in range(n)), zero)

    def _block(self, layer: int) -> dict[str, Tensor]:
        return self.model._block(self.parameters, layer)

    def _embedded(
        self, tokens: Int[Tensor, "examples length"]
    ) -> list[Float[Tensor, "examples length d_model"]]:
        found = [F.embedding(tokens, self.parameters["tok_embed.weight"])]
        if self.model.settings.positions == "learned":
            places = self.parameters["pos.weight"][: tokens.shape[1]]
            found.append(places.expand_as(found[0]))
        return found

    def _mixed(
        self,
        its: Reading,
        written: list[Float[Tensor, "variants examples length d_model"]],
        kept: Float[Tensor, "variants edges"] | None,
        other: Float[Tensor, "writers examples length d_model"] | None,
    ) -> Read:
        """What some inputs read."""
        own = torch.stack(written)
        n_readers = len(its.readers)
        if kept is None:
            return own.sum(0)[:, None].expand(-1, n_readers, *own.shape[2:])
        n = n_readers * its.n_writers
        parts = kept[:, its.first : its.first + n].unflatten(1, (n_readers, its.n_writers))
        if other is None:
            return torch.einsum("vrw,wvnld->vrnld", parts, own)
        # The whole sum, and what patched edges change: exact where nothing is patched.
        changes = torch.einsum("vrw,wvnld->vrnld", 1 - parts, other[: its.n_writers, None] - own)
        return own.sum(0)[:, None] + changes
