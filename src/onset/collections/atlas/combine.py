"""The heads of all studies as tables: trained heads, untrained heads, and ablations by split."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from onset.collections.atlas.kinds import kinds_of

_RUN = ["study", "condition", "seed"]
_HEAD = [*_RUN, "layer", "head"]
_ANSWERS = ["loss", "accuracy"]


def combine(measured: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """From the measurements of all studies, in their order:

    * `heads`, a row per head at the end of training: its kind and scores (`atlas.look`; own ones are means
      over splits), `needed_on` (the split whose accuracy suffers most without it), loss and accuracy there
      with and without it, and `needed`: the accuracy lost, 0 if none is;
    * `untrained`: the same scores before training, of runs that begin with random parameters;
    * `ablations`, a row per head and split: `held_out` or trained on, loss and accuracy with and without
      the head.

    Args:
        measured: study, condition, seed, step, last, held_out, and the columns of `Measurement`.
    """
    last = measured["last"].astype(bool)
    ablations = _ablations(measured[last])
    lost = ablations["accuracy"] - ablations["accuracy_without"]
    added = ablations["loss_without"] - ablations["loss"]
    most = (
        ablations.assign(needed=lost.clip(lower=0), _added=added)
        .sort_values(["needed", "_added"], ascending=False, kind="stable")
        .drop_duplicates(_HEAD)
        .drop(columns=["_added", "held_out"])
        .rename(columns={"split": "needed_on"})
    )
    # All in one, so that the tables have the same columns even if one has no rows.
    scored = _scores(measured)
    trained = scored.pop("last").astype(bool)
    heads = scored[trained].merge(most, on=_HEAD, how="left")
    untrained = scored[~trained].reset_index(drop=True)
    return {"heads": heads, "untrained": untrained, "ablations": ablations}


def _scores(measured: pd.DataFrame) -> pd.DataFrame:
    is_score = measured["measure"].str.fullmatch(r".*_(score|chance|entropy)")
    table = _wide(measured[is_score & measured["head"].notna()], [*_HEAD, "step", "last"])
    table.insert(len(_HEAD) + 1, "kind", kinds_of(table))
    return table


def _ablations(measured: pd.DataFrame) -> pd.DataFrame:
    answers = measured[measured["measure"].isin(_ANSWERS)]
    without = measured[measured["measure"].isin([f"{name}_without" for name in _ANSWERS])]
    of_split = [*_RUN, "split"]
    # Of large models nothing is known without a head, and there may be no others.
    table = _wide(without, [*_HEAD, "split", "held_out"], [f"{name}_without" for name in _ANSWERS])
    return table.merge(_wide(answers, of_split, _ANSWERS), on=of_split)


def _wide(
    measured: pd.DataFrame, by: list[str], wanted: Sequence[str] | None = None
) -> pd.DataFrame:
    """A column per measure, mean over what isn't told apart; rows and columns in the order they come in, or
    the columns that are wanted."""
    means = measured.groupby([*by, "measure"], sort=False)["value"].mean().unstack("measure")
    order = measured["measure"].unique() if wanted is None else wanted
    return means.reindex(columns=order).rename_axis(columns=None).reset_index().astype(_whole(by))


def _whole(by: list[str]) -> dict[str, type]:
    """Layers and heads, which are floats next to rows that have none."""
    return {name: int for name in ("layer", "head") if name in by}
