"""The page of a neuron."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from onset.collections.neurons.combine import NEURON
from onset.collections.neurons.printed import drawing, filled
from onset.collections.neurons.printed.meanings import meanings_of
from onset.collections.neurons.printed.words import contexts, number, percent, short, steps

_NULLS = {
    "random": "neurons that read random directions in its place",
    "untrained": "the model’s neurons before training",
    "shuffled": "the trained neurons, if each place’s facts are exchanged for another’s",
}
_LISTS = (
    "edges", "n_in_bins", "n_in_bins_named", "steps", "followed", "losses", "tokens", "logits",
    "one_alone", "facts",
)  # fmt: skip


def body(
    its: pd.Series,
    title: str,
    label: str,
    meanings: Mapping[str, str],
    figures: list[str],
    around: tuple[str | None, str | None],
) -> str:
    """What stands on it.

    Args:
        its: all that is known of the neuron: its row in the library, what a closer look found, and the
            share of each null's neurons that are as clean.
        title: of the study.
        label: of the condition.
        meanings: of the truth and the splits of its world, as far as the study's file has them.
        figures: names of the library's.
        around: names of the pages before and after it, if there are any.
    """
    top = contexts(its["top"])
    lists = {name: its[name].tolist() for name in _LISTS if isinstance(its[name], np.ndarray)}
    alone = lists.get("one_alone")
    first = top[0] if top else None
    splits = _by_split(its)
    return filled(
        "neuron.html",
        title=title,
        label=label,
        figures=figures,
        its={
            **{name: its[name] for name in [*NEURON, "kind", "description"]},
            **{name: f"{its[name]:,}" for name in ("n_named", "n_missed", "n_unexplained")},
            "n_active": f"{its['n_named'] - its['n_missed'] + its['n_unexplained']:,}",
            **{
                name: number(its[name])
                for name in ("precision", "recall", "cleanliness", "sharpness", "loss_sharpness")
            },
            "threshold": short(its["threshold"]),
            "strength": short(its["strength"]),
            "formed": steps(its["formed_after"], its["formed_before"]),
        },
        nulls={said: percent(its[null]) for null, said in _NULLS.items() if percent(its[null])},
        histogram=drawing.histogram(*(lists[name] for name in _LISTS[:3])),
        forming=drawing.forming(*(lists[name] for name in _LISTS[3:6])),
        bars=drawing.bars(lists["tokens"], lists["logits"], its["strength"]),
        top=top,
        missed=contexts(its["missed"]),
        unexplained=contexts(its["unexplained"]),
        one_alone=alone and [number(share) for share in alone],
        splits=splits,
        meanings=meanings_of(lists.get("facts", ()), meanings),
        of_splits={
            its["split"]: meanings[its["split"]] for its in splits if its["split"] in meanings
        },
        numbers=_numbers(its),
        sequence=(first.before + first.token).replace("… ", "") if first else "",
        previous=around[0],
        following=around[1],
    )


def _by_split(its: pd.Series) -> list[dict[str, str]]:
    """How the description fares on the places of each split that judge it."""
    columns = (its[name].tolist() for name in ("splits", "n_named_of", "n_active_of", "n_both_of"))
    return [
        {
            "split": split,
            "named": f"{named:,}",
            "missed": f"{named - both:,}",
            "active": f"{active:,}",
            "unexplained": f"{active - both:,}",
        }
        for split, named, active, both in zip(*columns, strict=True)
    ]


def _numbers(its: pd.Series) -> dict[str, str]:
    """What the page's table says."""
    return {
        "activation density (share of places above zero)": short(its["density"]),
        "share of places at which it is active": short(its["active"]),
        "loss of the model (nats)": short(its["loss"]),
        "lost without the neuron, all tokens asked (nats)": short(its["added"]),
        "lost without it, tokens that the description names (nats)": short(its["added_named"]),
        "direct effect on the right answer’s logit where it is active": short(its["right"]),
        "congruence: does it write what it reads (standard deviations)?": short(its["congruence"]),
        "the same of what another neuron writes": short(its["congruence_null"]),
        "raises": its["promotes"],
        "lowers": its["suppresses"],
        "formed between steps": steps(its["formed_after"], its["formed_before"]),
        "sharpness of its rise": number(its["sharpness"]),
        "sharpness of the loss’s fall": number(its["loss_sharpness"]),
    }
