"""What the notebook of stories makes of measurements, closer looks and comparisons.

What is said of single neurons is in `story_neurons`, `story_fits` and `story_loss`; of slots, in
`story_slots`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.runs.run import Run
from onset.statistics.compared import as_measures
from onset.statistics.rows import at_last_step, named_parts, where
from onset.statistics.seeds import over_seeds, within_seeds

# What figures call what measures, closer looks and comparisons yield.
COMPOSING = {
    "topic_in_slot": "where its slot comes", "topic_elsewhere": "where another comes",
    "topic_in_slot_by_mlps": "where its slot comes, by MLPs",
    "topic_elsewhere_by_mlps": "elsewhere, by MLPs",
}  # fmt: skip
LINES = {"floor": "|", "unbound": "+", "bigram": "x"}
"""readers, and how they are drawn"""
COMPARED = {
    "between_seeds:one_layer:1": "one layer, in another seed",
    "in_one_layer:two_layers:one_layer:1": "first of two layers, in one layer",
    "in_one_layer:two_layers:one_layer:2": "second of two layers, in one layer",
    "in_one_layer:by_hand_subjects:one_layer:1": "by hand, in one layer",
}
FROM = {"heads": "from heads", "mlps": "from the MLP", "embeddings": "from embeddings"}
TO = {"query": "to queries", "key": "to keys", "value": "to values"}
STEERED = {
    "other_topic_said": "other topic's words", "other_topic_steered": "steered to it",
    "other_topic_random": "random direction", "slot_said": "right slot",
    "slot_steered": "right slot, steered", "topic_readable": "topic read off",
}  # fmt: skip


def above_rival(final: pd.DataFrame, rules: Iterable[str]) -> pd.DataFrame:
    """How often the right value has a larger logit than its rival, mean over stories and their twins.

    Args:
        final: measurements of the last checkpoints.
        rules: the splits of the stories; the twins' are called `…_swapped`.

    Returns:
        condition, rule, n_seeds, mean, low, high, …
    """
    splits = [split for rule in rules for split in (rule, f"{rule}_swapped")]
    rows = where(final, measure="above_rival", split=splits)
    named = rows.assign(rule=rows["split"].str.removesuffix("_swapped"))
    by = ["condition", "rule"]
    return over_seeds(within_seeds(named, by), by)


def composing(study: NotebookStudy, looked: pd.DataFrame) -> pd.DataFrame:
    """By how much words are raised by their topic, over seeds by condition and measure, with the column
    `shuffled`: where their slot comes, with shuffled topics.

    Args:
        study: whose models.
        looked: what `topic_by_slot` found at the end of training.
    """
    rows = over_seeds(where(looked, measure=COMPOSING), ["condition", "measure"])
    shuffled = where(looked, measure="topic_in_slot_shuffled")
    return study.with_controls(rows, ["condition"], shuffled=shuffled)


def steered(study: NotebookStudy, looked: pd.DataFrame) -> pd.DataFrame:
    """What another topic's direction does, over seeds by condition and measure, with the column `shuffled`:
    how often the topic is read off where topics are shuffled.

    Args:
        study: whose models.
        looked: what `topic_steering` found at the end of training.
    """
    by = ["condition", "measure"]
    shuffled = where(looked, measure="topic_readable_shuffled").assign(measure="topic_readable")
    rows = over_seeds(where(looked, measure=STEERED), by)
    return study.with_controls(rows, by, shuffled=shuffled)


def paths_lost(study: NotebookStudy, patched: pd.DataFrame) -> pd.DataFrame:
    """The lead of right values that is lost where some edges carry a mean, with their ends told apart.

    Args:
        study: whose models.
        patched: what `composed_paths` found at the end of training.

    Returns:
        condition, writes (of `FROM`), reads (of `TO`), n_seeds, mean, low, high, …, lead (the whole),
        random (what is lost without as many edges drawn at random).
    """
    named = named_parts(patched, "measure", r"(?P<writes>\w+)_to_(?P<reads>\w+)_paths_lost")
    lead, random = (where(patched, measure=its) for its in ("composed_lead", "random_paths_lost"))
    rows = over_seeds(named, ["condition", "writes", "reads"])
    return study.with_controls(rows, ["condition"], lead=lead, random=random)


def composition_scores(study: NotebookStudy, condition: str) -> pd.DataFrame:
    """How much of what queries, keys and values of heads read earlier heads have written, by the weights at
    the end of training, over seeds by measure; mean over pairs of heads."""
    scores = study.measured([f"{its}_composition" for its in "qkv"], condition=condition)
    return over_seeds(within_seeds(at_last_step(scores), ["measure"]), ["measure"])


def found_again(compared: pd.DataFrame) -> pd.DataFrame:
    """What `same_neurons` found, with the column `pair`: the comparison and the layer; kind.

    Args:
        compared: as `Study.comparisons`.
    """
    rows = as_measures(compared)
    pair = rows["condition"] + ":" + rows["layer"].astype(int).astype(str)
    return rows.assign(pair=pair, kind="share")


def matches(study: NotebookStudy, found: pd.DataFrame) -> pd.DataFrame:
    """The share of neurons that are found again over seeds, by `pair`, with the columns `untrained` and
    `random`: in the other model before training, and with neurons that read random directions.

    Args:
        study: whose models.
        found: as `found_again` has it.
    """
    rows = over_seeds(where(found, measure="found_again"), ["pair"])
    nulls = {its: where(found, measure=f"found_in_{its}") for its in ("untrained", "random")}
    return study.with_controls(rows, ["pair"], **nulls)


def readers(runs: Iterable[Run], orders: Iterable[str]) -> pd.DataFrame:
    """What models that count the same text lose on its held-out part: reader, n_seeds, mean, low, high, …

    Args:
        runs: of a text that people wrote.
        orders: of the models: unigram, bigram, trigram.
    """
    orders = list(orders)
    rows = [
        (run.seed, order, float(run.dataset.splits["test"].truth_of_next(order).mean()), "nats")
        for run in runs
        for order in orders
    ]
    return over_seeds(pd.DataFrame(rows, columns=["seed", "reader", "value", "kind"]), ["reader"])


def beside_readers(study: NotebookStudy) -> pd.DataFrame:
    """The loss on held-out stories at the end of training over seeds, by condition, with a column per
    reader of `LINES`."""
    lines = {name: where(study.final, measure=name, split="test") for name in LINES}
    return study.with_controls(study.at_end("loss", split="test"), ["condition"], **lines)
