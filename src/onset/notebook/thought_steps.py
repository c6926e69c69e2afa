"""What becomes of a thought whose steps are changed or left out, and where in a model its steps are."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from onset.statistics import named
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

# What figures call what measures and analyses yield.
CHANGED = {
    "written_rival": "follows the change", "written_right": "stays right",
    "written_neither": "neither",
}  # fmt: skip
BEGINS = {
    "right on new questions": ("written_right", "test"),
    "follows a change": ("written_rival", "edited"),
}
"""what is shown over training → measure and split"""
KEPT = {"early_right": "the rest is filler", "resumed_right": "the rest is drawn anew"}
READ = {"answer_read": "the answer", "answer_read_control": "control"}
MOVED = {"place_patched": "from the wrong text", "place_random": "as far at random"}

CARRIED = ("patched", "random", "second", "looks", "earlier")
"""numbers of `carriers`"""


def by_step_changed(final: pd.DataFrame, conditions: Iterable[str]) -> pd.DataFrame:
    """Answers after one step was changed, over seeds: condition, measure (`CHANGED`), step_changed, ….

    Args:
        final: as `Study.final`, with what `written_answers` measured.
        conditions: whose.
    """
    changed = where(final, split="edited", measure=CHANGED, condition=conditions)
    of_steps = changed[changed["component"].notna()].rename(columns={"component": "step_changed"})
    return over_seeds(of_steps, ["condition", "measure", "step_changed"])


def over_training(measures: pd.DataFrame, conditions: Iterable[str]) -> pd.DataFrame:
    """What is shown of training (`BEGINS`), over seeds: condition, shown, step, …."""
    begins = where(named.called(measures, BEGINS), condition=conditions)
    return over_seeds(begins, ["condition", "shown", "step"])


def by_steps_kept(closer: pd.DataFrame, conditions: Iterable[str]) -> pd.DataFrame:
    """Right answers where a thought goes on otherwise, over seeds: condition, measure (`KEPT`), steps, ….

    Args:
        closer: as `Study.closer`, with what `early_answers` found.
        conditions: whose.
    """
    kept = where(closer, measure=KEPT, condition=conditions).rename(columns={"component": "steps"})
    return over_seeds(kept, ["condition", "measure", "steps"])


def named_by_steps(kept: pd.DataFrame, n_steps: int) -> pd.DataFrame:
    """Rows of `by_steps_kept` with the column `but`: none of the steps is kept, all, or all but one.

    Args:
        kept: the rows.
        n_steps: functions in a question; a thought has the states before the last.
    """
    n_written = n_steps - 1
    names = {0: "none", n_written - 1: "but_one", n_written: "all"}
    return kept.assign(but=kept["steps"].map(names))


def by_place(
    closer: pd.DataFrame, measures: Iterable[str], conditions: Iterable[str]
) -> pd.DataFrame:
    """Over seeds: condition, measure (of `READ` or `MOVED`), layer, position, ….

    Args:
        closer: as `Study.closer`, with what `state_probe` and `step_patching` found.
        measures: which.
        conditions: whose.
    """
    rows = where(closer, measure=measures, condition=conditions)
    return over_seeds(rows, ["condition", "measure", "layer", "position"])


def last_step(n_steps: int) -> int:
    """The position of a thought's last state, in a question of so many functions; the mark behind it, where
    the answer comes next, is at the next one."""
    return 2 * n_steps + 1


def named_by_place(rows: pd.DataFrame, n_steps: int) -> pd.DataFrame:
    """Rows of `by_place` with the column `at`: `before` the thought, its last `step`, the `answer`'s mark.

    Args:
        rows: with the column position.
        n_steps: functions in a question.
    """
    last = last_step(n_steps)
    return rows.assign(
        at=rows["position"].map({n_steps + 2: "before", last: "step", last + 1: "answer"})
    )


def carriers(closer: pd.DataFrame) -> pd.DataFrame:
    """Of each run the head that carries the last step of a thought to the answer.

    Args:
        closer: as `Study.closer`, with what `step_patching` found.

    Returns:
        condition, seed, layer, head; `patched`, the answers that follow the other step when it alone is
        exchanged, `random` (null), `second`, the same of the next best head, and the share of its attention
        that it pays to that step (`looks`) and to each earlier one (`earlier`).
    """
    columns = {
        "head_patched": "patched", "head_random": "random", "step_attention": "looks",
        "earlier_attention": "earlier",
    }  # fmt: skip
    heads = where(closer, measure=columns).pivot_table(
        "value", ["condition", "seed", "layer", "head"], "measure", observed=True
    )
    heads = heads.rename(columns=columns).reset_index()
    order = heads.sort_values("patched", ascending=False, kind="stable")
    of_run = order.groupby(["condition", "seed"], observed=True)
    second = of_run["patched"].nth(1)
    best = of_run.head(1).set_index(["condition", "seed"])
    seconds = order.loc[second.index, ["condition", "seed", "patched"]]
    best["second"] = seconds.set_index(["condition", "seed"])["patched"]
    return best.astype({"layer": int, "head": int}).sort_index().reset_index()
