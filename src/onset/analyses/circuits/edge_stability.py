"""Does what matters depend on how one asks? The edges that matter by other ablations, measures and twins.

Each edge is patched by itself, as in `discovery`, and the edges that matter are compared with those that do
when something else is carried instead, when answers count by their likeness instead of their lead, and when
another question takes the twin's place (how much this changes is shown for larger models by Miller et al.
2024, "Transformer circuit faithfulness metrics are not robust", arXiv:2407.08734).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from onset.analyses.circuits.methods import exhaustive
from onset.analyses.circuits.patched import Asked, Patched
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, device_of
from onset.models.transformer.model import Transformer
from onset.models.transformer.wiring import Edge, Wiring
from onset.tasks.dataset import Dataset

NEEDS = ("swapped", "rival", "head_weights")
QUANTITIES = {
    "edges_matter": {"kind": "count", "label": "edges that matter", "digits": 0},
    "edges_matter_by_*": {"kind": "count", "label": "edges that matter: *", "digits": 0},
    "same_edges_by_*": {"kind": "share", "label": "edges that matter both ways: *"},
}
LEAST = 0.01
"""of the difference that all edges make: an edge without which so much is lost or gained matters"""


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that has a twin: `edges_matter`; and, for each other way to ask, `edges_matter_by_WAY` and
    `same_edges_by_WAY`, the share of all edges that matter in one of both ways that do in both. Ways are
    `mean` and `nothing` (carried instead), `likeness` (how answers count) and `other_twins`."""
    with torch.inference_mode(False), torch.no_grad():
        wiring = Wiring.of(model, parameters)
        for name, asked in Asked.of_splits(dataset, device_of(parameters)):
            first = Patched(wiring, asked)
            if not first.is_answered:
                continue
            usual = _that_matter(first, seed)
            yield Measurement("edges_matter", float(len(usual)), name)
            others = replace(asked, twins=asked.twins.roll(1, 0))
            ways = {
                "mean": Patched(wiring, asked, "mean"),
                "nothing": Patched(wiring, asked, "nothing"),
                "likeness": Patched(wiring, asked, merit="likeness"),
                "other_twins": Patched(wiring, others),
            }
            for way, patched in ways.items():
                found = _that_matter(patched, seed)
                both = len(usual & found) / max(len(usual | found), 1)
                yield Measurement(f"edges_matter_by_{way}", float(len(found)), name)
                yield Measurement(f"same_edges_by_{way}", both, name)


def _that_matter(patched: Patched, seed: int) -> set[Edge]:
    lost = exhaustive.score_edges(patched, seed).abs() / abs(patched.whole - patched.nothing)
    edges = patched.wiring.edges
    return {edge for edge, its in zip(edges, lost.tolist(), strict=True) if its > LEAST}
