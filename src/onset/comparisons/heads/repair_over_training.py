"""When in training do others begin to make up for the heads that move a name?

At each checkpoint, its own name movers are taken out, as the analysis `self_repair` does at the end. What
comes back is told in nats: early on, when name movers write next to nothing, a share of it would be noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from onset.analyses.heads.name_movers import N_MOVERS, drawn, movers
from onset.analyses.heads.rivals import Asked, asked_of_splits, replaced
from onset.analyses.heads.self_repair import made_up
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.tasks.dataset import VALIDATION, Dataset

TOGETHER = "checkpoints"
NEEDS = ("rival", "right_place", "rival_place", "repeat_place", "heads", "layers")
OPTIONS = {"split": "ioi"}
QUANTITIES = {
    "repair_lead": {"kind": "logits", "label": "lead of the answer over its rival (nats)"},
    "repair_lost_directly": {"kind": "logits", "label": "direct effect lost with name movers (nats)"},
    "repair_lost_lead": {"kind": "logits", "label": "lead lost with name movers (nats)"},
    "repair_by_heads": {"kind": "logits", "label": "made up for by backup heads (nats)"},
    "repair_by_negative_heads": {"kind": "logits", "label": "made up for by negative heads (nats)"},
    "repair_by_mlps": {"kind": "logits", "label": "made up for by MLPs (nats)"},
    "repair_by_norm": {"kind": "logits", "label": "made up for by the final norm (nats)"},
    "random_by_heads": {"kind": "logits", "label": "made up for by heads, random ones lost (nats)"},
    "random_lost_directly": {"kind": "logits", "label": "direct effect lost with random heads (nats)"},
}  # fmt: skip


def compare(members: Sequence[Member[ReadableModel, Dataset]], split: str) -> Iterator[Compared]:
    """At each checkpoint (`step`), on the questions of a split, when the name movers chosen on its
    validation part are replaced by their mean over questions:

    * `repair_lead` of the intact model; `repair_lost_directly`, what the movers wrote towards it;
      `repair_lost_lead`, by how much it shrinks; the rest is made up for `repair_by_heads`,
      `repair_by_negative_heads`, `repair_by_mlps` and `repair_by_norm`;
    * `random_lost_directly`, `random_by_heads`: of as many other heads, from the movers' first layer on.

    Raises:
        KeyError: the world has no such split, or it has no validation part.
    """
    parts = split, f"{split}{VALIDATION}"
    for run in members:
        dataset = run.dataset.only(parts)
        for step in run.steps:
            of_splits = asked_of_splits(run.model, run.parameters(step), dataset)
            asked, chosen_on = (of_splits[part] for part in parts)
            for quantity, value in _found(asked, chosen_on, run.seed).items():
                found = Measurement(quantity, value, split, n_examples=asked.n)
                yield Compared(found, run, step=step)


def _found(asked: Asked, chosen_on: Asked, seed: int) -> dict[str, float]:
    chosen = movers(chosen_on, N_MOVERS)
    negative = chosen_on.intact.effects.heads.mean(0) < 0
    intact = asked.intact
    mean = intact.z.mean(0, keepdim=True).expand_as(intact.z)
    first = min(layer for layer, _ in chosen)
    others = [
        (layer, head)
        for layer in range(first, asked.n_layers)
        for head in range(asked.n_heads)
        if (layer, head) not in chosen
    ]
    rng = np.random.Generator(np.random.Philox(seed))
    found = {"repair_lead": intact.lead.mean().item()}
    taken_out = {"repair": chosen, "random": drawn(rng, others, len(chosen))}
    for kind, heads in taken_out.items():
        its = made_up(intact, asked.run(replaced(heads, mean)), heads, negative)
        names = {quantity: f"{kind}_{quantity}" for quantity in its}
        found |= {name: its[of] for of, name in names.items() if name in QUANTITIES}
    return found
