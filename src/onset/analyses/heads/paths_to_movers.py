"""Which heads tell the name movers where not to look: path patching to their queries.

*S-inhibition heads* look at the name that comes again, and what they write makes name movers look away
from it (Wang et al. 2022, arXiv:2211.00593, section 3.2). As there, one path is patched: what a head writes
at the last position is exchanged, in the queries of the name movers alone, for what it writes where nobody
is named twice. Nothing between the two is computed anew; what follows the name movers is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.analyses.heads.name_movers import (
    N_MOVERS,
    REPEAT,
    RIGHT,
    Head,
    drawn,
    largest,
    movers,
)
from onset.analyses.heads.rivals import Asked, Change, Run, asked_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset

NEEDS = ("rival", "right_place", "rival_place", "repeat_place", "heads")
SPLITS = ("ioi", "ioi_validation", "three_names")
QUANTITIES = {
    "path_lost_lead": {
        "kind": "logits",
        "label": "lead lost without the path from the head (nats)",
    },
    "path_lost_attention": {
        "kind": "signed_share",
        "label": "name movers' preference for the right name that is lost without the path",
    },
    "all_paths_lost_lead": {"kind": "logits", "label": "lead lost without the paths (nats)"},
    "random_paths_lost_lead": {
        "kind": "logits",
        "label": "lead lost without paths from random heads (nats)",
    },
    "all_paths_lost_attention": {
        "kind": "signed_share",
        "label": "name movers' preference that is lost without the paths",
    },
    "random_paths_lost_attention": {
        "kind": "signed_share",
        "label": "name movers' preference that is lost without paths from random heads",
    },
}

_N_SENDERS = 4


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """On sentences with an indirect object; on their validation part, name movers are chosen, and of the
    heads in earlier layers the four that look most at the name that comes again:

    * `path_lost_lead` and `path_lost_attention` by `layer` and `head`: by how much the lead of the answer
      shrinks, and the mean attention of the name movers to the right name minus that to the rival's two
      places, when the path from that head is patched;
    * `all_paths_lost_lead`, `all_paths_lost_attention`: from all of them at once;
    * `random_paths_…`: from as many random heads of the layers before the name movers.
    """
    of_splits = asked_of_splits(model, parameters, dataset)
    own, chosen_on, other = (of_splits[name] for name in SPLITS)
    receivers = movers(chosen_on, N_MOVERS)
    if not receivers:
        return
    first = min(layer for layer, _ in receivers)
    looks = chosen_on.attention_to_places()[REPEAT][:first]
    senders = largest(looks, min(_N_SENDERS, looks.numel() // 2))
    earlier = [(layer, head) for layer in range(first) for head in range(looks.shape[1])]
    others = [its for its in earlier if its not in senders]
    rng = np.random.Generator(np.random.Philox(seed))

    path = _Paths(own, receivers, other)
    for sender in senders:
        lead, attention = path.lost([sender])
        yield Measurement("path_lost_lead", lead, SPLITS[0], *sender, n_examples=own.n)
        yield Measurement("path_lost_attention", attention, SPLITS[0], *sender, n_examples=own.n)
    for kind, its in (("all", senders), ("random", drawn(rng, others, len(senders)))):
        lead, attention = path.lost(its)
        yield Measurement(f"{kind}_paths_lost_lead", lead, SPLITS[0], n_examples=own.n)
        yield Measurement(f"{kind}_paths_lost_attention", attention, SPLITS[0], n_examples=own.n)


class _Paths:
    """From heads to the queries of others."""

    def __init__(self, asked: Asked, receivers: list[Head], other: Asked) -> None:
        self._asked, self._own, self._other = asked, asked.intact, other.intact
        self._receivers: dict[int, list[int]] = {}
        for layer, head in receivers:
            self._receivers.setdefault(layer, []).append(head)

    def lost(self, senders: list[Head]) -> tuple[float, float]:
        """Of the lead, and of the receivers' preference, when these paths carry what they would carry on
        the other questions."""
        layers, heads = (list(its) for its in zip(*senders, strict=True))
        differs = (self._other.z - self._own.z)[:, layers, heads]
        change = torch.einsum("qse,sed->qd", differs, self._asked.bridge.W_O[layers, heads])
        its = {
            f"blocks.{i}.attn.hook_q": partial(self._queries, i, change) for i in self._receivers
        }
        patched = self._asked.run(its)
        lead = (self._own.lead - patched.lead).mean().item()
        return lead, self._prefers(self._own) - self._prefers(patched)

    def _queries(
        self, layer: int, change: Float[Tensor, "questions d_model"], rows: Int[Tensor, " rows"]
    ) -> Change:
        """Of the receivers of a layer, as they are after a change of what the layer reads."""
        bridge, heads = self._asked.bridge, self._receivers[layer]
        state = self._own.residual[rows, layer]
        before, after = (
            bridge.blocks[layer].ln1(its[:, None])[:, 0] for its in (state, state + change[rows])
        )
        more = torch.einsum("qd,hde->qhe", after - before, bridge.W_Q[layer][heads])

        def put(queries: Float[Tensor, "rows heads d_head"]) -> Tensor:
            queries = queries.clone()
            queries[:, heads] += more
            return queries

        return put

    def _prefers(self, run: Run) -> float:
        """Mean attention of the receivers to the right name minus that to all other places told."""
        each = [
            (1 if name == RIGHT else -1) * paid[layer, heads].sum().item()
            for name, paid in self._asked.attention_in(run).items()
            for layer, heads in self._receivers.items()
        ]
        return sum(each) / sum(map(len, self._receivers.values()))
