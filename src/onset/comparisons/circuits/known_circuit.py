"""How much of a model is a known circuit, over its training: causal scrubbing, and every edge by itself.

The circuit is one of `onset.circuits.known`, whose parts are certain heads and MLPs of the model. Two
further hypotheses show what the numbers can tell: the circuit with the roles of its heads exchanged, which
is wrong, and that every edge matters, which no scrubbing can reject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from onset.analyses.circuits.methods import exhaustive
from onset.analyses.circuits.patched import Asked, Patched
from onset.analyses.circuits.scrubbed import scrubbed
from onset.circuits.form import Circuit, known
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import device_of
from onset.models.transformer.model import Transformer
from onset.models.transformer.wiring import Edge, Wiring
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("swapped", "rival", "clue", "place", "head_weights")
OPTIONS = {"circuit": "induction"}
QUANTITIES = {
    "scrubbed_recovered": {"kind": "real", "label": "share of the loss that the circuit recovers"},
    "exchanged_recovered": {
        "kind": "real",
        "label": "share of the loss recovered with roles exchanged",
    },
    "everything_recovered": {
        "kind": "real",
        "label": "share of the loss recovered if everything matters",
    },
    "known_share": {"kind": "share", "label": "edges that are of the circuit"},
    "known_precision": {"kind": "share", "label": "of the edges that matter, those of the circuit"},
    "known_recall": {"kind": "share", "label": "of the circuit's edges, those that matter"},
}
LEAST = 0.01
"""of the lead: an edge without which so much is lost or gained matters"""


def compare(members: Sequence[Member[Transformer, Dataset]], circuit: str) -> Iterator[Compared]:
    """Per split that has a twin, and checkpoint (`step`):

    * `scrubbed_recovered`: of the loss, what is left when everything is exchanged that doesn't matter by
    the
      circuit; 0: as much as if nothing mattered; `exchanged_recovered` and `everything_recovered`: the
      same by the wrong and the broad hypothesis. `known_share`: how much of the model the circuit says
      matters;
    * `known_precision`, `known_recall`: of the edges that matter by themselves and can tell questions
    apart.

    Raises:
        LookupError: no such circuit is known.
        ValueError: the model hasn't got its parts.
    """
    its = known(circuit)
    for run in members:
        for step in run.steps:
            parameters = run.parameters(step)
            with torch.inference_mode(False), torch.no_grad():
                wiring = Wiring.of(run.model, parameters)
                _refuse(its, wiring)
                for name, asked in Asked.of_splits(run.dataset, device_of(parameters)):
                    found = _scrubbed(wiring, run.dataset, name, its, run.seed)
                    found |= _edge_by_edge(Patched(wiring, asked), its, run.seed)
                    for measure, value in found.items():
                        yield Compared(Measurement(measure, value, name), run, step=step)


def _refuse(circuit: Circuit, wiring: Wiring) -> None:
    if lacking := sorted(circuit.all_edges - set(wiring.edges)):
        edge = lacking[0]
        raise ValueError(
            f"{circuit.title}: the model has no edge from {edge.writer} to {edge.reader}"
        )


@dataclass(frozen=True)
class _Everything:
    """The hypothesis by which every edge matters, whatever it carries."""

    all_edges: frozenset[Edge]
    facts: Mapping[str, Sequence[str]]


def _scrubbed(
    wiring: Wiring, dataset: Dataset, split: str, circuit: Circuit, seed: int
) -> dict[str, float]:
    hypotheses = {"scrubbed": circuit, "everything": _Everything(frozenset(wiring.edges), {})}
    if circuit.has_roles_to_exchange:
        hypotheses["exchanged"] = circuit.with_roles_exchanged()
    found = {
        f"{name}_recovered": scrubbed(wiring, dataset.splits[split], its, seed).recovered
        for name, its in hypotheses.items()
    }
    return {**found, "known_share": len(circuit.all_edges) / len(wiring.edges)}


def _edge_by_edge(patched: Patched, circuit: Circuit, seed: int) -> dict[str, float]:
    if not patched.is_answered:
        return {}
    lost = exhaustive.score_edges(patched, seed).abs()
    least = LEAST * abs(patched.whole - patched.nothing)
    edges = patched.wiring.edges
    matter = {edge for edge, its in zip(edges, lost.tolist(), strict=True) if its > least}
    both = len(matter & circuit.telling)
    precision = {"known_precision": both / len(matter)} if matter else {}
    return {**precision, "known_recall": both / len(circuit.telling)}
