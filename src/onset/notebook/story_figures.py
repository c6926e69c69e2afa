"""Figures of the notebook of stories whose rows, panels and nulls are always the same."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from onset.notebook import stories
from onset.notebook.story_loss import ORDERS
from onset.notebook.story_order import rules_learnt
from onset.notebook.study import NotebookStudy


def composing_figure(name: str, study: NotebookStudy, looked: pd.DataFrame) -> None:
    """By how much words are raised by their topic, a panel per place and a row per model looked at.

    Args:
        name: of the figure.
        study: whose models.
        looked: what `topic_by_slot` found at the end of training.
    """
    study.rows_figure(
        name, stories.composing(study, looked), stories.COMPOSING, "raised by its topic (nats)",
        by="measure", of=study.analysed, controls={"shuffled": "|"}, shares=False, n_lines=2,
    )  # fmt: skip


def kept_figure(
    name: str, study: NotebookStudy, back: pd.DataFrame, conditions: Collection[str]
) -> None:
    """How much of the loss is back by the number of neurons kept, a panel per condition.

    Args:
        name: of the figure.
        study: whose models.
        back: as `story_loss.loss_back` finds it.
        conditions: in their order.
    """
    titles = {its: study.labels[its] for its in conditions}
    study.points_figure(
        name,
        back,
        titles,
        "neurons kept",
        "loss that is back",
        at="count",
        curve="order",
        of=ORDERS,
    )


def readers_figure(name: str, study: NotebookStudy, conditions: Collection[str]) -> None:
    """The loss of models beside that of readers, a row per condition."""
    study.rows_figure(
        name, stories.beside_readers(study), None, "loss (nats)", of=conditions,
        controls=stories.LINES, shares=False,
    )  # fmt: skip


def paths_figure(name: str, study: NotebookStudy, patched: pd.DataFrame) -> None:
    """The lead that is lost without edges, a panel per writing part and a row per input.

    Args:
        name: of the figure.
        study: whose models.
        patched: what `composed_paths` found at the end of training.
    """
    study.rows_figure(
        name, stories.paths_lost(study, patched), stories.FROM, "lead lost (nats)", by="writes",
        row="reads", of=stories.TO, marked=0, controls={"lead": "x", "random": "|"}, shares=False,
    )  # fmt: skip


def order_figure(name: str, study: NotebookStudy, conditions: Collection[str]) -> None:
    """When rules are learnt, a panel per condition and a row per rule."""
    rules = next(iter(study.first.values())).dataset.names["rule"]
    study.rows_figure(
        name, rules_learnt(study, conditions), {its: study.labels[its] for its in conditions},
        "half way (steps)", by="condition", row="shown", of={its: its for its in rules}, shares=False,
    )  # fmt: skip


def steering_figure(name: str, study: NotebookStudy, looked: pd.DataFrame) -> None:
    """What another topic's direction does, a panel per measure and a row per model looked at.

    Args:
        name: of the figure.
        study: whose models.
        looked: what `topic_steering` found at the end of training.
    """
    study.rows_figure(
        name, stories.steered(study, looked), stories.STEERED, "share", by="measure",
        of=study.analysed, controls={"shuffled": "+"}, n_lines=2,
    )  # fmt: skip
