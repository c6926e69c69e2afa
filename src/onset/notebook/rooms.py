"""A dark room of a reader's own, and how a model walks in it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from onset.measures.learning.returns import returns, walks_of_model
from onset.runs.run import Run
from onset.tasks.dataset import Split
from onset.tasks.learning.dark_room import room_of


def walked_in(run: Run, row: int, column: int, step: int | None = None) -> pd.DataFrame:
    """A room as a model walks in it, episode by episode.

    Args:
        run: whose model.
        row: of the goal, from 0.
        column: likewise.
        step: of the checkpoint, by default the last.

    Returns:
        `episode`; `walk`, where its moves led; `in the light`: of the steps that could have
        ended there, how many did.

    Raises:
        ValueError: the goal is outside the room, or where walks begin.
    """
    test = run.dataset.splits["test"]
    room, n_steps = room_of(test, run.dataset.n_tokens)
    goal = row * room.side + column
    if not (min(row, column) >= 0 and max(row, column) < room.side and goal != room.start):
        raise ValueError(
            f"the goal: a row and a column below {room.side}, and not where walks begin, "
            f"{divmod(room.start, room.side)}; not {(row, column)}"
        )
    truth = {"written": test.truth["written"][:1], "goal": np.array([goal])}
    asked = Split(test.tokens[:1], test.targets[:1], test.scored, truth=truth)
    walks = walks_of_model(run.model, run.parameters(step), asked, room, n_steps)
    names = run.dataset.vocabulary
    first = len(names) - room.n_places
    return pd.DataFrame(
        {
            "episode": range(1, walks.places.shape[1] + 1),
            "walk": [
                " ".join("light" if its == goal else names[first + its] for its in places)
                for places in walks.places[0].tolist()
            ],
            "in the light": returns(walks, truth["goal"], room)[0],
        }
    )
