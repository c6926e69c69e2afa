"""Questions put to a model in which any edges are patched: how far the right answer still leads.

What an edge carries instead of its own is what it would carry on the question's twin (Conmy et al. 2023,
arXiv:2304.14997), its mean over questions, or nothing. Of the *lead*, the logit of the right answer over
its rival's, a circuit keeps a share: 1, if it leads as with all edges, 0, if as with none (the
faithfulness of Wang et al. 2022, arXiv:2211.00593, put as in Mueller et al. 2025, "MIB",
arXiv:2504.13151).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.transformer.wiring import Run, Wiring
from onset.tasks.dataset import VALIDATION, Dataset
from onset.tasks.twins import twins

MOST = 32
"""questions of a split"""
_AT_ONCE = 2**22  # numbers that one input of all variants in a batch may read

Instead = Literal["twin", "mean", "nothing"]
Merit = Literal["lead", "likeness"]
Scores = Float[Tensor, " edges"]


@dataclass(frozen=True, eq=False)
class Asked:
    """Questions of one split, their twins, and both right answers."""

    tokens: Int[Tensor, "questions length"]
    twins: Int[Tensor, "questions length"]
    right: Int[Tensor, " questions"]
    rival: Int[Tensor, " questions"]

    @classmethod
    def of_splits(
        cls, dataset: Dataset, device: torch.device, most: int = MOST
    ) -> Iterator[tuple[str, Asked]]:
        """The first questions of each split that has a twin, up to where they are answered; of validation
        parts none."""
        for name, twin in twins(dataset.splits).items():
            split, other = dataset.splits[name], dataset.splits[twin]
            if name.endswith(VALIDATION) or "rival" not in split.truth:
                continue
            end = split.scored[-1] + 1
            arrays = (
                split.tokens[:most, :end],
                other.tokens[:most, :end],
                split.targets[:most, -1],
                split.truth["rival"][:most],
            )
            yield name, cls(*(torch.from_numpy(its).to(device) for its in arrays))


@dataclass(eq=False)
class Patched:
    """A model that is asked them, again and again."""

    wiring: Wiring
    asked: Asked
    instead: Instead = "twin"
    merit: Merit = "lead"
    """`likeness`: minus the divergence (KL) from the answers with all edges, in nats"""
    n_runs: int = field(default=0, init=False)
    """of the model on all questions; a gradient counts as two more"""

    @property
    def n_edges(self) -> int:
        return len(self.wiring.edges)

    @cached_property
    def own(self) -> Run:
        """With nothing patched."""
        with torch.no_grad():
            return self.wiring.run(self.asked.tokens, self._scored)

    @cached_property
    def other(self) -> Float[Tensor, "writers questions length d_model"]:
        """What patched edges carry."""
        own = self.own.written[:, 0]
        if self.instead == "nothing":
            return torch.zeros_like(own)
        if self.instead == "mean":
            return own.mean(1, keepdim=True).expand_as(own)
        with torch.no_grad():
            return self.wiring.run(self.asked.twins, self._scored).written[:, 0]

    @cached_property
    def whole(self) -> float:
        """The merit with all edges."""
        return self.merits_of(self.own).item()

    @cached_property
    def nothing(self) -> float:
        """The merit with none."""
        before, found = self.n_runs, self.merits(torch.zeros(1, self.n_edges))
        self.n_runs = before
        return found.item()

    @property
    def is_answered(self) -> bool:
        """Whether the edges make any difference."""
        return abs(self.whole - self.nothing) > 1e-6 * (abs(self.whole) + abs(self.nothing))

    @torch.no_grad()
    def merits(
        self, kept: Float[Tensor, "variants edges"], begin: int = 0
    ) -> Float[Tensor, " variants"]:
        """The merit with so much of each edge kept.

        Args:
            kept: 1 for all that an edge carries.
            begin: a number of `wiring.readings` before which all edges are kept: nothing is computed again
                up to there.
        """
        size = max(1, _AT_ONCE // self.own.written[:, 0].numel())
        return torch.cat([self.merits_of(self.run(some, begin)) for some in kept.split(size)])

    def shares(
        self, kept: Float[Tensor, "variants edges"], begin: int = 0
    ) -> Float[Tensor, " variants"]:
        """The share of the merit that is kept with them; arguments as above."""
        return self.share_of(self.merits(kept, begin))

    def share_of(self, merits: Float[Tensor, " variants"]) -> Float[Tensor, " variants"]:
        """1: as with all edges; 0: as with none."""
        return (merits - self.nothing) / (self.whole - self.nothing)

    def run(self, kept: Float[Tensor, "variants edges"], begin: int = 0) -> Run:
        """Answers that gradients can pass through to `kept`."""
        self.n_runs += len(kept)
        told = (self.asked.tokens, self._scored, kept.to(self.other), self.other)
        return self.wiring.run(*told, own=self.own.written[:, 0], begin=begin)

    def merits_of(self, run: Run) -> Float[Tensor, " variants"]:
        """Of a run's answers, mean over questions."""
        last, each = run.logits[:, :, -1], torch.arange(len(self.asked.right))
        if self.merit == "lead":
            leads = last[:, each, self.asked.right] - last[:, each, self.asked.rival]
            return leads.mean(1).cpu()
        intact = self.own.logits[:, :, -1].log_softmax(-1)
        return -(intact.exp() * (intact - last.log_softmax(-1))).sum(-1).mean(1).cpu()

    def attributed(self, kept: Float[Tensor, "1 edges"] | None = None) -> Scores:
        """What each edge adds to the merit by carrying its own, to first order: the difference that it
        carries times the gradient of what reads it.

        Args:
            kept: where the gradient is taken; None: with all edges.
        """
        run = self.run(self.all_kept if kept is None else kept)
        gradients = torch.autograd.grad(self.merits_of(run).sum(), run.read)
        self.n_runs += 2
        differs = self.own.written[:, 0] - self.other
        found = [
            torch.einsum("wnld,rnld->rw", differs[: its.n_writers], gradient[0]).flatten()
            for its, gradient in zip(self.wiring.readings, gradients, strict=True)
        ]
        return torch.cat(found).cpu()

    @property
    def all_kept(self) -> Float[Tensor, "1 edges"]:
        """That everything else is measured by; gradients are taken of it."""
        return torch.ones(1, self.n_edges, requires_grad=True)

    @property
    def _scored(self) -> tuple[int, ...]:
        return (self.asked.tokens.shape[1] - 1,)
