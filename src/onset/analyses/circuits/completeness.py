"""Does a circuit that was found miss nothing, and is all of it needed?

That a circuit answers as the whole model does isn't enough (Wang et al. 2022, arXiv:2211.00593, section 4).
It is *complete* if, whatever of it is knocked out, the rest of it still answers as the model does without
the same edges: a circuit that misses a backup doesn't. It is *minimal* if every edge makes a difference, be
it only once others are knocked out. There heads are knocked out; here edges, which then carry the twin's.
The circuit is the smallest by EAP-IG that keeps nine tenths of the lead.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from onset.analyses.circuits.grading import graded
from onset.analyses.circuits.methods import eap_ig
from onset.analyses.circuits.patched import Asked, Patched
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, device_of
from onset.models.transformer.model import Transformer
from onset.models.transformer.wiring import Wiring
from onset.tasks.dataset import Dataset

NEEDS = ("swapped", "rival", "head_weights")
QUANTITIES = {
    "incomplete_at_random": {
        "kind": "real",
        "label": "lead of circuit and model apart, half of it knocked out",
    },
    "incomplete_at_most": {
        "kind": "real",
        "label": "lead of circuit and model apart, the worst edges knocked out",
    },
    "incomplete_elsewhere": {
        "kind": "real",
        "label": "lead of circuit and model apart, other edges of the model knocked out",
    },
    "needed_in_circuit": {"kind": "share", "label": "edges of the circuit that are needed"},
    "needed_outside": {"kind": "share", "label": "edges outside of it that would be"},
}
LEAST = 0.01
"""of the lead, which an edge that is needed changes"""
N_KNOCKED = 16
"""sets of edges, drawn at random, that are knocked out"""
_N_TRIED = 3  # of them, with which every edge is tried
_WORST = 4  # edges that are looked for one after the other
_OWN = 8_017  # a stream that nothing else is drawn from

Edges = Bool[Tensor, " edges"]
Sets = Bool[Tensor, "sets edges"]


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that has a twin, in shares of the lead that all edges make:

    * `incomplete_at_random`: by how much the circuit and the model differ, both without the same half of
      the circuit; mean over halves. `incomplete_at_most`: without the edges that make it most, searched one
      by one. `incomplete_elsewhere`, a null: the circuit without half of it, and the model without as many
      edges drawn from all;
    * `needed_in_circuit`: share of the circuit's edges that change what it keeps by at least .01, with
      nothing or with some half of it knocked out. `needed_outside`, a null: of as many other edges, put to
      the circuit.
    """
    with torch.inference_mode(False), torch.enable_grad():
        wiring = Wiring.of(model, parameters)
        for name, asked in Asked.of_splits(dataset, device_of(parameters)):
            patched = Patched(wiring, asked)
            if not patched.is_answered:
                continue
            scores = eap_ig.score_edges(patched, seed).detach()
            circuit = torch.from_numpy(graded(patched, scores).circuit)
            rng = np.random.Generator(np.random.Philox(key=[seed, _OWN]))
            for measure, value in _judged(patched, circuit, rng):
                yield Measurement(measure, value, name, n_examples=len(asked.right))


def _judged(
    patched: Patched, circuit: Edges, rng: np.random.Generator
) -> Iterator[tuple[str, float]]:
    halves = halved(circuit, N_KNOCKED, rng)
    yield "incomplete_at_random", incompleteness(patched, circuit, halves, halves).mean().item()
    yield "incomplete_at_most", worst(patched, circuit)
    elsewhere = torch.stack([_drawn(torch.ones_like(its), int(its.sum()), rng) for its in halves])
    yield (
        "incomplete_elsewhere",
        incompleteness(patched, circuit, halves, elsewhere).mean().item(),
    )
    knocked = torch.cat([torch.zeros_like(halves[:1]), halves[:_N_TRIED]])
    yield "needed_in_circuit", needed(patched, circuit, circuit, knocked)
    n = int(min(circuit.sum(), (~circuit).sum()))
    if n:
        yield "needed_outside", needed(patched, circuit, _drawn(~circuit, n, rng), knocked)


def halved(circuit: Edges, n: int, rng: np.random.Generator) -> Sets:
    """So many sets of the circuit's edges, each of which is in a set as often as not."""
    return circuit & torch.from_numpy(rng.random((n, len(circuit))) < 1 / 2)


def _drawn(among: Edges, n: int, rng: np.random.Generator) -> Edges:
    found = torch.zeros_like(among)
    found[torch.from_numpy(rng.choice(among.nonzero()[:, 0].numpy(), n, replace=False))] = True
    return found


def incompleteness(
    patched: Patched, circuit: Edges, of_circuit: Sets, of_model: Sets
) -> Float[Tensor, " sets"]:
    """How far apart, in shares of the lead, the circuit without some of its edges and the model without
    some of its own are."""
    kept = torch.cat([circuit & ~of_circuit, ~of_model]).float()
    its, models = patched.shares(kept).chunk(2)
    return (its - models).abs()


def worst(patched: Patched, circuit: Edges) -> float:
    """The largest incompleteness that is found by knocking out edges of the circuit one after the other,
    each time the one that adds most to it."""
    knocked = torch.zeros_like(circuit)
    most = incompleteness(patched, circuit, knocked[None], knocked[None]).item()
    for _ in range(_WORST):
        left = (circuit & ~knocked).nonzero()[:, 0]
        if not len(left):
            break
        tried = knocked.repeat(len(left), 1)
        tried[torch.arange(len(left)), left] = True
        found = incompleteness(patched, circuit, tried, tried)
        if found.max() <= most:
            break
        most, knocked = found.max().item(), tried[found.argmax()]
    return most


def needed(patched: Patched, circuit: Edges, edges: Edges, knocked: Sets) -> float:
    """Share of the edges that change what the circuit keeps by at least `LEAST`, whichever of the sets is
    knocked out."""
    each = edges.nonzero()[:, 0]
    changed = torch.zeros(len(each))
    for left in circuit & ~knocked:
        # With the edge, if it was without, and the other way round.
        tried = torch.cat([left[None], left.repeat(len(each), 1)])
        tried[1 + torch.arange(len(each)), each] ^= True
        before, *after = patched.shares(tried.float())
        changed = torch.maximum(changed, (torch.stack(after) - before).abs())
    return (changed >= LEAST).double().mean().item()
