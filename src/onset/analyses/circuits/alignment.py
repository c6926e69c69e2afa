"""Is what decides between an answer and its rival in one place, and in few dimensions?

Distributed alignment search (Geiger et al. 2024, arXiv:2303.02536; TransformerLens's `fit_das`): a
subspace of the state at the last position is learnt, so that exchanging what is in it with the question's
twin turns the answer into its rival. It is learnt on a split's validation part and tried on the split;
where twins have no validation part, it is learnt on one half of the questions and tried on the other. Such
a search can find something where there is nothing (Makelov et al. 2023, arXiv:2311.17030; Arora et
al. 2024, arXiv:2402.12560). So the same is done with answers that are drawn at random for each question,
and with an untrained model; and a random subspace is moved in as far.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.tools.analysis.interchange import (
    NormMatchedPlacebo,
    SubspaceInterchange,
    arbitrary_targets,
    collect_activations,
    fit_das,
    intervened_logits,
    random_basis,
)

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import VALIDATION, Dataset
from onset.tasks.twins import twin_of, twins

NEEDS = ("swapped", "rival", "head_weights")
QUANTITIES = {
    "aligned": {"kind": "share", "label": "answers that follow the exchanged subspace"},
    "aligned_placebo": {"kind": "share", "label": "answers that follow a random subspace"},
    "aligned_untrained": {"kind": "share", "label": "the same in an untrained model"},
    "aligned_arbitrary": {"kind": "share", "label": "arbitrary answers that follow"},
}

Intervention = Callable[[Tensor, Tensor], Tensor]
"""a question's states, and those of its twin → what the question goes on with"""

RANKS = (1, 4, 16)
"""dimensions of the subspaces"""
_MOST = 128
"""questions of a split"""
_FITTING = {"epochs": 30, "batch_size": 32, "lr": 0.05}
_OWN = 1 << 20  # a random subspace must not begin as the model's embeddings once did


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that has a twin, block application (`layer`: the state before it; the
    last: the state that is read out) and rank (`component`):

    * `aligned`: share of questions that are answered by the rival, out of the two, once the learnt subspace
      has the state of the twin;
    * `aligned_placebo`: when a random one of this rank has been moved in as far;
    * `aligned_untrained`: of an untrained model with a subspace learnt for it;
    * `aligned_arbitrary`: when the subspace was learnt to turn answers into arbitrary ones.
    """
    untrained = model.initial_parameters(seed)
    with torch.inference_mode(False), torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened = {
            kind: open_bridge(model, {name: p.clone() for name, p in its.items()}, model.depth(1))
            for kind, its in (("", parameters), ("_untrained", untrained))
        }
        for name in twins(dataset.splits):
            if name.endswith(VALIDATION) or "rival" not in dataset.splits[name].truth:
                continue
            chosen, tried = _chosen_and_tried(dataset, name)
            for layer in range(model.depth(1) + 1):
                for rank in RANKS:
                    if rank > model.settings.d_model:
                        continue
                    for kind, share in _found(opened, chosen, tried, layer, rank, seed):
                        about = {"component": rank, "n_examples": len(tried.right)}
                        yield Measurement(f"aligned{kind}", share, name, layer, **about)


class _Pairs:
    """Questions of a split, and their twins."""

    def __init__(self, dataset: Dataset, name: str, rows: slice) -> None:
        own, other = dataset.splits[name], dataset.splits[twin_of(name)]
        end = own.scored[-1] + 1
        self.base, self.source = (torch.from_numpy(its.tokens[rows, :end]) for its in (own, other))
        self.right = torch.from_numpy(own.targets[rows, -1])
        self.rival = torch.from_numpy(own.truth["rival"][rows])

    def __len__(self) -> int:
        return len(self.right)

    @property
    def last(self) -> Int[Tensor, " questions"]:
        """The place of the answer in each."""
        return torch.full((len(self),), self.base.shape[1] - 1)

    def arbitrary(self, seed: int) -> Int[Tensor, " questions"]:
        """For each question, by chance, whether it is the right answer or its rival that is wanted."""
        keys = [tuple(row) for row in self.source.tolist()]
        return torch.where(arbitrary_targets(keys, 2, seed) > 0, self.rival, self.right)


def _chosen_and_tried(dataset: Dataset, name: str) -> tuple[_Pairs, _Pairs]:
    """Questions that a subspace is learnt on, and others that it is tried on."""
    n = min(len(dataset.splits[name]), 2 * _MOST)
    if twin_of(name + VALIDATION) in dataset.splits:
        both = (name + VALIDATION, slice(_MOST)), (name, slice(_MOST))
    else:
        both = (name, slice(n // 2)), (name, slice(n // 2, n))
    chosen, tried = (_Pairs(dataset, split, rows) for split, rows in both)
    return chosen, tried


def _found(
    opened: dict[str, TransformerBridge],
    chosen: _Pairs,
    tried: _Pairs,
    layer: int,
    rank: int,
    seed: int,
) -> Iterator[tuple[str, float]]:
    """Kind of number, and share."""
    for kind, bridge in opened.items():
        n_layers = bridge.cfg.n_layers
        hook = f"blocks.{layer}.hook_resid_pre"
        if layer == n_layers:
            hook = f"blocks.{n_layers - 1}.hook_resid_post"
        follow = partial(_following, bridge, hook, tried)
        learnt = _learnt(bridge, hook, chosen, chosen.rival, rank, seed)
        yield kind, follow(learnt, tried.rival)
        if kind:
            continue
        random = random_basis(bridge.cfg.d_model, rank, _OWN + seed)
        yield "_placebo", follow(NormMatchedPlacebo(learnt, random), tried.rival)
        arbitrary = _learnt(bridge, hook, chosen, chosen.arbitrary(seed), rank, seed)
        yield "_arbitrary", follow(arbitrary, tried.arbitrary(seed))


def _answers(
    bridge: TransformerBridge, tokens: Int[Tensor, "questions length"]
) -> Float[Tensor, "questions tokens"]:
    return bridge(tokens)[:, -1]


def _learnt(
    bridge: TransformerBridge,
    hook: str,
    pairs: _Pairs,
    wanted: Int[Tensor, " questions"],
    rank: int,
    seed: int,
) -> SubspaceInterchange:
    found = fit_das(
        bridge,
        hook,
        pairs.base,
        pairs.source,
        wanted,
        partial(_answers, bridge),
        rank=rank,
        base_positions=pairs.last,
        source_positions=pairs.last,
        seed=seed,
        **_FITTING,
    )
    return SubspaceInterchange(found.basis)


def _following(
    bridge: TransformerBridge,
    hook: str,
    pairs: _Pairs,
    intervention: Intervention,
    wanted: Int[Tensor, " questions"],
) -> float:
    """Share of questions of which the wanted answer then leads over the other of both."""
    ask = partial(_answers, bridge)
    source = collect_activations(bridge, hook, pairs.source, ask, positions=pairs.last)
    logits = intervened_logits(
        bridge, hook, intervention, pairs.base, source, ask, positions=pairs.last
    )
    other = torch.where(wanted == pairs.rival, pairs.right, pairs.rival)
    each = torch.arange(len(pairs))
    return (logits[each, wanted] > logits[each, other]).double().mean().item()
