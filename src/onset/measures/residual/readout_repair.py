"""Are withheld answers known but not given? Edits of the readout alone, which add no knowledge of pairs.

A candidate that answers no trained question of its kind (*withheld*) may be missing from a model's
answers because all withheld candidates are held down together, because their readout rows are short, or
because the model can't tell them apart. Each edit undoes one of the first two causes and leaves the
states that are read out unchanged; none helps with the third. Embeddings of the questions stay untouched,
even where they are tied to the readout.

    offset      one number is added to the logits of all withheld candidates. It is the one that
                maximises the mean of the accuracies on validation questions and on trained ones
                (the middle one, if there are several).
    rescaled    each withheld row gets the mean length of the familiar rows; nothing is fitted
    recentred   the mean of the withheld rows is replaced by that of the familiar ones

Controls: as many candidates drawn at random, with the same offset (`offset_elsewhere`) or lengthened by the
factor by which withheld rows are on average (`rescaled_elsewhere`); and rows of random directions with the
mean length of the familiar ones in place of the withheld (`random_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.statistics.chance import own_stream
from onset.tasks.dataset import VALIDATION, Dataset, Split

NEEDS = ("candidates", "familiar", "embeddings")
QUANTITIES = {
    "offset_accuracy": {"kind": "share", "label": "accuracy, withheld logits raised"},
    "rescaled_accuracy": {"kind": "share", "label": "accuracy, withheld rows rescaled"},
    "recentred_accuracy": {"kind": "share", "label": "accuracy, withheld rows recentred"},
    "offset_elsewhere_accuracy": {"kind": "share", "label": "accuracy, other logits raised"},
    "rescaled_elsewhere_accuracy": {"kind": "share", "label": "accuracy, other rows rescaled"},
    "random_rows_accuracy": {"kind": "share", "label": "accuracy, random withheld rows"},
    "offset": {"kind": "logits", "label": "best offset (nats)"},
    "withheld_length": {"kind": "ratio", "label": "length of withheld rows / familiar rows"},
}


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split whose candidates are in part familiar and in part withheld, but for validation:

    * `offset_accuracy`, `rescaled_accuracy`, `recentred_accuracy`, `offset_elsewhere_accuracy`,
      `rescaled_elsewhere_accuracy`, `random_rows_accuracy`: fraction of right answers, over the whole
      vocabulary, after the edit;
    * `offset`: the number added, in nats;
    * `withheld_length`: mean length of the withheld readout rows, in that of the familiar ones.
    """
    readout = "tok_embed.weight" if model.settings.tied_embeddings else "head.weight"
    rows = parameters[readout]
    for splits in _groups(dataset):
        first = next(iter(splits.values()))
        candidates = torch.from_numpy(first.candidates).to(rows.device)
        familiar, withheld = candidates[first.familiar], candidates[~first.familiar]
        states = {name: _states(model, parameters, split) for name, split in splits.items()}
        logits = {name: model.unembed(parameters, its) for name, its in states.items()}
        targets = {
            name: torch.from_numpy(split.targets.ravel()).to(rows.device)
            for name, split in splits.items()
        }
        fitted_on = [
            name
            for name in splits
            if name.endswith(VALIDATION) or not torch.isin(targets[name], withheld).any()
        ]
        offset = best_offset(
            torch.cat([logits[name] for name in fitted_on]),
            torch.cat([targets[name] for name in fitted_on]),
            withheld,
        )
        rng = own_stream(0)  # controls: the same at every checkpoint
        new_rows = edited_rows(rows, familiar, withheld, rng)
        drawn = torch.from_numpy(rng.permutation(len(candidates))[: len(withheld)])
        elsewhere = candidates[drawn.to(rows.device)]
        raised = {"offset": withheld, "offset_elsewhere": elsewhere}
        length = (rows[withheld].norm(dim=1).mean() / rows[familiar].norm(dim=1).mean()).item()
        new_rows["rescaled_elsewhere"] = rows.index_copy(0, elsewhere, rows[elsewhere] / length)
        for name in splits:
            if name.endswith(VALIDATION):
                continue
            answers = {
                edit: model.unembed({**parameters, readout: new}, states[name])
                for edit, new in new_rows.items()
            }
            for edit, tokens in raised.items():
                added = torch.zeros_like(rows[:, 0]).index_fill(0, tokens, offset)
                answers[edit] = logits[name] + added
            for edit, its in answers.items():
                right = (its.argmax(1) == targets[name]).double().mean().item()
                yield Measurement(f"{edit}_accuracy", right, name)
            yield Measurement("offset", offset, name)
            yield Measurement("withheld_length", length, name)


def edited_rows(
    rows: Float[Tensor, "tokens d_model"],
    familiar: Int[Tensor, " familiar"],
    withheld: Int[Tensor, " withheld"],
    rng: np.random.Generator,
) -> dict[str, Float[Tensor, "tokens d_model"]]:
    """The readout after each edit of the withheld tokens' rows."""
    its = rows[withheld]
    length = rows[familiar].norm(dim=1).mean()
    random = torch.from_numpy(rng.standard_normal(its.shape, dtype="f4")).to(rows)
    edits = {
        "rescaled": its * (length / its.norm(dim=1, keepdim=True)),
        "recentred": its - its.mean(0) + rows[familiar].mean(0),
        "random_rows": random * (length / random.norm(dim=1, keepdim=True)),
    }
    return {name: rows.index_copy(0, withheld, new) for name, new in edits.items()}


def best_offset(
    logits: Float[Tensor, "examples tokens"],
    targets: Int[Tensor, " examples"],
    withheld: Int[Tensor, " withheld"],
) -> float:
    """What to add to the logits of withheld tokens so that answers are right most often.

    Questions with a withheld answer and those with another one weigh the same, each kind in all.
    Accuracy changes only where an answer overtakes another, so that trying one number between each two
    such places tries all. Of the best ones the middle one is returned.
    """
    asked = torch.isin(targets, withheld)
    right = logits.gather(1, targets[:, None])[:, 0]
    highest_withheld = logits[:, withheld].amax(1)
    others = torch.ones(logits.shape[1], dtype=torch.bool, device=logits.device)
    others[withheld] = False
    highest_other = logits[:, others].amax(1)
    turn = highest_other - highest_withheld  # with more than this, a withheld token is the answer
    possible = right == torch.where(asked, highest_withheld, highest_other)
    ends = turn.unique()  # sorted
    tried = torch.cat([ends[:1] - 1, (ends[1:] + ends[:-1]) / 2, ends[-1:] + 1])
    answered = (tried[:, None] > turn) == asked
    hits = (answered & possible).double()
    score = sum(hits[:, kind].mean(1) for kind in (asked, ~asked) if kind.any())
    best = tried[score == score.max()].sort().values
    return best[len(best) // 2].item()


def _groups(dataset: Dataset) -> Sequence[dict[str, Split]]:
    """The splits with familiar and withheld candidates; those with the same ones together."""
    groups: dict[tuple[bytes, bytes], dict[str, Split]] = {}
    for name, split in dataset.splits.items():
        if split.familiar is not None and split.familiar.any() and not split.familiar.all():
            key = split.candidates.tobytes(), split.familiar.tobytes()
            groups.setdefault(key, {})[name] = split
    return list(groups.values())


def _states(
    model: Transformer, parameters: Parameters, split: Split
) -> Float[Tensor, "scored d_model"]:
    """What is read out at the scored positions."""
    device = parameters["tok_embed.weight"].device
    stream = model.residual_stream(parameters, torch.from_numpy(split.tokens).to(device))
    return stream[model.depth(split.hops)][:, list(split.scored)].flatten(0, 1)
