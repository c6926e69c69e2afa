"""Programs on short lists, compiled: transformers with a circuit that is known, and nothing else at work.

`onset.circuits.plans` has the plans. Which edges of such a model count is declared in
`onset.circuits.known`, so that methods that find circuits can be graded on it as on any other run.
"""

from __future__ import annotations

from onset.circuits.plans import compiled_into
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.programs import Settings

STEPS = ("whole",)
TASK = "programs"


def made(up_to: str, task: Settings, model: Transformer) -> Parameters:
    """The program's weights.

    Args:
        up_to: `whole`; a program isn't compiled by halves.
        task: which program it is, and on what lists.
        model: one that can hold it; heads and MLPs that it doesn't need are idle.

    Raises:
        ValueError: it can't; the message says what is needed.
    """
    return compiled_into(model, task)
