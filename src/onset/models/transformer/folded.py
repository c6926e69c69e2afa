"""One application of a block without norms: its linear maps are multiplied together first.

Attention reads only a few distinct rows, one per (token, position). With no norm in between, the path
from such a row through value, output and the MLP's first layer is one linear map per head. It is applied
to every row once; before their activation, the neurons of an example are then a weighted sum of a dozen
rows of that table instead of a product with a matrix. The same holds for its logits, except for what the
neurons add: there, the MLP's second layer and the readout are one matrix. A row that all nodes attend to,
such as the row of the query, is subtracted from all others beforehand: attention sums to one, so that its
own terms drop out. The numbers are the same up to float rounding; the reference model of modular addition
takes less than half the multiplications.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.transformer.mixed_mlp import mixed_mlp, mixed_neurons
from onset.models.transformer.mixture import Lookup, Mixture
from onset.models.transformer.prefix_tree import PrefixTree
from onset.models.transformer.settings import Settings


def pays(settings: Settings, n_tokens: int, tree: PrefixTree) -> bool:
    """Whether this is possible, and takes fewer multiplications than matrix by matrix.

    On a GPU never: gathering rows is slower there than multiplying matrices.
    """
    if settings.norm != "none" or settings.norms_neurons:
        return False
    if len(tree.applications) > 1 or tree.tokens.is_cuda:
        return False
    (application,) = tree.applications
    n_nodes, length = application.context.shape
    d, m = settings.d_model, settings.d_mlp
    one_by_one = n_nodes * d * (d + 2 * m + n_tokens)
    tables = (d + len(tree.tokens)) * d * (m + n_tokens)
    sums = n_nodes * length * settings.n_heads * (m + n_tokens)
    return tables + sums + n_nodes * m * n_tokens < one_by_one


@dataclass(frozen=True)
class Plan:
    """What nodes of a tree share: rows that ask, pairs of rows that meet, rows that are summed."""

    asking: Int[Tensor, " asking"]
    """the distinct rows with a query"""
    pairs: Int[Tensor, "pairs 2"]
    """the distinct (place in `asking`, row attended to)"""
    met: Lookup
    """which of the pairs, by place in its prefix and node: over places first, a softmax is fast"""
    common: int | None
    """a row that all nodes attend to, at the same place of their prefixes"""
    summed: Int[Tensor, " places"]
    """the other places"""
    mixture: Mixture
    """what each node sums: every row at these places by every head, and itself"""
    answers: Int[Tensor, " scored"] | None
    """the node of each answer; None: one after the other"""


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # kept for trainings, too
def _plan(tree: PrefixTree, n_heads: int) -> Plan:
    """Kept, as the tree is, for those who ask the same again."""
    (application,) = tree.applications
    n_rows, n_nodes = len(tree.tokens), len(application.rows)
    asking, own = application.rows.unique(return_inverse=True)
    pairs, met = (own[:, None] * n_rows + application.context).unique(return_inverse=True)
    same = (application.context == application.context[0]).all(0)
    common = int(same.int().argmax()) if same.any() else None
    summed = torch.tensor([i for i in range(len(same)) if i != common], dtype=torch.int32)
    by_head = application.context[:, summed, None] + n_rows * torch.arange(n_heads)
    terms = torch.cat([by_head.flatten(1), n_rows * n_heads + own[:, None]], 1)
    answers = torch.cat([rows for _, rows in tree.readouts])
    return Plan(
        asking=asking,
        pairs=torch.stack([pairs // n_rows, pairs % n_rows], 1),
        met=Lookup(met.T.contiguous(), len(pairs)),
        common=None if common is None else int(application.context[0, common]),
        summed=summed,
        mixture=Mixture(terms, n_rows * n_heads + len(asking)),
        answers=None if torch.equal(answers, torch.arange(n_nodes)) else answers,
    )


class Folded:
    """The one application of a block to a tree, as sums over its rows."""

    def __init__(
        self,
        p: Mapping[str, Tensor],
        x: Float[Tensor, "rows d_model"],
        n_heads: int,
        activation: Callable[[Tensor], Tensor],
        tree: PrefixTree,
    ) -> None:
        """Attend.

        Args:
            p: parameters of the block by their short names.
            x: the embedded rows of the tree.
            n_heads: of the block.
            activation: of its MLP, if it has one.
            tree: of one application.
        """
        self._p, self._plan, self._activation = p, _plan(tree, n_heads), activation
        plan = self._plan
        attention = _attention(p, x, n_heads, plan, tree.applications[0].padding)
        attention = attention.index_select(0, plan.summed).transpose(0, 1).flatten(1)
        self._weights = torch.cat([attention, attention.new_ones(len(attention), 1)], 1)
        values = F.linear(x, p["attn.v.weight"], p["attn.v.bias"])
        self._asking = F.embedding(plan.asking, x) + p["attn.o.bias"]
        if plan.common is not None:
            common = values[plan.common]
            values = values - common
            self._asking = self._asking + F.linear(common, p["attn.o.weight"])
        self._values = values.unflatten(1, (n_heads, -1)).transpose(0, 1)

    def logits(self, readout: Float[Tensor, "tokens d_model"]) -> Float[Tensor, "scored tokens"]:
        """At the scored positions, by the matrix that answers are read out with."""
        p, sums = self._p, self._plan.mixture
        if "mlp.fc_in.weight" not in p:
            return self._in_order(sums(self._weights, self._seen_by(readout)))
        found = mixed_mlp(
            sums,
            self._weights,
            into_neurons=self._seen_by(p["mlp.fc_in.weight"], p["mlp.fc_in.bias"]),
            from_neurons=(readout @ p["mlp.fc_out.weight"]).T,
            direct=self._seen_by(readout, readout @ p["mlp.fc_out.bias"]),
            activation=self._activation,
        )
        return self._in_order(found)

    def neurons(self) -> Float[Tensor, "scored d_mlp"]:
        """After their activation, at the scored positions."""
        table = self._seen_by(self._p["mlp.fc_in.weight"], self._p["mlp.fc_in.bias"])
        sums = self._plan.mixture
        return self._in_order(mixed_neurons(sums, self._weights, table, self._activation))

    def _seen_by(
        self, matrix: Float[Tensor, "out d_model"], bias: Float[Tensor, " out"] | None = None
    ) -> Float[Tensor, "rows_and_asking out"]:
        """What a linear map makes of the states after attention: the table whose rows nodes sum."""
        of_heads = (matrix @ self._p["attn.o.weight"]).unflatten(1, (len(self._values), -1))
        written = (self._values @ of_heads.permute(1, 2, 0)).flatten(0, 1)
        return torch.cat([written, F.linear(self._asking, matrix, bias)])

    def _in_order(self, by_node: Float[Tensor, "nodes n"]) -> Float[Tensor, "scored n"]:
        answers = self._plan.answers
        return by_node if answers is None else F.embedding(answers, by_node)


def _attention(
    p: Mapping[str, Tensor],
    x: Float[Tensor, "rows d_model"],
    n_heads: int,
    plan: Plan,
    padding: Tensor | None,
) -> Float[Tensor, "length nodes heads"]:
    """The attention that every node pays to its prefix, from one score per pair of rows that meet."""
    q = F.linear(F.embedding(plan.asking, x), p["attn.q.weight"], p["attn.q.bias"])
    k = F.linear(x, p["attn.k.weight"], p["attn.k.bias"])
    products = F.embedding(plan.pairs[:, 0], q) * F.embedding(plan.pairs[:, 1], k)
    scores = products.unflatten(1, (n_heads, -1)).sum(-1) / math.sqrt(x.shape[1] // n_heads)
    scores = plan.met(scores)
    if padding is not None:
        scores = scores.masked_fill(padding.T[..., None], -torch.inf)
    return scores.softmax(0)
