"""Weights of a transformer, put together from a plan in which the residual stream has named spaces.

A plan says what heads look for and move, and what neurons compute, space by space, as compilers of
programs do (Lindner et al. 2023, arXiv:2301.05062). What a plan leaves free is idle: heads and MLPs with
random weights, which read everything and write where nothing that counts reads, so that being part of the
circuit isn't the same as having large weights or as being active.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings

Matrix = Float[Tensor, "_rows _columns"]
_FEWEST_IDLE = 4
"""dimensions of the residual stream"""
_FEWEST_NEURONS = 8


@dataclass(frozen=True, eq=False)
class Look:
    """A term of a head's attention scores."""

    query: str | None
    """a space; None: the same wherever the head looks from"""
    key: str
    """a space"""
    scores: Matrix
    """of each direction in `query` (one, if it is None) for each in `key`"""


@dataclass(frozen=True, eq=False)
class Move:
    """What a head takes along from where it looks."""

    source: str
    target: str
    by: Matrix
    """from directions of `source` to those of `target`"""


@dataclass(frozen=True, eq=False)
class HeadPlan:
    """A head: the sum of its looks, then the sum of its moves."""

    layer: int
    number: int
    looks: Sequence[Look]
    moves: Sequence[Move]


@dataclass(frozen=True, eq=False)
class MlpPlan:
    """The neurons of an MLP (ReLU)."""

    layer: int
    reads: Mapping[str, Matrix]
    """from directions of a space to neurons"""
    bias: Float[Tensor, " neurons"]
    writes: Mapping[str, Matrix]
    """from neurons to directions of a space"""


@dataclass(frozen=True, eq=False)
class Plan:
    """A transformer without norms, of parts whose purpose is known."""

    spaces: Mapping[str, int]
    """parts of the residual stream and their dimensions"""
    tokens: Mapping[str, Matrix]
    """what each token (row) writes to a space"""
    positions: Mapping[str, Matrix]
    heads: Sequence[HeadPlan]
    readout: Mapping[str, Matrix]
    """from directions of a space to the logits of tokens"""
    mlps: Sequence[MlpPlan] = field(default=())

    @property
    def d_head(self) -> int:
        """The smallest width in which all heads find room."""
        wanted = []
        for head in self.heads:
            wanted.append(sum(self.spaces[its] for its in {look.key for look in head.looks}))
            wanted.append(sum(self.spaces[its] for its in {move.source for move in head.moves}))
        return max(wanted)

    def sizes(self, d_head: int) -> dict[str, float]:
        """How strongly planned parts read: of queries, keys, values and neurons, the largest norm of what
        they make of one direction."""
        looks = [look for head in self.heads for look in head.looks if look.query]
        asked = [math.sqrt(d_head) * look.scores.norm(dim=1).max().item() for look in looks]
        reads = [its.norm(dim=1).max().item() for mlp in self.mlps for its in mlp.reads.values()]
        return {"q": max([1.0, *asked]), "k": 1.0, "v": 1.0, "fc_in": max([1.0, *reads])}

    @property
    def n_layers(self) -> int:
        return 1 + max(its.layer for its in (*self.heads, *self.mlps))


def settings_for(plan: Plan) -> Settings:
    """Of the smallest model that can hold a plan, with something left for idle parts."""
    used = sum(plan.spaces.values())
    n_heads = max(
        math.ceil((used + _FEWEST_IDLE) / plan.d_head), 2 + max(its.number for its in plan.heads)
    )
    return Settings(
        name="transformer",
        n_layers=plan.n_layers,
        d_model=n_heads * plan.d_head,
        n_heads=n_heads,
        d_mlp=max([_FEWEST_NEURONS, *(len(its.bias) for its in plan.mlps)]),
        norm="none",
        tied_embeddings=False,
    )


def assembled(plan: Plan, model: Transformer, seed: int) -> Parameters:
    """The weights of a plan.

    Args:
        plan: of the parts.
        model: at least as large as `settings_for` says.
        seed: of the weights of idle parts.

    Raises:
        ValueError: the model can't hold the plan; the message says what is needed.
    """
    _refuse(plan, model)
    weights = _Weights(plan, model)
    weights.idle(seed, first=sum(plan.spaces.values()))
    for space, matrix in plan.tokens.items():
        weights.of["tok_embed.weight"][:, weights.place[space]] = matrix
    for space, matrix in plan.positions.items():
        weights.of["pos.weight"][:, weights.place[space]] = matrix
    for space, matrix in plan.readout.items():
        weights.of["head.weight"][:, weights.place[space]] = matrix.T
    for head in plan.heads:
        weights.head(head)
    for mlp in plan.mlps:
        weights.mlp(mlp)
    return weights.of


def _refuse(plan: Plan, model: Transformer) -> None:
    its, wanted = model.settings, settings_for(plan)
    as_they_are = (
        "n_loops",
        "norm",
        "positions",
        "tied_embeddings",
        "activation",
        "given_attention",
    )
    unlike = {key: getattr(wanted, key) for key in as_they_are}
    wrong = [f"{key}: {value}" for key, value in unlike.items() if getattr(its, key) != value]
    least = {"n_layers": plan.n_layers, "d_mlp": wanted.d_mlp, "d_head": plan.d_head}
    least |= {"n_heads": 1 + max(head.number for head in plan.heads)}
    least |= {"d_model": sum(plan.spaces.values())}
    wrong += [
        f"{key}: {value} at least" for key, value in least.items() if getattr(its, key) < value
    ]
    if wrong:
        raise ValueError(f"the model can't hold what is planned; it needs {', '.join(wrong)}")


class _Weights:
    """Parameters in the making."""

    def __init__(self, plan: Plan, model: Transformer) -> None:
        self._plan, self._d_head = plan, model.settings.d_head
        self.of = {name: torch.zeros(shape) for name, shape in model.shapes().items()}
        self.place: dict[str, slice] = {}
        first = 0
        for space, size in plan.spaces.items():
            self.place[space] = slice(first, first := first + size)

    def idle(self, seed: int, first: int) -> None:
        """Random weights everywhere, that write to the dimensions from `first` on, and read as strongly as
        those that are planned."""
        drawing = torch.Generator().manual_seed(seed)
        sizes = self._plan.sizes(self._d_head)
        for name, its in self.of.items():
            if not name.startswith("layers.") or its.ndim == 1:
                continue
            kind = name.removesuffix(".weight").rpartition(".")[2]
            n_rows = len(its) if kind == "fc_in" else self._d_head
            std = sizes[kind] / math.sqrt(n_rows) if kind in sizes else 1 / math.sqrt(its.shape[1])
            its.normal_(std=std, generator=drawing)
            if kind in ("o", "fc_out"):
                its[:first] = 0

    def head(self, head: HeadPlan) -> None:
        """In its rows of queries, keys and values and its columns of the output."""
        rows = slice(head.number * self._d_head, (head.number + 1) * self._d_head)
        q, k, v, o = (self.of[f"layers.{head.layer}.attn.{its}.weight"] for its in "qkvo")
        for its in (q[rows], k[rows], v[rows], o[:, rows]):
            its.zero_()
        bias = self.of[f"layers.{head.layer}.attn.q.bias"][rows]
        # Each space that is looked for, or taken along, has a block of the head's dimensions.
        blocks = self._blocks([look.key for look in head.looks])
        for space, block in blocks.items():
            k[rows][block, self.place[space]] = torch.eye(self._plan.spaces[space])
        for look in head.looks:
            scores = look.scores * math.sqrt(self._d_head)
            if look.query is None:
                bias[blocks[look.key]] += scores[0]
            else:
                q[rows][blocks[look.key], self.place[look.query]] += scores.T
        blocks = self._blocks([move.source for move in head.moves])
        for space, block in blocks.items():
            v[rows][block, self.place[space]] = torch.eye(self._plan.spaces[space])
        for move in head.moves:
            o[:, rows][self.place[move.target], blocks[move.source]] += move.by.T

    def _blocks(self, spaces: Sequence[str]) -> dict[str, slice]:
        found, first = {}, 0
        for space in dict.fromkeys(spaces):
            found[space] = slice(first, first := first + self._plan.spaces[space])
        return found

    def mlp(self, mlp: MlpPlan) -> None:
        """In the first neurons; the others stay silent."""
        n, prefix = len(mlp.bias), f"layers.{mlp.layer}.mlp"
        fc_in, fc_out = self.of[f"{prefix}.fc_in.weight"], self.of[f"{prefix}.fc_out.weight"]
        for its in (fc_in, fc_out):
            its.zero_()
        self.of[f"{prefix}.fc_in.bias"][:n] = mlp.bias
        for space, matrix in mlp.reads.items():
            fc_in[:n, self.place[space]] = matrix.T
        for space, matrix in mlp.writes.items():
            fc_out[self.place[space], :n] = matrix.T
