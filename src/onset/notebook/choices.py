"""Among how many answers a model may choose."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from onset.runs.run import Run


def chances(runs: Mapping[str, Run], split: str) -> pd.DataFrame:
    """What guessing gives in the accuracies of the measure `candidates`: one in as many as there are.

    Args:
        runs: one of each condition, by its name.
        split: whose questions have candidates, some of them familiar.

    Returns:
        condition, measure, chance.
    """
    rows = []
    for name, run in runs.items():
        asked = run.dataset.splits[split]
        n_answers = {
            "accuracy": run.dataset.n_tokens,
            "candidate_accuracy": len(asked.candidates),
            "withheld_accuracy": int((~asked.familiar).sum()),
        }
        rows += [(name, measure, 1 / n) for measure, n in n_answers.items()]
    return pd.DataFrame(rows, columns=["condition", "measure", "chance"])
