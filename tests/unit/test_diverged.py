"""What is said of a loss that is no number: what is known, and a cause only where it is one."""

from __future__ import annotations

import math

import pytest

from onset.training.diverged import said_of
from onset.training.loop import write_log
from onset.training.settings import TrainingSettings


def settings(**changes) -> TrainingSettings:
    given = {"steps": 100, "batch_size": 8, "mixture": {"train": 1.0}, "learning_rate": 1e-3}
    return TrainingSettings(**{**given, **changes})


def log(*losses: float) -> dict[str, list[float]]:
    return {
        "step": list(range(len(losses))),
        "loss": list(losses),
        "learning_rate": [1e-3] * len(losses),
        "gradient_norm": [2.5] * len(losses),
    }


def test_what_is_known_is_said():
    said = said_of("loss", math.nan, 3, log(1.0, 0.5, 0.25), settings(weight_decay=0.5))
    assert said.startswith("the loss is nan at step 3; the step before, the loss was 0.25")
    assert "gradient's norm 2.5" in said
    assert "learning_rate of 0.001 and a weight_decay of 0.5" in said


@pytest.mark.parametrize(
    ("losses", "changes", "says"),
    [
        ((1.0, 0.5, 50.0), {}, "had grown 100 times since its least: try a lower learning_rate"),
        ((1.0, 0.9), {"learning_rate": 0.5}, "by about 0.5: try a lower learning_rate"),
        (
            (1.0, 0.9),
            {"learning_rate": 0.02, "weight_decay": 20.0},
            "takes 40% of every weight in a step: try a lower weight_decay",
        ),
        ((1.0, 0.9), {"measures_in_loss": {"fourier_weights": -1.0}}, "may have no bound"),
        ((1.0, 0.9), {}, "the cause isn't known"),
        ((), {}, "before any update: the model's initial values are too large"),
        ((math.inf,), {}, "the cause isn't known"),
    ],
)
def test_a_cause_only_where_it_is_one(losses, changes, says):
    said = said_of("loss", math.inf, len(losses), log(*losses), settings(**changes))
    assert says in said
    assert ("learning_rate" in says) == ("try a lower learning_rate" in said)


def test_the_log_stops_with_it():
    with pytest.raises(FloatingPointError, match="the norm of the gradient is inf at step 2"):
        write_log(log(1.0, 0.9), 2, 0.8, 1e-3, math.inf, settings())
