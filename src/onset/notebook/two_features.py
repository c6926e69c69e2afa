"""Which solution of two features in one dimension is found, and which is predicted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch

from onset.measures.superposition.two_features import (
    PHASES,
    best,
    boundary,
    candidates,
    expected_loss,
    phase_of,
)
from onset.notebook.worlds import Worlds
from onset.runs.run import Run
from onset.statistics.boundary import falling_edge
from onset.statistics.rows import where

CONDITIONS = ("two_features", "two_features_linear")
"""of such worlds; the second is a null, without the ReLU"""
_CELL = ["density", "importance"]


def predicted(cells: pd.DataFrame) -> pd.DataFrame:
    """What is to be expected in worlds of two features.

    Args:
        cells: density, importance.

    Returns:
        These, candidates (the phase of the cheapest candidate), exact (that of the least exact loss) and
        least (that loss); a row per world.
    """
    worlds = cells[_CELL].drop_duplicates().reset_index(drop=True)
    density, importance = (torch.tensor(worlds[name].to_numpy()) for name in _CELL)
    closed = torch.stack(torch.broadcast_tensors(*candidates(density, importance)))
    directions, _, loss = best(density, importance)
    cheapest = [PHASES[place] for place in closed.argmin(0).tolist()]
    return worlds.assign(candidates=cheapest, exact=phase_of(directions), least=loss.numpy())


def solutions(worlds: Worlds) -> pd.DataFrame:
    """What networks have found before and after training, beside what is to be expected.

    Of the restarts of a world it is the one with the least exact loss.

    Returns:
        condition, instance, density, importance, seed, trained, loss, phase, and the columns of
        `predicted`.
    """
    there = [name for name in CONDITIONS if name in worlds.study.conditions]
    found = []
    for run in (worlds.study.run(name, seed) for name in there for seed in worlds.study.seeds):
        grid = worlds.grids[worlds.grids["condition"] == run.condition]
        for step in (run.steps[0], run.steps[-1]):
            its = _solution(run, step, grid)
            found.append(its.loc[its.groupby(_CELL)["loss"].idxmin()])
    rows = pd.concat(found, ignore_index=True)
    return rows.merge(predicted(rows), on=_CELL)


def _solution(run: Run, step: int, grid: pd.DataFrame) -> pd.DataFrame:
    parameters = run.parameters(step)
    directions = parameters["encode.weight"][:, 0].double()
    biases = parameters["decode.bias"][:, :, 0].double()
    world = (torch.tensor(grid[name].to_numpy()) for name in _CELL)
    relu = run.model.settings.output_activation == "relu"
    loss = expected_loss(directions, biases, *world, relu)
    return grid.assign(
        seed=run.seed, trained=step > 0, loss=loss.numpy(), phase=phase_of(directions)
    )


def maps(solutions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The maps that are shown side by side: density, importance, phase; a row or several per cell."""
    cells = solutions.drop_duplicates(_CELL)
    found = networks(solutions)
    shown = {
        "three candidates": cells.assign(phase=cells["candidates"]),
        "exact optimum": cells.assign(phase=cells["exact"]),
        "trained": found["trained"],
        "null: no ReLU": found["no ReLU"],
    }
    return {title: its for title, its in shown.items() if len(its)}


def networks(solutions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What may agree with a prediction: trained networks, their nulls, and always the commonest answer."""
    own, null = CONDITIONS
    trained = where(solutions, condition=own, trained=True)
    return {
        "trained": trained,
        "untrained": where(solutions, condition=own, trained=False),
        "no ReLU": where(solutions, condition=null, trained=True),
        "commonest answer": trained.assign(phase=trained["phase"].mode()[0]),
    }


def borders(importances: Iterable[float], n: int = 31) -> dict[str, pd.DataFrame]:
    """Up to which density both features are kept: importance, density, by each prediction.

    Args:
        importances: of the second feature.
        n: densities, from a tenth to 1, between which the exact optimum's border is looked for.
    """
    axis = torch.tensor(sorted(importances), dtype=torch.float64)
    fine = torch.logspace(-1, 0, n, dtype=torch.float64)
    directions, _, _ = best(fine[:, None], axis[None, :])
    both = np.array(phase_of(directions)).reshape(directions.shape[:2]) == "superposed"
    exact = [falling_edge(fine.numpy(), its.astype(float), 0.5)[1] for its in both.T]
    return {
        "three candidates": pd.DataFrame({"importance": axis, "density": boundary(axis)}),
        "exact optimum": pd.DataFrame({"importance": axis, "density": exact}),
    }


def border(importance: float) -> float:
    """That density, by the closed forms."""
    return float(boundary(torch.tensor(importance)))
