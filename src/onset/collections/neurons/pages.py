"""Pages of the library: the list, and a page for each neuron that has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from onset.collections.neurons.chance import as_clean
from onset.collections.neurons.combine import NEURON
from onset.collections.neurons.declared import all_declared, best_of_each
from onset.collections.neurons.printed import filled
from onset.collections.neurons.printed.meanings import meaning_of
from onset.collections.neurons.printed.neuron import body
from onset.collections.neurons.printed.words import called, contexts, number, percent, short
from onset.collections.reading import Collection, Page, open_collection

LIST = "neurons"
"""name of the list's page"""
MOST_CLEAN, MOST_NEEDED, MOST_DECLARED = 100, 50, 100
"""of a study, neurons in the list beside those with pages"""
BY_CHANCE = 0.05
"""share of random directions that are as clean, from which on the list says so beside a neuron's name"""


def pages(folder: Path) -> Iterator[Page]:
    """All of them.

    Args:
        folder: of the collection, `results/neurons`.
    """
    library = open_collection(folder.name, folder.parent)
    neurons, nulls = library.rows("neurons"), library.rows("nulls")
    figures = sorted(path.stem for path in (folder / "figures").glob("*.csv"))
    shown = listed(neurons)
    chance = as_clean(shown, nulls)
    shown = shown.assign(by_chance=chance["random"])
    yield Page(LIST, "Neurons", _list(library, len(neurons), shown, figures))
    paged = neurons[neurons["page"] != ""].merge(library.rows("closer"), on=NEURON)
    paged = paged.assign(**as_clean(paged, nulls))
    names = paged["page"].tolist()
    for place, (_, its) in enumerate(paged.iterrows()):
        study = its["study"]
        title, label = library.titles[study], library.labels[study][its["condition"]]
        around = (
            names[place - 1] if place else None,
            names[place + 1] if place + 1 < len(names) else None,
        )
        heading = f"{title}, {label}: {called(its)}"
        text = body(its, title, label, library.meanings[study], figures, around)
        yield Page(its["page"], heading, text)


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


def _list(library: Collection, n_neurons: int, shown: pd.DataFrame, figures: list[str]) -> str:
    """The list's page.

    Args:
        library: the collection.
        n_neurons: that there are.
        shown: the neurons in the list, with `by_chance`.
        figures: names of the library's.
    """
    titles, labels = library.titles, library.labels
    conditions: dict[str, list[str]] = {}
    for study, condition in shown[["study", "condition"]].drop_duplicates().to_numpy().tolist():
        conditions.setdefault(labels[study][condition], []).append(study)
    return filled(
        "list.html",
        n_neurons=n_neurons,
        figures=figures,
        studies={its: titles[its] for its in shown["study"].unique()},
        conditions=conditions,
        kinds=shown["kind"].value_counts().index.tolist(),
        declared=declared(shown, titles),
        meanings={
            titles[study]: {
                fact: said
                for fact in library.meanings[study]
                if (said := meaning_of(fact, library.meanings[study]))
            }
            for study in shown["study"].unique()
        },
        rows=[row(its, titles, labels) for _, its in shown.iterrows()],
    )


def declared(
    neurons: pd.DataFrame, titles: dict[str, str]
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By title of the study and fact that its world declares: each value, with the page of the neuron that
    it describes best among those that have one.

    Args:
        neurons: as the list has them, with `by_chance`.
        titles: of the studies.
    """
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for study, its in neurons[neurons["page"] != ""].groupby("study", sort=False):
        best = best_of_each(its).sort_values("word", kind="stable")
        for place, of_value in best.iterrows():
            by_chance = its.loc[place, "by_chance"]
            told = {
                **of_value[["word", "description"]],
                "clean": number(of_value["cleanliness"]),
                "by_chance": percent(by_chance) if by_chance >= BY_CHANCE else "",
                "page": its.loc[place, "page"],
                "alone": all_declared(its.loc[place, "facts"]),
            }
            found.setdefault(titles[study], {}).setdefault(of_value["fact"], []).append(told)
    return found


def row(
    its: pd.Series, titles: dict[str, str], labels: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """A neuron's row in the list: what its cells say, and what filters go by."""
    top = contexts(its["top"])
    return {
        **{name: its[name] for name in ("study", "kind", "description", "page")},
        "called": called(its),
        "title": titles[its["study"]],
        "condition": labels[its["study"]][its["condition"]],
        "clean": short(its["cleanliness"]).replace("−", "-"),
        "lost": short(its["added"]).replace("−", "-"),
        "cleanliness": number(its["cleanliness"]),
        "by_chance": percent(its["by_chance"]),
        **{name: number(its[name], 3) for name in ("added", "added_named")},
        "top": top[0] if top else None,
    }
