"""A bandit of a reader's own, and how a model plays it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from onset.measures.learning.regret import Game, game_of, payout_of
from onset.runs.run import Run
from onset.tasks.dataset import Split
from onset.tasks.learning.learners import chosen, played, scores


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
