"""What is different between two runs of one's own: sequences, positions and parts, the largest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.changes.parts import exchanged, parts_of
from onset.comparisons.changes.versions import Version, divergence
from onset.models.batch import Questions
from onset.tasks.dataset import Dataset, Split
from onset.training.batches import questions_of


@dataclass(frozen=True, eq=False)
class Difference:
    """Two models, asked the questions of one dataset."""

    before: Version
    after: Version
    dataset: Dataset
    splits: Sequence[str]

    @cached_property
    def sequences(self) -> pd.DataFrame:
        """Every sequence: split, sequence, position, right, before, after (what each model says there),
        divergence (nats); the largest first. Of a sequence that is scored at several positions, the one
        counts at which they differ most."""
        with torch.inference_mode():
            rows = [row for name in self.splits for row in self._asked(name)]
        columns = ["split", "sequence", "position", "right", "before", "after", "divergence"]
        found = pd.DataFrame(rows, columns=columns)
        return found.sort_values("divergence", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def positions(self) -> pd.DataFrame:
        """Mean divergence (nats) by split and position, scored or not; the largest first."""
        rows = []
        with torch.inference_mode():
            for name in self.splits:
                split = self.dataset.splits[name]
                n = split.tokens.shape[1]
                everywhere = Questions(split.tokens, tuple(range(n)), split.hops)
                apart = divergence(*self._says(everywhere)).view(len(split), n).mean(0)
                rows += [(name, place, value) for place, value in enumerate(apart.tolist())]
        found = pd.DataFrame(rows, columns=["split", "position", "divergence"])
        return found.sort_values("divergence", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """How far each part's weights have moved (`moved`, relative to their norm before), and how much of
        the divergence the model before has with this part of the one after (`divergence`, nats); the
        largest first."""
        old, new = self.before.parameters, self.after.parameters
        questions = [questions_of(self.dataset.splits[name]) for name in self.splits]
        rows = []
        with torch.inference_mode():
            said = F.log_softmax(self.before.model.logits(old, questions), -1)
            for part, names in parts_of(old).items():
                mixed = exchanged(old, new, dict.fromkeys(names, ...))
                its = F.log_softmax(self.before.model.logits(mixed, questions), -1)
                far = sum((new[name] - old[name]).square().sum().item() for name in names)
                norm = sum(old[name].square().sum().item() for name in names)
                moved = (far / norm) ** 0.5 if norm else float(far > 0)
                rows.append((part, moved, divergence(said, its).mean().item()))
        found = pd.DataFrame(rows, columns=["part", "moved", "divergence"])
        return found.sort_values("divergence", ascending=False, kind="stable", ignore_index=True)

    def _says(self, asked: Questions) -> tuple[Float[Tensor, "scored tokens"], ...]:
        return tuple(
            F.log_softmax(its.model.logits(its.parameters, [asked]), -1)
            for its in (self.before, self.after)
        )

    def _asked(self, name: str) -> Iterator[tuple[Any, ...]]:
        split: Split = self.dataset.splits[name]
        called = self.dataset.vocabulary
        before, after = self._says(questions_of(split))
        shape = split.targets.shape
        apart = divergence(before, after).view(shape).numpy(force=True)
        says = [its.argmax(-1).view(shape).numpy(force=True) for its in (before, after)]
        most = apart.argmax(1)
        for row, place in enumerate(most.tolist()):
            words = (*(its[row, place] for its in (split.targets, *says)),)
            yield (
                name,
                " ".join(called[token] for token in split.tokens[row].tolist()),
                int(split.positions[row, place]),
                *(called[word] if word < len(called) else f"token {word}" for word in words),
                apart[row, place],
            )


def diff(
    before: Any, after: Any, splits: Sequence[str] | None = None, from_step: int | None = None
) -> Difference:
    """What a training has changed.

    Args:
        before: a run (`onset.results.open_run`).
        after: another one, of a model of the same architecture, at its last checkpoint; its questions are
            asked. It may be the same, if `from_step` says since when.
        splits: of its dataset; None: all.
        from_step: the checkpoint of the one before; None: its last.

    Raises:
        ValueError: the two don't speak of the same tokens, or their models aren't alike.
    """
    if tuple(before.dataset.vocabulary) != tuple(after.dataset.vocabulary):
        raise ValueError(f"{before.folder.run} and {after.folder.run} have different tokens")
    since = before.steps[-1] if from_step is None else from_step
    versions = [Version.of(before, since), Version.of(after, after.steps[-1])]
    shapes = [
        {n: tuple(its.shape) for n, its in version.parameters.items()} for version in versions
    ]
    if shapes[0] != shapes[1]:
        raise ValueError(f"{before.folder.run} and {after.folder.run} have different architectures")
    chosen = list(after.dataset.splits) if splits is None else list(splits)
    if unknown := sorted({*chosen} - {*after.dataset.splits}):
        there = ", ".join(after.dataset.splits)
        raise ValueError(f"there is no split {', '.join(unknown)}; there are: {there}")
    return Difference(*versions, after.dataset, chosen)
