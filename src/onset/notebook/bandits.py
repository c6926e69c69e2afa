"""How models come to play bandits, and a bandit of a reader's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from onset.measures.learning.regret import Game, game_of, payout_of
from onset.runs.run import Run
from onset.statistics import order
from onset.statistics.milestones import levels
from onset.statistics.rows import where
from onset.statistics.times import Estimate, difference, estimate, ratio
from onset.tasks.dataset import Split
from onset.tasks.learning.learners import chosen, played, scores

SIGNS = {
    "opens": "begins with each arm once", "lose_shift": "another arm after a loss",
    "regret": "loses less", "ucb_apart": "UCB1's arm, where greed has another",
}  # fmt: skip
"""measure of how a model plays → what it is called where its way through training is followed"""
_BETWEEN = (0.25, 0.75)
SHARPNESS_OF_DECAY = np.log(3) / np.log(2)
"""what an exponential approach, however fast, takes from a quarter to three quarters of its way, over
what it takes to the half: log₂ 3, about 1.6"""


def on_the_way(measures: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Signs of how a model plays new games, as parts of the way from the first checkpoint after its
    initial parameters to the last: shown (`SIGNS`), condition, seed, step, value.

    Args:
        measures: as `Study.measures`, with what `regret` measured.
        condition: whose.
    """
    rows = where(measures, measure=SIGNS, split="test", condition=condition)
    rows = rows[rows["component"].isna() & (rows["step"] > 0)]
    return order.parts_of_the_way(rows.assign(shown=rows["measure"]))


def phases(ways: pd.DataFrame) -> pd.DataFrame:
    """When each sign is half way, and how sharply it goes there, over seeds.

    Args:
        ways: of one condition, as of `on_the_way`.

    Returns:
        shown, what and the columns of `times.Estimate`: `half`, the step; `sharpness`, the steps from a
        quarter to three quarters of the way over that; `later`, the steps from when the first of `SIGNS` is
        half way.
    """
    low, high = _BETWEEN
    reached = {its: levels(where(ways, shown=its), (low, 0.5, high)) for its in SIGNS}
    first = reached[next(iter(SIGNS))][0.5]
    rows = [
        (sign, what, *found)
        for sign, its in reached.items()
        for what, found in (
            ("half", estimate(its[0.5])),
            ("sharpness", estimate(ratio(its["width"], its[0.5]))),
            ("later", estimate(difference(its[0.5], first), signed=True)),
        )
    ]
    return pd.DataFrame(rows, columns=["shown", "what", *Estimate._fields])


def played_against(
    run: Run, chances: Sequence[float], luck: int = 0, step: int | None = None
) -> pd.DataFrame:
    """A game as a model plays it, beside UCB1 with the same luck.

    Args:
        run: whose model.
        chances: how often each arm wins.
        luck: a seed: of the luck of each pull, and of UCB1's choices among equals.
        step: of the checkpoint, by default the last.

    Returns:
        `pull`, the arm and what it brought, of `model` and `UCB1`: a row per pull.

    Raises:
        ValueError: there are other arms in the model's games.
    """
    n_arms = run.dataset.splits["test"].truth["chances"].shape[1]
    if len(chances) != n_arms:
        raise ValueError(f"chances: one for each of {n_arms} arms, not {len(chances)}")
    rng = np.random.Generator(np.random.Philox(luck))
    length, of_arms = run.dataset.length, np.array([chances], float)
    of_tokens = np.zeros((1, length))
    of_tokens[:, 2::2] = rng.random((1, length // 2))
    go = run.dataset.splits["test"].tokens[:1, :1]
    tokens = np.tile(go, (1, length))
    truth = {
        "written": np.arange(length)[None] % 2 == 1,
        "luck": of_tokens,
        "chances": of_arms,
        "spread": run.dataset.splits["test"].truth["spread"][:1],
    }
    asked = Split(tokens, tokens[:, 1::2], tuple(range(0, length - 1, 2)), truth=truth)
    game = game_of(run.model, run.parameters(step), asked, run.dataset.n_tokens)
    arms, won = played(
        lambda _, tally: chosen(scores("ucb", tally, of_arms), rng),
        of_arms,
        of_tokens[:, 2::2],
        payout_of(asked, run.dataset.n_tokens),
    )
    players = {"model": game, "UCB1": Game(arms, won)}
    names, first = run.dataset.vocabulary, n_arms + 1
    columns = {
        who: [
            f"{names[arm]} {names[first + round(its_won * (len(names) - first - 1))]}"
            for arm, its_won in zip(its.arms[0], its.won[0], strict=True)
        ]
        for who, its in players.items()
    }
    return pd.DataFrame({"pull": np.arange(1, length // 2 + 1), **columns})
