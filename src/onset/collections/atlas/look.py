"""The heads of one run: a checkpoint in TransformerLens, given its own task's questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.collections.atlas.ablation import Asked, Said, with_all, without_each
from onset.collections.atlas.scores import by_place, even_like, patterns, scores, told
from onset.collections.subject import Subject
from onset.measures.heads.head_scores import seen
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Model
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.training.batches import questions_of

MOST_QUESTIONS = 64
"""per split: enough for a standard error of .06 on any fraction, at one seed"""
_MOST_ABLATED = 128
"""heads of a model: each takes a pass over all questions, which of a large model is hours"""


def look(subject: Subject) -> Iterator[dict[str, Any]]:
    """Of the last checkpoint, and of the first where training begins with random parameters; there is only
    one of a model that is never trained."""
    steps = subject.steps
    moments = [(steps[0], False)] if subject.from_scratch else []
    if steps[-1] > steps[0] or not moments:
        moments.append((steps[-1], True))
    for step, last in moments:
        asked = subject.model, subject.parameters(step), subject.dataset, subject.seed
        for one in heads_of(*asked, ablate=last):
            held_out = one.split not in subject.trained_on if one.split else None
            yield {"step": step, "last": last, "held_out": held_out, **one._asdict()}


def heads_of(
    model: Model, parameters: Mapping[str, Tensor], dataset: Dataset, seed: int, ablate: bool
) -> Iterator[Measurement]:
    """All that the atlas knows of the heads of a checkpoint, by block application (`layer`) and `head`:

    * what `atlas.scores` says, on random tokens that repeat;
    * per split, validation parts left out, `own_KIND_score`: share of its attention that the head pays to
      the places of a kind on the model's own questions, mean over the positions that answer, and
      `own_KIND_chance`, the same of a head that attends evenly;
    * per split, if asked to `ablate`: `loss_without` and `accuracy_without`, the head's output replaced by
      its mean over the split's questions; without a layer, `loss` and `accuracy`.

    A model that is read out per hop answers before its last block applications: their heads have no rows
    for such a split.

    Args:
        model: of any family.
        parameters: of a checkpoint.
        dataset: of the run.
        seed: of the run; it chooses the questions of splits that have too many.
        ablate: whether to look at what is lost without each head, unless there are too many.
    """

    @cache
    def bridge(depth: int | None) -> TransformerBridge:
        return inspection.open_bridge(model, parameters, depth)

    deepest = getattr(model.settings, "n_applications", None)
    of_all = bridge(deepest).cfg
    ablate = ablate and of_all.n_layers * of_all.n_heads <= _MOST_ABLATED
    yield from scores(bridge(deepest))
    for group in _groups(model, dataset, seed):
        its = bridge(group.depth)
        asked = Asked(*(x.to(its.W_E.device) if torch.is_tensor(x) else x for x in group.asked))
        yield from _own(patterns(its, asked.tokens), asked, group.names)
        if ablate:
            yield from _without(its, asked, group.names)


class _Group(NamedTuple):
    """Splits of one shape. Most of a small model's time is the library's, per call: so all in one."""

    names: list[str]
    depth: int | None
    """block applications after which they are answered; None in families whose depth is fixed"""
    asked: Asked


def _groups(model: Model, dataset: Dataset, seed: int) -> Iterator[_Group]:
    depth = getattr(model, "depth", lambda hops: None)
    splits = {
        n: _of_one_shape(its) for n, its in dataset.splits.items() if not n.endswith(VALIDATION)
    }
    shapes = {n: (depth(its.hops), its.tokens.shape[1], its.scored) for n, its in splits.items()}
    for shape, group in groupby(sorted(splits, key=lambda n: str(shapes[n])), key=shapes.get):
        names = list(group)
        asked = _questions(model, [splits[name] for name in names], seed)
        yield _Group(names, shape[0], asked)


def _of_one_shape(split: Split) -> Split:
    """Those examples that are scored where most are: all, but for texts of different lengths."""
    if split.scored_at is None:
        return split
    rows, asked = max(questions_of(split).alike(), key=lambda its: len(its[0]))
    return Split(asked.tokens, split.targets[rows], asked.scored, split.hops)


def _questions(model: Model, splits: list[Split], seed: int) -> Asked:
    """At most MOST_QUESTIONS of each split, in the vocabulary of the model's bridge."""
    rng = np.random.Generator(np.random.Philox(seed))
    chosen = [(split, rng.permutation(len(split))[:MOST_QUESTIONS]) for split in splits]
    number = getattr(model, "in_vocabulary", lambda tokens: tokens)
    tokens, targets = (
        torch.from_numpy(number(np.concatenate([getattr(its, kind)[rows] for its, rows in chosen])))
        for kind in ("tokens", "targets")
    )
    sizes = torch.tensor([len(rows) for _, rows in chosen])
    return Asked(
        tokens, targets, splits[0].scored, torch.arange(len(sizes)).repeat_interleave(sizes)
    )


def _own(attention: Tensor, asked: Asked, names: list[str]) -> Iterator[Measurement]:
    """Where heads look from the positions that answer."""
    answering = torch.zeros(asked.tokens.shape[1], 1)
    answering[list(asked.scored)] = 1
    for number, name in enumerate(names):
        its = attention[:, (asked.split == number).cpu()]
        for kind, places in by_place(asked.tokens.shape[1]).items():
            wanted = (places * answering).expand(its.shape[1], -1, -1)
            score = seen(its, wanted)
            chance = seen(even_like(its), wanted).expand_as(score)
            yield from told({f"own_{kind}_score": score, f"own_{kind}_chance": chance}, name)


def _without(bridge: TransformerBridge, asked: Asked, names: list[str]) -> Iterator[Measurement]:
    for split, said in _by_split(with_all(bridge, asked), asked, names):
        yield Measurement("loss", said.loss.item(), split)
        yield Measurement("accuracy", said.right.item(), split)
    for layer, without in enumerate(without_each(bridge, asked)):
        for split, said in _by_split(without, asked, names):
            for head, (loss, right) in enumerate(zip(*map(Tensor.tolist, said), strict=True)):
                yield Measurement("loss_without", loss, split, layer, head)
                yield Measurement("accuracy_without", right, split, layer, head)


def _by_split(said: Said, asked: Asked, names: list[str]) -> Iterator[tuple[str, Said]]:
    """Means over the questions of each split."""
    for number, name in enumerate(names):
        its = asked.split == number
        yield name, Said(said.loss[..., its].mean(-1), said.right[..., its].mean(-1))
