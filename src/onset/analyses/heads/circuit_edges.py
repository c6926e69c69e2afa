"""Does automatic circuit discovery find the known induction circuit?

Every connection between two parts, at every position, is scored by edge attribution patching
(TransformerLens's `attribution_patch`; Syed et al. 2023, arXiv:2310.10348), comparing sequences that
repeat with others that end in the same token but have not shown it before. The known circuit: what the
previous-token head moves becomes keys of the induction heads, which copy tokens' own values and write to
the logits. Induction heads also use the last token itself as their query, which is the same in both
sequences: there is nothing to find in these connections, so they are patched but not scored. What each
path is needed for is found by path patching (Wang et al. 2023, arXiv:2211.00593; Goldowsky-Dill et al.
2023, arXiv:2304.05969): the path carries what it would carry on the other sequence, and everything else
is unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.metrics import roc_curve
from torch import Tensor
from transformer_lens.tools.analysis.attribution_patching import (
    EdgeAttributionConfig,
    Node,
    attribution_patch,
    faithfulness,
)

from onset.measures.heads.circuit import Head, circuit, scores
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.gpt2 import open_as_gpt2
from onset.models.transformer.model import Transformer
from onset.statistics.prediction import auc
from onset.tasks.dataset import Dataset

NEEDS = ("repeats", "heads", "layers", "like_gpt2")

SPLITS = ("repeats", "test")
QUANTITIES = {
    "edge_auc": {"kind": "share", "label": "AUC of edge scores"},
    "edge_auc_null": {"kind": "share", "label": "AUC of shuffled edge scores"},
    "known_found": {"kind": "share", "label": "known edges found"},
    "recovered": {"kind": "real", "label": "difference recovered by the strongest edges"},
    "known_size": {"kind": "count", "label": "edges of the known circuit", "digits": 0},
    "known_recovered": {"kind": "real", "label": "difference recovered by the known circuit"},
    "random_recovered": {"kind": "real", "label": "difference recovered by random edges"},
    "patched_*": {"kind": "real", "label": "difference lost without the path: *"},
}

_SPLIT = "repeats"
_N_PAIRS = 4
_BY_EDGE = EdgeAttributionConfig(granularity="edge")
_SIZES = (5, 10, 20, 40)
_CLEARLY = 0.5  # of its attention

Part = tuple[str, int | None, int | None]
"""kind, layer, head"""
Edge = tuple[Part, Part]


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Of connections between parts, positions taken together:

    * `edge_auc`: how well the size of their scores tells the known circuit's from the others (area
      under the ROC curve); `edge_auc_null`: the same with scores that have been shuffled;
    * `known_found`: that curve, the share of the known ones among those with the largest scores, when so
      many per cent of the others (`component`) are among them;
    * `recovered`: share of the difference between both kinds of sequences that is left when all but so
      many (`component`) connections with the largest scores are cut;
    * `known_recovered`, `random_recovered`: when only the known ones (`known_size`) are left, or as many
      at random;
    * `patched_WAY`: share of the difference that is lost when the connections of one way alone are cut.
      Those of the previous-token head to queries and values are not of the circuit.
    """
    by_edge: dict[Edge, float] = defaultdict(float)
    with torch.inference_mode(False), torch.enable_grad():
        bridge = open_as_gpt2(model, parameters)
        pairs = list(_pairs(dataset, seed))
        for pair in pairs:
            found = attribution_patch(bridge, pair.clean, pair.corrupt, pair.metric, _BY_EDGE)
            for edge, score in found.edge_scores.items():
                by_edge[_parts(edge)] += score
    at_positions = list(found.edge_scores)

    def recovered(kept: Collection[Edge]) -> float:
        """With these connections alone, at all positions; mean over pairs."""
        circuit_of = [edge for edge in at_positions if _parts(edge) in kept]
        each = [
            faithfulness(bridge, pair.clean, pair.corrupt, pair.metric, circuit_of).recovered
            for pair in pairs
        ]
        return float(np.mean(each))

    edges = sorted(by_edge, key=lambda edge: -abs(by_edge[edge]))
    of_heads = scores(model, parameters, dataset)
    previous, strongest = circuit(of_heads, "pair")
    looking = (of_heads.induction > _CLEARLY).nonzero().tolist()
    others = {Head(*place) for place in looking if place[0] > previous.layer}
    by_way = ways(previous, {strongest, *others}, model.settings.n_applications)
    known = set.union(*(by_way[way] for way in CIRCUIT))
    sizes = np.array([abs(by_edge[edge]) for edge in edges])
    its = np.array([edge in known for edge in edges])
    rng = np.random.Generator(np.random.Philox(seed))
    yield Measurement("edge_auc", auc(sizes, its))
    yield Measurement("edge_auc_null", auc(rng.permutation(sizes), its))
    of_others, of_known, _ = roc_curve(its, sizes)
    for percent in range(0, 101, 5):
        found = of_known[of_others <= percent / 100].max()
        yield Measurement("known_found", float(found), component=percent, n_examples=int(its.sum()))
    for size in _SIZES:
        yield Measurement("recovered", recovered(edges[:size]), component=size)
    yield Measurement("known_size", float(len(known)))
    yield Measurement("known_recovered", recovered(known))
    drawn = [edges[i] for i in rng.permutation(len(edges))[: len(known)]]
    yield Measurement("random_recovered", recovered(drawn))
    for way, cut in by_way.items():
        yield Measurement(f"patched_{way}", 1 - recovered(by_edge.keys() - cut))


CIRCUIT = ("token_to_previous", "previous_to_keys", "token_to_values", "induction_to_logits")
"""The ways of the induction circuit that carry what differs: the token's own, and from part to part."""


def ways(previous: Head, inductions: Collection[Head], n_layers: int) -> dict[str, set[Edge]]:
    """The connections of each way: of the circuit, and of its previous-token head to other inputs."""
    embed: Part = ("embed", None, None)
    moved: Part = ("attn_head_out", *previous)
    logits: Part = ("logits", n_layers - 1, None)
    return {
        "token_to_previous": {(embed, ("v_input", *previous))},
        "previous_to_keys": {(moved, ("k_input", *head)) for head in inductions},
        "token_to_queries": {(embed, ("q_input", *head)) for head in inductions},
        "token_to_values": {(embed, ("v_input", *head)) for head in inductions},
        "induction_to_logits": {(("attn_head_out", *head), logits) for head in inductions},
        "previous_to_queries": {(moved, ("q_input", *head)) for head in inductions},
        "previous_to_values": {(moved, ("v_input", *head)) for head in inductions},
    }


def _parts(edge: tuple[Node, Node]) -> Edge:
    """Without the position."""
    writer, reader = ((node.kind, node.layer, node.head) for node in edge)
    return writer, reader


@dataclass(frozen=True)
class _Pair:
    """A sequence that repeats, and one that ends in the same token, which it didn't have before."""

    clean: Int[Tensor, "1 length"]
    corrupt: Int[Tensor, "1 length"]
    answer: int

    def metric(self, logits: Float[Tensor, "1 length tokens"]) -> Float[Tensor, ""]:
        """The right answer's logit at the end, relative to all answers."""
        last = logits[0, -1]
        return last[self.answer] - last.mean()


def _pairs(dataset: Dataset, seed: int) -> Iterator[_Pair]:
    """As many as there are sequences that some other one can stand against, up to `_N_PAIRS`."""
    split = dataset.splits[_SPLIT]
    rng = np.random.Generator(np.random.Philox(seed))
    end, n_found = split.scored[-1] + 1, 0
    for row in rng.permutation(len(split)):
        clean = split.tokens[row, :end]
        donors = np.flatnonzero((split.tokens[:, :end] != clean[-1]).all(1))
        if n_found == _N_PAIRS or not len(donors):
            continue
        n_found += 1
        corrupt = split.tokens[rng.choice(donors), :end].copy()
        corrupt[-1] = clean[-1]
        yield _Pair(
            torch.from_numpy(clean)[None],
            torch.from_numpy(corrupt)[None],
            int(split.targets[row, -1]),
        )
