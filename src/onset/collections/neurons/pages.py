"""Pages of the library: the list, and a page for each neuron that has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from onset.collections.neurons.combine import NEURON
from onset.collections.neurons.declared import all_declared, best_of_each
from onset.collections.neurons.printed import drawing, filled
from onset.collections.neurons.printed.words import called, contexts, number, short, steps
from onset.collections.reading import Page, open_collection

LIST = "neurons"
"""name of the list's page"""
MOST_CLEAN, MOST_NEEDED, MOST_DECLARED = 100, 50, 100
"""of a study, neurons in the list beside those with pages"""

_LISTS = (
    "edges", "n_in_bins", "n_in_bins_named", "steps", "followed", "losses", "tokens", "logits",
    "one_alone",
)  # fmt: skip


def pages(folder: Path) -> Iterator[Page]:
    """All of them.

    Args:
        folder: of the collection, `results/neurons`.
    """
    library = open_collection(folder.name, folder.parent)
    neurons = library.rows("neurons")
    figures = sorted(path.stem for path in (folder / "figures").glob("*.csv"))
    shown = listed(neurons)
    yield Page(
        LIST,
        "Neurons",
        filled(
            "list.html",
            n_neurons=len(neurons),
            figures=figures,
            studies={its: library.titles[its] for its in shown["study"].unique()},
            kinds=shown["kind"].value_counts().index.tolist(),
            declared=_declared(neurons, library.titles),
            rows=[_row(its, library.titles, library.labels) for _, its in shown.iterrows()],
        ),
    )
    paged = neurons[neurons["page"] != ""].merge(library.rows("closer"), on=NEURON)
    names = paged["page"].tolist()
    for place, (_, its) in enumerate(paged.iterrows()):
        title, label = library.titles[its["study"]], library.labels[its["study"]][its["condition"]]
        around = (
            names[place - 1] if place else None,
            names[place + 1] if place + 1 < len(names) else None,
        )
        heading = f"{title}, {label}: {called(its)}"
        yield Page(its["page"], heading, _body(its, title, label, figures, around))


def listed(neurons: pd.DataFrame) -> pd.DataFrame:
    """Those that the list shows: with pages, the cleanest, those without which most is lost, and of each
    value of what the world declares, such as a topic, the one that it describes best, clean or not."""
    chosen = []
    for _, its in neurons.groupby("study", sort=False):
        cleanest = its.sort_values("cleanliness", ascending=False, kind="stable")
        needed = its.sort_values("added", ascending=False, kind="stable").index[:MOST_NEEDED]
        best = best_of_each(its).index.drop_duplicates()[:MOST_DECLARED]
        every = [*its.index[its["page"] != ""], *cleanest.index[:MOST_CLEAN], *needed, *best]
        chosen += [*dict.fromkeys(every)]
    return neurons.loc[chosen]


def _declared(
    neurons: pd.DataFrame, titles: dict[str, str]
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By title of the study and fact that its world declares: each value, with the page of the neuron that
    it describes best among those that have one."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for study, its in neurons[neurons["page"] != ""].groupby("study", sort=False):
        best = best_of_each(its).sort_values("word", kind="stable")
        for place, row in best.iterrows():
            told = {
                **row[["word", "description"]],
                "clean": number(row["cleanliness"]),
                "page": its.loc[place, "page"],
                "alone": all_declared(its.loc[place, "facts"]),
            }
            found.setdefault(titles[study], {}).setdefault(row["fact"], []).append(told)
    return found


def _row(
    its: pd.Series, titles: dict[str, str], labels: dict[str, dict[str, str]]
) -> dict[str, Any]:
    top = contexts(its["top"])
    return {
        **{name: its[name] for name in ("study", "kind", "description", "page")},
        "called": called(its),
        "title": titles[its["study"]],
        "condition": labels[its["study"]][its["condition"]],
        "clean": short(its["cleanliness"]).replace("−", "-"),
        "lost": short(its["added"]).replace("−", "-"),
        "cleanliness": number(its["cleanliness"]),
        **{name: number(its[name], 3) for name in ("added", "added_named")},
        "top": top[0] if top else None,
    }


def _body(
    its: pd.Series,
    title: str,
    label: str,
    figures: list[str],
    around: tuple[str | None, str | None],
) -> str:
    top = contexts(its["top"])
    lists = {name: its[name].tolist() for name in _LISTS if isinstance(its[name], np.ndarray)}
    alone = lists.get("one_alone")
    first = top[0] if top else None
    return filled(
        "neuron.html",
        title=title,
        label=label,
        figures=figures,
        its={
            **{name: its[name] for name in [*NEURON, "kind", "description"]},
            **{
                name: number(its[name])
                for name in ("precision", "recall", "cleanliness", "sharpness", "loss_sharpness")
            },
            "threshold": short(its["threshold"]),
            "strength": short(its["strength"]),
            "formed": steps(its["formed_after"], its["formed_before"]),
        },
        histogram=drawing.histogram(*(lists[name] for name in _LISTS[:3])),
        forming=drawing.forming(*(lists[name] for name in _LISTS[3:6])),
        bars=drawing.bars(lists["tokens"], lists["logits"], its["strength"]),
        top=top,
        missed=contexts(its["missed"]),
        unexplained=contexts(its["unexplained"]),
        one_alone=alone and [number(share) for share in alone],
        numbers=_numbers(its),
        sequence=(first.before + first.token).replace("… ", "") if first else "",
        previous=around[0],
        following=around[1],
    )


def _numbers(its: pd.Series) -> dict[str, str]:
    """What the page's table says."""
    return {
        "activation density (share of places above zero)": short(its["density"]),
        "share of places at which it is active": short(its["active"]),
        "places named, on text not used to choose the description": f"{its['n_named']:,}",
        "loss of the model (nats)": short(its["loss"]),
        "lost without the neuron, all tokens asked (nats)": short(its["added"]),
        "lost without it, tokens that the description names (nats)": short(its["added_named"]),
        "direct effect on the right answer’s logit where it is active": short(its["right"]),
        "whether it writes what it reads (standard deviations)": short(its["congruence"]),
        "raises": its["promotes"],
        "lowers": its["suppresses"],
        "formed between steps": steps(its["formed_after"], its["formed_before"]),
        "sharpness of its rise": number(its["sharpness"]),
        "sharpness of the loss’s fall": number(its["loss_sharpness"]),
    }
