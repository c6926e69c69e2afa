"""What is found of each two of several runs that stand together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from statistics import fmean

from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement


def of_pairs(
    members: Sequence[Member], compare: Callable[[Member, Member], Iterable[Compared]]
) -> Iterator[Compared]:
    """Of two runs, what is found of them; of more, what is found of each two.

    Of more than two runs with one seed, it is the mean over all pairs in which a number was found: pairs in
    one world aren't independent, and intervals are over seeds.

    Args:
        members: two or more.
        compare: of two of them, in their order.
    """
    rows = [row for one, other in combinations(members, 2) for row in compare(one, other)]
    if len(members) == 2 or len({its.seed for its in members}) > 1:
        yield from rows
        return
    alike: dict[Compared, list[Measurement]] = {}
    for row in rows:
        found = row.found._replace(value=0.0, n_examples=None)
        alike.setdefault(row._replace(found=found, of=None, other=None), []).append(row.found)
    for about, its in alike.items():
        n = min((one.n_examples for one in its if one.n_examples is not None), default=None)
        mean = about.found._replace(value=fmean(one.value for one in its), n_examples=n)
        yield about._replace(found=mean)
