"""What a training minimised, and on how many examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from onset.models.batch import AnyModel, Batch, VectorBatch
from onset.tasks.worlds import World
from onset.training.loop import batches
from onset.training.losses import loss_on
from onset.training.settings import TrainingSettings
from onset.training.trainable import Trainable


@dataclass(frozen=True, eq=False)
class Objective:
    """The loss on batches; not what weight decay, dropout or measures added to it."""

    model: AnyModel
    dataset: World
    """with the streams"""
    training: TrainingSettings
    seed: int

    @property
    def n_examples(self) -> int:
        """Different ones, at most: those of splits, and of streams as many as there were steps to draw."""
        training, splits = self.training, self.dataset.splits
        if training.batch_size is None:
            return sum(len(splits[name]) for name in training.mixture)
        drawn = {name: size * training.steps for name, size in training.batch_parts().items()}
        return sum(
            min(size, len(splits[name])) if name in splits else size for name, size in drawn.items()
        )

    def batches(self, count: int, of_usual: float = 1.0) -> list[Batch | VectorBatch]:
        """Those that the training would have gone on with; a single one, if its batches are full.

        Args:
            count: how many.
            of_usual: how large, in multiples of those that the training had.
        """
        its, end = self.training, self.training.steps
        if of_usual != 1.0:
            usual = self.n_examples if its.batch_size is None else its.batch_size
            its = its.model_copy(update={"batch_size": max(1, round(of_usual * usual))})
        batch_of = batches(self.dataset, its, self.seed)
        if its.batch_size is None:
            return [batch_of(end)]
        return [batch_of(end + number) for number in range(count)]

    def trained(self, parameters: Mapping[str, Tensor]) -> list[str]:
        """Which of the parameters training changed, wholly or in part."""
        chosen, new = self.training.trainable, self.dataset.new_tokens
        return Trainable(parameters, chosen, new, self.model.constants).names

    def loss(
        self, parameters: Mapping[str, Tensor], batch: Batch | VectorBatch
    ) -> Float[Tensor, ""]:
        return loss_on(batch, self.model, parameters, self.training.loss)
