"""Is a circuit made of the same heads in several runs, as of one whose heads another began with?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onset.comparisons.member import Compared, Member
from onset.comparisons.pairs import of_pairs
from onset.measures.heads.circuit import circuit, scores
from onset.measures.measurement import Measurement
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

TOGETHER = "runs"
NEEDS = ("repeats", "head_weights", "layers")
ALIKE = ("model.n_heads",)
QUANTITIES = {
    "same_pair": {"kind": "share", "label": "runs with the same pair of heads"},
    "same_previous_token": {"kind": "share", "label": "runs with the same previous-token head"},
    "same_induction": {"kind": "share", "label": "runs with the same induction head"},
    "same_pair_by_chance": {"kind": "share", "label": "the same pair, by chance"},
}


def compare(members: Sequence[Member[Transformer, Dataset]]) -> Iterator[Compared]:
    """Of each two runs (`onset.comparisons.pairs`), by the heads that do most of it at their ends:

    * `same_pair`: 1 where the head that looks most at previous tokens and the one that looks most after
      duplicates are the same two places in both, else 0; `same_previous_token`, `same_induction`: of one
      of them alone;
    * `same_pair_by_chance`: one over the number of pairs of a head of the first layer and one of the
      second: a null.
    """
    theirs = {its: scores(its.model, its.parameters(), its.dataset) for its in members}

    def of_two(one: Member[Transformer, Dataset], other: Member) -> Iterator[Compared]:
        same = {
            f"same_{kind}": circuit(theirs[one], kind) == circuit(theirs[other], kind)
            for kind in ("pair", "previous_token", "induction")
        }
        by_chance = 1 / one.model.settings.n_heads**2
        for name, value in {**same, "same_pair_by_chance": by_chance}.items():
            yield Compared(Measurement(name, float(value)), one, other)

    return of_pairs(members, of_two)
