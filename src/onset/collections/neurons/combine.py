"""The neurons of all studies as tables: all neurons, those looked at more closely, nulls, and models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from onset.collections.neurons.kinds import CLEAN, SILENT
from onset.collections.neurons.paged import paged
from onset.collections.neurons.rows import NULLS, TRAINED

RUN = ["study", "condition", "seed"]
NEURON = [*RUN, "layer", "neuron"]
_OF_NULLS = ["cleanlinesses", "kinds"]
_COUNTS = ["layer", "neuron", "n_named", "n_missed", "n_unexplained"]
_CLOSER = [
    "missed", "unexplained", "splits", "n_named_of", "n_active_of", "n_both_of", "one_alone",
    "edges", "n_in_bins", "n_in_bins_named", "tokens", "logits", "steps", "followed", "losses",
]  # fmt: skip


def combine(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """From what was collected of all studies (`rows.Row`), in their order:

    * `neurons`, a row per neuron at the end of training, with `page`, the name of its own page, empty if it
      has none;
    * `closer`, what else is known of those that were looked at more closely;
    * `nulls`, a row per model, layer, null and neuron of it: `kind`, `cleanliness`;
    * `models`, a row per model (`_of_model`).
    """
    trained = rows["source"] == TRAINED
    neurons = rows[trained].drop(columns=["source", *_OF_NULLS]).astype(dict.fromkeys(_COUNTS, int))
    close = neurons["steps"].notna()
    closely = neurons.loc[close, [*NEURON, *_CLOSER]].reset_index(drop=True)
    neurons = neurons.drop(columns=_CLOSER).reset_index(drop=True)
    neurons["page"] = paged(neurons, close.to_numpy())
    nulls = _nulls(rows[~trained])
    return {
        "neurons": neurons,
        "closer": closely,
        "nulls": nulls,
        "models": _models(neurons, nulls),
    }


def _nulls(rows: pd.DataFrame) -> pd.DataFrame:
    its = rows[[*RUN, "layer", "source", "kinds", "cleanlinesses"]]
    each = its.explode(["kinds", "cleanlinesses"], ignore_index=True)
    names = {"source": "null", "kinds": "kind", "cleanlinesses": "cleanliness"}
    return each.rename(columns=names).astype({"layer": int, "cleanliness": float})


def _models(neurons: pd.DataFrame, nulls: pd.DataFrame) -> pd.DataFrame:
    """A row per run."""
    clean = nulls["cleanliness"] >= CLEAN
    of_nulls = clean.groupby([*(nulls[its] for its in RUN), nulls["null"]]).mean().unstack()
    of_nulls = of_nulls.reindex(columns=NULLS).add_prefix("clean_")
    found = [
        {**dict(zip(RUN, run, strict=True)), **_of_model(its)}
        for run, its in neurons.groupby(RUN, sort=False)
    ]
    return pd.DataFrame(found).merge(of_nulls, how="left", left_on=RUN, right_index=True)


def _of_model(its: pd.DataFrame) -> dict[str, float]:
    """`n_neurons`, `n_silent`, `n_clean`; `clean`, the share that is; of what ablations of single
    neurons cost together, `cost_of_clean`, the share of clean ones; `rank_correlation` of cleanliness and
    cost, of neurons that aren't silent; of the `n_judged` clean ones that rose by enough to be judged,
    `sharper`, the share that rose more sharply than the loss fell, and `later`, the share that was half
    way there after the loss was; `congruence`, mean over clean ones."""
    clean = its[its["cleanliness"] >= CLEAN]
    cost = its["added"].clip(lower=0)
    heard = its[its["kind"] != SILENT]
    judged = clean.dropna(subset=["sharpness", "loss_sharpness"])
    return {
        "n_neurons": len(its),
        "n_silent": len(its) - len(heard),
        "n_clean": len(clean),
        "clean": len(clean) / len(its),
        "cost_of_clean": cost[clean.index].sum() / cost.sum() if cost.sum() > 0 else np.nan,
        "rank_correlation": _ranks(heard["cleanliness"], heard["added"]),
        "n_judged": len(judged),
        "sharper": _share(judged["sharpness"] > judged["loss_sharpness"]),
        "later": _share(judged["formed"] > judged["loss_formed"]),
        "congruence": clean["congruence"].mean(),
    }


def _ranks(one: pd.Series, other: pd.Series) -> float:
    """Spearman's correlation; NaN where either doesn't vary."""
    if one.nunique() < 2 or other.nunique() < 2:
        return np.nan
    return float(one.rank().corr(other.rank()))


def _share(so: pd.Series) -> float:
    return float(so.mean()) if len(so) else np.nan
