"""Who makes up for the heads that move the name, when these are taken out?

The hydra effect (McGrath et al. 2023, arXiv:2307.15771): without a head, the answer's lead shrinks by less
than what the head wrote towards it. What comes back is taken apart, with the final norm held at its scale
in the intact run: heads that write more than before, as backup heads do, heads that wrote against the
answer and fall silent (Wang et al. 2022, arXiv:2211.00593; McDougall et al. 2023, arXiv:2310.04625), MLPs,
and the norm, which divides by less (Rushing & Nanda 2024, arXiv:2402.15390).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from onset.analyses.heads.name_movers import N_MOVERS, Head, drawn, movers
from onset.analyses.heads.rivals import Run, asked_of_splits, replaced
from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("rival", "right_place", "rival_place", "repeat_place", "heads")
QUANTITIES = {
    "intact_lead": {"kind": "logits", "label": "lead of the answer over its rival (nats)"},
    "is_mover": {"kind": "share", "label": "is one of the name movers"},
    "*_lost_directly": {"kind": "logits", "label": "direct effect that is lost (nats): *"},
    "*_lost_lead": {"kind": "logits", "label": "lead that is lost (nats): *"},
    "*_by_heads": {"kind": "logits", "label": "made up for by heads that write more (nats): *"},
    "*_by_negative_heads": {
        "kind": "logits",
        "label": "made up for by heads that wrote against the answer (nats): *",
    },
    "*_by_mlps": {"kind": "logits", "label": "made up for by MLPs (nats): *"},
    "*_by_norm": {"kind": "logits", "label": "made up for by the final norm (nats): *"},
    "head_makes_up": {"kind": "logits", "label": "what the head makes up for (nats)"},
}

_N_DRAWS = 2


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that has a validation part and says where names are, of its first questions, at the last
    position; name movers (`is_mover`, by `layer` and `head`) and negative heads are chosen on that part:

    * `intact_lead`;
    * for the movers replaced by their mean over questions (`mean`) or by what they do on another one
      (`resample`), and for as many random heads from the movers' first layer on (`random`, by their mean,
      over several draws): `…_lost_directly`, what they wrote towards the lead; `…_lost_lead`, by how much
      it shrinks. The rest is made up for: `…_by_heads`, `…_by_negative_heads`, `…_by_mlps` and
      `…_by_norm` (with what biases write, through it);
    * `head_makes_up`, by layer and head: by how much more it writes, without the movers (`mean`).
    """
    rng = np.random.Generator(np.random.Philox(seed))
    of_splits = asked_of_splits(model, parameters, dataset)
    for name, asked in of_splits.items():
        chosen_on = of_splits.get(f"{name}{VALIDATION}")
        if chosen_on is None or not set(NEEDS[:-1]) <= asked.split.truth.keys():
            continue
        chosen = movers(chosen_on, N_MOVERS)
        if not chosen:
            continue
        negative = chosen_on.intact.effects.heads.mean(0) < 0
        intact = asked.intact
        mean = intact.z.mean(0, keepdim=True).expand_as(intact.z)
        yield Measurement("intact_lead", intact.lead.mean().item(), name, n_examples=asked.n)
        for head in chosen:
            yield Measurement("is_mover", 1.0, name, *head)
        for kind, states in (("mean", mean), ("resample", intact.z.roll(1, 0))):
            without = asked.run(replaced(chosen, states))
            for quantity, value in made_up(intact, without, chosen, negative).items():
                yield Measurement(f"{kind}_{quantity}", value, name, n_examples=asked.n)
            if kind == "mean":
                changes = without.at_scale(intact.scale).heads - intact.effects.heads
                its = changes.mean(0).tolist()
                yield from by_head("head_makes_up", its, name, n_examples=asked.n)
        first = min(layer for layer, _ in chosen)
        others = [
            (layer, head)
            for layer in range(first, asked.n_layers)
            for head in range(asked.n_heads)
            if (layer, head) not in chosen
        ]
        draws = [drawn(rng, others, len(chosen)) for _ in range(_N_DRAWS)]
        found = [made_up(intact, asked.run(replaced(its, mean)), its, negative) for its in draws]
        for quantity in found[0]:
            value = float(np.mean([its[quantity] for its in found]))
            yield Measurement(f"random_{quantity}", value, name, n_examples=asked.n)


def made_up(
    intact: Run, without: Run, taken_out: list[Head], negative: Bool[Tensor, "layers heads"]
) -> dict[str, float]:
    """Where what was lost directly comes back from; means over questions.

    Args:
        intact: the run with all heads.
        without: that in which some are replaced.
        taken_out: those.
        negative: whether a head usually writes against the answer.
    """
    now = without.at_scale(intact.scale)
    heads = (now.heads - intact.effects.heads).mean(0)
    out = torch.zeros_like(negative)
    out[tuple(torch.tensor(its) for its in zip(*taken_out, strict=True))] = True
    found = {
        "lost_directly": -heads[out].sum(),
        "lost_lead": (intact.lead - without.lead).mean(),
        "by_heads": heads[~out & ~negative].sum(),
        "by_negative_heads": heads[~out & negative].sum(),
        "by_mlps": (now.mlps - intact.effects.mlps).mean(0).sum(),
    }
    lost, lead, *back = found.values()
    found["by_norm"] = lost - lead - sum(back)
    return {name: its.item() for name, its in found.items()}
