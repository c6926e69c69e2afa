"""How a model is trained, and when its checkpoints are saved."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field, Strict, model_validator

from onset.settings import (
    Fraction,
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    Once,
    PositiveFloat,
    PositiveInt,
    Settings,
)

Extent = Literal["all", "new_tokens"]
"""of a parameter: all of it, or the rows of new tokens"""


def _without_nulls(mixture: Any) -> Any:
    if not isinstance(mixture, dict):
        return mixture
    return {split: part for split, part in mixture.items() if part is not None}


Mixture = Annotated[
    dict[str, Fraction],
    BeforeValidator(_without_nulls, json_schema_input_type=dict[str, Fraction | None]),
]


class SlowGradientsSettings(Settings):
    """Grokfast-EMA (Lee et al. 2024, arXiv:2405.20233, algorithm 2)."""

    alpha: Annotated[float, Field(ge=0, lt=1)] = 0.98
    """momentum of the average"""
    lamb: NonNegativeFloat = 2.0
    """how much of the average is added to the gradient"""


class ChanceSettings(Settings):
    """Which draw it is of what a training leaves to chance.

    A seed fixes the world and all draws in it; other numbers are other luck in the same world.
    """

    weights: NonNegativeInt = 0
    """of the initial weights; without effect on a run that starts from another one"""
    batches: NonNegativeInt = 0
    """of the batches, and of what dropout leaves out"""
    dropout: NonNegativeInt | None = None
    """of what dropout leaves out, if that is another draw than of the batches"""
    since: NonNegativeInt = 0
    """the first update that these draws of batches and dropout are of; those before it are the run's own,
    so that up to there it is the run without them, bit by bit"""

    def of_batches(self, step: int) -> int:
        """Which draw the batch of a step is of."""
        return self.batches if step >= self.since else 0

    def of_dropout(self, step: int) -> int:
        """Which draw it is of what dropout leaves out in a step."""
        drawn = self.batches if self.dropout is None else self.dropout
        return drawn if step >= self.since else 0


_OF_NO_STEPS: dict[str, Any] = {"batch_size": None, "mixture": {}, "learning_rate": 1.0}
"""what would be needed by steps that there aren't"""


def _needed_by_steps(schema: dict[str, Any]) -> None:
    """In the schema for editors: what is required, unless there are no steps to be done here."""
    needed = schema["required"]
    schema["required"] = ["steps"]
    idle = [{"properties": {"steps": {"const": 0}}}, {"properties": {"recorded": {"const": True}}}]
    idle[1]["required"] = ["recorded"]
    schema["anyOf"] = [*idle, {"required": needed}]


class TrainingSettings(Settings):
    """An optimiser on batches mixed from splits, with warm-up and a final linear decay to zero."""

    model_config = ConfigDict(json_schema_extra=_needed_by_steps)

    steps: NonNegativeInt
    """0: the model is looked at as it comes, and there is nothing else to be set"""
    batch_size: PositiveInt | None
    """null: full batches, with every example of the mixture's only split in every step"""
    mixture: Mixture
    """fraction of each batch that comes from each split; sums to 1. null takes a split out again"""
    loss: Literal["cross_entropy", "exact_cross_entropy"] = "cross_entropy"
    """of sequences: a function in `losses.py`; what is minimised on vectors is the model family's own"""
    optimiser: Literal["adamw", "sgd", "muon"] = "adamw"
    """`sgd`: gradient descent with momentum. `muon`: the matrices between embedding and readout by momentum
    made orthogonal (Jordan et al. 2024), with steps as large as AdamW's; all else by AdamW"""
    learning_rate: PositiveFloat
    betas: Annotated[tuple[Fraction, Fraction], Strict(False)] = (0.9, 0.98)
    """of AdamW"""
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = None
    """of `sgd` and `muon`, which need it"""
    weight_decay: NonNegativeFloat = 0.0
    """decoupled, relative to the learning rate; not applied to biases, norms and thresholds"""
    warmup_steps: NonNegativeInt = 0
    decay_fraction: Fraction = 0.0
    """the final fraction of the steps over which the learning rate falls linearly to zero"""
    gradient_clip: PositiveFloat | None = None
    """largest norm of the gradient; if a model holds several side by side, of each one's gradient"""
    slow_gradients: SlowGradientsSettings | None = None
    """Grokfast-EMA: adds the gradients' moving average to them"""
    measures_in_loss: dict[Name, float] = {}
    """measure → its weight in the loss; a negative number rewards it"""
    trainable: Annotated[dict[str, Extent], Field(min_length=1)] | None = None
    """pattern of parameters' names → `all` or `new_tokens` (of an embedding, the rows of tokens that the
    dataset calls new); of patterns that fit, the most specific counts; what fits no pattern keeps every
    bit. None: everything is trained"""
    chance: ChanceSettings = ChanceSettings()
    """other draws of initial weights and batches in the same world"""
    recorded: bool = False
    """others have done this training, and its checkpoints can be had: nothing else is to be set"""

    @model_validator(mode="before")
    @classmethod
    def _no_steps_need_nothing(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        if not (recorded := values.get("recorded") is True) and values.get("steps") != 0:
            return values
        usual = {name: its.default for name, its in cls.model_fields.items()} | _OF_NO_STEPS
        given = {key: tuple(its) if isinstance(its, list) else its for key, its in values.items()}
        needless = given.keys() & usual.keys() - {"steps", "recorded", "chance"}
        idle = [key for key in needless if given[key] != usual[key]]
        if idle:
            said = "recorded: true" if recorded else "steps: 0"
            raise ValueError(f"{said} trains nothing; leave out {', '.join(sorted(idle))}")
        return {**_OF_NO_STEPS, **values}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.recorded and not self.steps:
            raise ValueError("steps: a recorded training has some")
        if not self.updates:
            return self
        if not math.isclose(sum(self.mixture.values()), 1, abs_tol=1e-9):
            raise ValueError(
                f"the fractions of mixture must sum to 1, not {sum(self.mixture.values()):g}"
            )
        if self.batch_size is None and len(self.mixture) > 1:
            raise ValueError(
                f"a full batch is of one split, and the mixture has {', '.join(self.mixture)}"
            )
        if max(self.betas) >= 1:
            raise ValueError(f"betas must be below 1, not {list(self.betas)}")
        if (self.momentum is None) != (self.optimiser == "adamw"):
            does = "doesn't use" if self.optimiser == "adamw" else "needs"
            raise ValueError(f"the optimiser `{self.optimiser}` {does} the key momentum")
        if self.learning_rate > 1 and self.optimiser != "sgd":
            raise ValueError(
                f"learning_rate: {self.learning_rate:g} is about what every weight would move by in a "
                "step; at most 1"
            )
        if self.learning_rate * self.weight_decay >= 1:
            raise ValueError(
                "learning_rate × weight_decay is the share of a weight that a step removes: "
                f"it must be below 1, not {self.learning_rate:g} × {self.weight_decay:g}"
            )
        if idle := [name for name, part in self.measures_in_loss.items() if not part]:
            raise ValueError(f"measures_in_loss: 0 times {idle[0]} is nothing; leave it out")
        if self.warmup_steps + self.decay_fraction * self.steps > self.steps:
            raise ValueError(
                "warm-up and decay overlap: warmup_steps + decay_fraction × steps exceeds steps"
            )
        return self

    def learning_rate_at(self, step: int) -> float:
        """The rate of the update that leads from `step` to `step + 1`."""
        warmup = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        decay_steps = self.decay_fraction * self.steps
        decay = min(1.0, (self.steps - step) / decay_steps) if decay_steps else 1.0
        return self.learning_rate * min(warmup, decay)

    @property
    def updates(self) -> int:
        """How many are made here."""
        return 0 if self.recorded else self.steps

    def batch_parts(self) -> dict[str, int]:
        """How many examples of a batch come from each split, rounded to fill it exactly.

        Raises:
            ValueError: batches are full; the dataset alone knows how large that is.
        """
        if self.batch_size is None:
            raise ValueError("a full batch has no parts")
        exact = {split: fraction * self.batch_size for split, fraction in self.mixture.items()}
        parts = {split: int(share) for split, share in exact.items()}
        by_remainder = sorted(exact, key=lambda split: parts[split] - exact[split])
        for split in by_remainder[: self.batch_size - sum(parts.values())]:
            parts[split] += 1
        return {split: size for split, size in parts.items() if size}


class FinerSettings(Settings):
    """A stretch of training in which checkpoints are no farther apart than so many steps.

    A step at which something happens is only known to lie between two checkpoints.
    """

    every: PositiveInt
    """steps from one to the next"""
    since: NonNegativeInt = 0
    """the first of them"""
    until: PositiveInt | None = None
    """none after this step; null: to the end"""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError(f"until {self.until} comes before since {self.since}")
        return self

    def at(self, last: int) -> range:
        """The steps for a training of `last` steps."""
        return range(self.since, min(last, self.until or last) + 1, self.every)


class CheckpointSettings(Settings):
    """The steps at which the model is saved. The first (untrained) and the last always are."""

    schedule: Literal["log", "linear", "explicit"]
    count: Annotated[int, Field(ge=2, le=100_000)] | None = None
    """approximate number of checkpoints (rounding may merge early ones of a log schedule)"""
    first: PositiveInt = 1
    """log: the first step after 0"""
    steps: Annotated[tuple[NonNegativeInt, ...], Strict(False), Once] | None = None
    """explicit: the steps themselves"""
    finer: Annotated[tuple[FinerSettings, ...], Strict(False)] = ()
    """stretches with more of them, whatever the schedule; what lies after the last step is left out"""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted, other = ("steps", "count") if self.schedule == "explicit" else ("count", "steps")
        if getattr(self, wanted) is None:
            raise ValueError(f"a schedule `{self.schedule}` needs the key {wanted}")
        if getattr(self, other) is not None:
            raise ValueError(f"a schedule `{self.schedule}` doesn't use the key {other}")
        return self

    def at_most(self, last: int) -> int:
        """How many there are, for a training of `last` steps, at most."""
        n = len(self.steps or ()) + 2 if self.count is None else self.count + 1
        more = sum(len(stretch.at(last)) for stretch in self.finer)
        return min(n + more, last + 1)

    def at(self, last: int) -> list[int]:
        """The steps for a training of `last` steps, in order."""
        return sorted(
            {*self.scheduled(last), *(step for its in self.finer for step in its.at(last))}
        )

    def scheduled(self, last: int) -> list[int]:
        """Those of the schedule alone: without the finer stretches, they are spread as it says."""
        if self.schedule == "explicit":
            steps = {step for step in self.steps or () if step <= last}
        elif self.schedule == "linear":
            steps = set(np.linspace(0, last, self.count or 2).round().astype(int).tolist())
        else:
            # From the end, so that a single step is the last.
            spaced = np.geomspace(last, min(self.first, last), (self.count or 2) - 1)
            steps = set(spaced.round().astype(int).tolist())
        return sorted(steps | {0, last})
