"""Work shared between sequences with a common beginning.

In a causal model the state at a position depends on the tokens up to there and on nothing else.
The sequences of a batch therefore form a tree (a node per distinct prefix), and a block has to be
applied once per node instead of once per example and position; before the first block a state
depends only on (token, position), so embeddings, keys, queries and values are computed once per
distinct pair. Nodes that no scored position needs any more are left out of the next application:
of the last one, only the scored positions are left.

The tree is built with numpy on the CPU: a few hundred microseconds for a batch of 512.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from onset.models.batch import Questions


@dataclass(frozen=True)
class Application:
    """One application of a block: rows of the states before it, by index."""

    rows: Int[Tensor, " nodes"]
    """the states that are updated; they become the rows of the next application"""
    context: Int[Tensor, "nodes length"]
    """the rows that each of them attends to: its prefix, itself last, padded with itself"""
    padding: Bool[Tensor, "nodes length"] | None
    """where `context` is padded; None where it is nowhere"""


@dataclass(frozen=True, eq=False)
class PrefixTree:
    """A plan to compute the scored positions of a batch and nothing else. Equal is only the same object."""

    tokens: Int[Tensor, " pairs"]
    positions: Int[Tensor, " pairs"]
    """the distinct (token, position) pairs: the rows before the first application"""
    applications: tuple[Application, ...]
    readouts: tuple[tuple[int, Int[Tensor, " _scored"]], ...]
    """per group of questions: after which application it is read out (from 1), and which rows"""

    @classmethod
    def build(
        cls,
        questions: Sequence[Questions],
        depths: Sequence[int],
        n_tokens: int,
        device: torch.device | str = "cpu",
    ) -> PrefixTree:
        """The plan for groups of questions, of which group i is read out after `depths[i]` applications."""

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(array).to(device)

        nodes = _Nodes(questions, n_tokens)
        pairs, rows_of_node = np.unique(
            nodes.position * n_tokens + nodes.token, return_inverse=True
        )
        applications: list[Application] = []
        readouts: list[tuple[int, Tensor]] = [(0, torch.empty(0))] * len(questions)
        for depth in range(1, max(depths) + 1):
            alive = nodes.needed(depth, depths)
            path, n_padded = nodes.path[alive], nodes.n_padded[alive]
            length = path.shape[1] - n_padded.min()
            applications.append(
                Application(
                    rows=tensor(rows_of_node[alive]),
                    context=tensor(rows_of_node[path[:, :length]]),
                    padding=tensor(np.arange(length) >= path.shape[1] - n_padded[:, None])
                    if n_padded.min() != n_padded.max()
                    else None,
                )
            )
            rows_of_node = np.cumsum(alive) - 1
            for group, scored in enumerate(nodes.scored):
                if depths[group] == depth:
                    readouts[group] = (depth, tensor(rows_of_node[scored]))
        return cls(
            tokens=tensor(pairs % n_tokens),
            positions=tensor(pairs // n_tokens),
            applications=tuple(applications),
            readouts=tuple(readouts),
        )


class _Nodes:
    """The distinct prefixes of all questions, shorter ones first.

    Attributes:
        token, position: of each prefix's last token. shape: nodes
        path: the nodes from the root to each node, then itself again. shape: nodes, length
        n_padded: how often itself again. shape: nodes
        scored: per group, the nodes that are scored. shape: examples × scored positions
    """

    def __init__(self, questions: Sequence[Questions], n_tokens: int) -> None:
        lengths = [max(group.scored) + 1 for group in questions]
        node_of = [
            np.empty((len(g.tokens), n), np.int64) for g, n in zip(questions, lengths, strict=True)
        ]
        tokens, positions, paths, n_nodes = [], [], [], 0
        for position in range(max(lengths)):
            going_on = [i for i, length in enumerate(lengths) if length > position]
            keys = [questions[i].tokens[:, position] for i in going_on]
            if position:
                keys = [
                    node_of[i][:, position - 1] * n_tokens + key
                    for i, key in zip(going_on, keys, strict=True)
                ]
            distinct, inverse = np.unique(np.concatenate(keys), return_inverse=True)
            ids = n_nodes + np.arange(len(distinct))
            path = np.repeat(ids[:, None], max(lengths), axis=1)
            if position:
                first_of_level = n_nodes - len(paths[-1])
                path[:, :position] = paths[-1][distinct // n_tokens - first_of_level, :position]
            for i, nodes in zip(
                going_on,
                np.split(n_nodes + inverse, np.cumsum([len(k) for k in keys])[:-1]),
                strict=True,
            ):
                node_of[i][:, position] = nodes
            tokens.append(distinct % n_tokens)
            positions.append(np.full(len(distinct), position))
            paths.append(path)
            n_nodes += len(distinct)
        self.token, self.position = np.concatenate(tokens), np.concatenate(positions)
        self.path = np.concatenate(paths)
        self.n_padded = max(lengths) - 1 - self.position
        self.scored = [
            nodes[:, list(g.scored)].ravel() for nodes, g in zip(node_of, questions, strict=True)
        ]
        self._last = [nodes[:, -1] for nodes in node_of]

    def needed(self, depth: int, depths: Sequence[int]) -> Bool[np.ndarray, " nodes"]:
        """The nodes whose state after `depth` applications is read out or attended to later."""
        mask = np.zeros(len(self.token), bool)
        for group, its_depth in enumerate(depths):
            if its_depth == depth:
                mask[self.scored[group]] = True
            elif its_depth > depth:
                mask[self.path[self._last[group]]] = True
        return mask
