"""Which things have a property, foretold by logistic regression from what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from onset.statistics.prediction import auc


class Regression(NamedTuple):
    """What foretells."""

    columns: Sequence[str]
    degree: int = 1
    """of products of different columns"""
    shuffled: bool = False
    """a null: outcomes have changed places"""


def areas(
    things: pd.DataFrame, outcome: str, regressions: Mapping[str, Regression], seed: int = 0
) -> pd.DataFrame:
    """How well each regression, fitted to the other seeds, foretells the outcome: area under the ROC curve.

    Args:
        things: seed, the outcome, and what is known of each thing.
        outcome: a column of truth values.
        regressions: by name.
        seed: of the shuffling.

    Returns:
        condition (the name), seed, value, measure (`area`), kind; no rows where there is one seed, or one
        outcome.
    """
    rng, rows = np.random.default_rng(seed), []
    seeds = things["seed"].unique()
    for name, of in regressions.items():
        outcomes = things[outcome].to_numpy(bool)
        if of.shuffled:
            outcomes = rng.permutation(outcomes)
        if len(seeds) < 2 or outcomes.all() or not outcomes.any():
            continue
        told = cross_val_predict(
            _pipeline(of.degree), things[list(of.columns)], outcomes, groups=things["seed"],
            cv=LeaveOneGroupOut(), method="predict_proba",
        )[:, 1]  # fmt: skip
        for one in seeds:
            its = (things["seed"] == one).to_numpy()
            rows.append((name, one, auc(told[its], outcomes[its])))
    found = pd.DataFrame(rows, columns=["condition", "seed", "value"])
    return found.assign(measure="area", kind="share")


def weights(things: pd.DataFrame, outcome: str, columns: Sequence[str]) -> pd.Series:
    """What each column weighs, in standard deviations of it; NaN where there is one outcome."""
    found = pd.Series(np.nan, list(columns))
    if things[outcome].nunique() > 1:
        its = _pipeline(1).fit(things[list(columns)], things[outcome])
        found[:] = its[-1].coef_[0]
    return found


def _pipeline(degree: int) -> Pipeline:
    products = PolynomialFeatures(degree, interaction_only=True, include_bias=False)
    return make_pipeline(StandardScaler(), products, LogisticRegression())


def shares_in_fifths(things: pd.DataFrame, outcome: str, along: str, by: str) -> pd.DataFrame:
    """How many have the outcome, in fifths of all things.

    Args:
        things: seed and the columns.
        outcome: a column of truth values.
        along: the column that is cut into fifths, a logarithm.
        by: the column whose values are kept apart.

    Returns:
        `by`, fifth, seed, value, dose: the middle of the fifth, no logarithm any more.
    """
    fifth = pd.qcut(things[along], 5, labels=False, duplicates="drop")
    middle = np.exp(things.groupby(fifth)[along].mean())
    grouped = things.assign(fifth=fifth).groupby([by, "fifth", "seed"])[outcome]
    shares = grouped.mean().rename("value").reset_index()
    return shares.assign(dose=shares["fifth"].map(middle))
