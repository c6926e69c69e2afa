"""What a run would answer without the noise of its last steps: the mean of several checkpoints.

Polyak averaging (Polyak and Juditsky 1992; Izmailov et al. 2018, arXiv:1803.05407, of neural networks). If
a training that never lowers its learning rate circles around a solution, their mean is nearer to it than
any of them; a solution that only lower rates lead to isn't found so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from onset.comparisons.member import Compared, Member
from onset.measures.answers import prediction
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
OPTIONS = {"most": 5}
QUANTITIES = {
    "averaged_accuracy": {"kind": "share", "label": "accuracy of averaged weights"},
}


def compare(members: Sequence[Member[Model, Dataset]], most: int) -> Iterator[Compared]:
    """Per split and checkpoint (`step`), but for the first:

    * `averaged_accuracy`: fraction answered right by the model whose weights are the mean of this
      checkpoint's and of those before it, at most so many; the untrained one is left out.
    """
    for run in members:
        trained = [step for step in run.steps if step]
        for last, step in enumerate(trained):
            together = trained[max(0, last + 1 - most) : last + 1]
            mean = averaged([run.parameters(its) for its in together])
            for found in prediction.measure(run.model, mean, run.dataset):
                if found.measure == "accuracy":
                    n = len(run.dataset.splits[found.split])
                    its = found._replace(measure="averaged_accuracy", n_examples=n)
                    yield Compared(its, run, step=step)


def averaged(checkpoints: Sequence[Parameters]) -> Parameters:
    """The mean of several, parameter by parameter."""
    return {
        name: torch.stack([its[name] for its in checkpoints]).mean(0) for name in checkpoints[0]
    }
