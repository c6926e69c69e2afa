"""One condition at one seed, as stored on disk."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from jaxtyping import Float, Int
from torch import Tensor

from onset import models
from onset.models import inspection
from onset.models.batch import AnyModel, Batch, VectorBatch
from onset.runs import token_names
from onset.runs.artefacts import (
    check_run,
    check_source,
    read_checkpoint,
    read_checkpoint_index,
    read_dataset,
)
from onset.runs.batches import batch_at
from onset.runs.steps import scheduled
from onset.store.layout import RunFolder
from onset.store.origin import Origin
from onset.store.reading import read_yaml
from onset.store.records import damaged
from onset.store.tables import load_table
from onset.tasks.dataset import Dataset
from onset.tasks.worlds import World
from onset.training.settings import TrainingSettings

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


@dataclass(frozen=True)
class Run:
    """One condition at one seed, as it lies on disk."""

    path: Path

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path)

    @property
    def condition(self) -> str:
        return self.path.parent.name

    @property
    def seed(self) -> int:
        return self.folder.seed

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Everything that the run was made with, defaults spelled out."""
        found: dict[str, Any] = {}
        for stage in ("dataset", "training", "measures", "analyses"):
            path, of_it = self.folder.settings(stage), self.folder.made_with(stage)
            if path.exists():
                found |= read_yaml(path)
            elif of_it.exists():
                raise damaged(path, f"missing, though {of_it.name} is there")
        return found

    @cached_property
    def dataset(self) -> World:
        return read_dataset(self.folder)

    @cached_property
    def steps(self) -> list[int]:
        """The steps at which there are checkpoints."""
        return self._index["steps"]

    @property
    def scheduled_steps(self) -> list[int]:
        """Those of the schedule, spread over training: without what is only in finer stretches."""
        return scheduled(self._index)

    @cached_property
    def _index(self) -> dict[str, Any]:
        return read_checkpoint_index(self.folder)

    @cached_property
    def model(self) -> AnyModel:
        """The architecture; its functions take `parameters`."""
        return models.build(self.settings["model"], *self.dataset.sizes)

    def parameters(self, step: int | None = None) -> dict[str, Tensor]:
        """Those of a checkpoint, by default the last."""
        step = self.steps[-1] if step is None else step
        if step not in self.steps:
            raise ValueError(
                f"{self.folder.run} has no checkpoint at step {step}; there are: {self.steps}"
            )
        return read_checkpoint(self.folder, step)

    def batch(self, step: int, n: int | None = None) -> Batch | VectorBatch:
        """Exactly the batch that `run.parameters(step)` was trained on next.

        Its splits follow one another in the order of `mixture` in the settings. `loss_on(batch, run.model,
        run.parameters(step))`, from `onset.training.losses`, is the loss in the training log at this step,
        unless the model has dropout or an intervention comes in between.

        Args:
            step: any number of updates, whether or not there is a checkpoint.
            n: keep only the first n examples of each split in the batch; None: all.

        Raises:
            ValueError: training ended before that update, or n is below 1.
        """
        training = TrainingSettings.model_validate(self.settings["training"])
        return batch_at(step, n, self._trained_on, training, self.seed)

    @cached_property
    def _trained_on(self) -> World:
        """The dataset, and the streams that are drawn afresh."""
        return read_dataset(self.folder, streams=True)

    def bridge(
        self, step: int | None = None, n_applications: int | None = None
    ) -> TransformerBridge:
        """A checkpoint (by default the last) in TransformerLens, with all its hooks and tools.

        Args:
            step: of the checkpoint.
            n_applications: how many block applications to unroll, by default all. A model that is
                read out per hop answers a question of h hops after h of them.

        The bridge of a pretrained model takes its own vocabulary: `run.model.in_vocabulary(tokens)`.

        Raises:
            ValueError: it is no transformer, or there is no such checkpoint.
        """
        with warnings.catch_warnings():
            # TransformerLens draws progress bars with tqdm, which misses widgets for them in a notebook.
            warnings.filterwarnings("ignore", "IProgress not found")
            return inspection.open_bridge(self.model, self.parameters(step), n_applications)

    def tokens(self, text: str) -> Int[Tensor, "1 length"]:
        """A sequence of readable names, to be asked: `run.bridge()(run.tokens("e3 r1"))`.

        Raises:
            ValueError: the world has no tokens, or none of such a name (the nearest are listed), or the
                sequence is too long for the model.
        """
        return token_names.tokens_of(text, self.model, self._vocabulary)

    def likeliest(self, logits: Float[Tensor, " tokens"], most: int = 5) -> pd.DataFrame:
        """What the bridge's logits at one position say: `answer` and `probability`, the most likely first.

        Raises:
            ValueError: the world has no tokens.
        """
        return token_names.likeliest(logits, self.model, self._vocabulary, most)

    @property
    def _vocabulary(self) -> Sequence[str]:
        if self.dataset.kind != Dataset.kind:
            raise ValueError(f"{self.folder.run} is about {self.dataset.kind}, which have no names")
        return self.dataset.vocabulary

    @cached_property
    def training_log(self) -> pd.DataFrame:
        """Every update: step, loss, learning_rate, gradient_norm."""
        return self._table(self.folder.training_log)[0]

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every measurement: step, measure, value, split, layer, head, position, component."""
        return self._measurements(self.folder.measures)

    @cached_property
    def analyses(self) -> pd.DataFrame:
        """What the closer looks found, in the columns of `measures`."""
        return self._measurements(self.folder.analyses)

    def _measurements(self, path: Path) -> pd.DataFrame:
        table, origin = self._table(path)
        check_source(path, origin, self.folder.checkpoint_index)
        return table

    def _table(self, path: Path) -> tuple[pd.DataFrame, Origin]:
        table, origin = load_table(path)
        check_run(self.folder, path, origin)
        return table, origin
