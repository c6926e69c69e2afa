"""When the loss is no longer a number: what is known, and the likely cause."""

from __future__ import annotations

import math

from onset.training.settings import TrainingSettings
from onset.training.state import Log

_GROWN = 3.0
"""times its least, from which on a loss was running away before it was no number"""
_MUCH = 0.1
"""of every weight, in a step"""
_FAR = 0.03
"""how far AdamW moves a weight in a step; weights are of that size themselves"""


def said_of(what: str, number: float, step: int, log: Log, settings: TrainingSettings) -> str:
    """A line: step, what was known before, and the setting that it is likely due to, if one is.

    Args:
        what: is no number, the loss or the gradient's norm.
        number: its value.
        step: at which.
        log: of the steps before.
        settings: of the training.
    """
    said = f"the {what} is {number} at step {step}"
    if not log["step"]:
        return (
            f"{said}, before any update: the model's initial values are too large "
            "(its scales), or its data are; no training setting is to blame"
        )
    loss, norm = log["loss"][-1], log["gradient_norm"][-1]
    rate = settings.learning_rate_at(step)
    known = (
        f"the step before, the loss was {loss:.3g} and the gradient's norm {norm:.3g}, with a "
        f"learning_rate of {rate:.2g} and a weight_decay of {settings.weight_decay:g}"
    )
    return f"{said}; {known}; {_likely(rate, log, settings)}"


def _likely(rate: float, log: Log, settings: TrainingSettings) -> str:
    taken = rate * settings.weight_decay
    if taken > _MUCH:
        return f"weight decay takes {taken:.0%} of every weight in a step: try a lower weight_decay"
    finite = [loss for loss in log["loss"] if math.isfinite(loss)]
    grown = finite[-1] / least if (least := min(finite, key=abs, default=0.0)) > 0 else 0.0
    if grown > _GROWN:
        return f"it had grown {grown:.3g} times since its least: try a lower learning_rate"
    if rate > _FAR and settings.optimiser == "adamw":
        return f"a step moves every weight by about {rate:.2g}: try a lower learning_rate"
    if any(part < 0 for part in settings.measures_in_loss.values()):
        return "what is rewarded in the loss (measures_in_loss) may have no bound"
    return "it had not grown before, so that the cause isn't known"
