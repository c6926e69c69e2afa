"""A population's members end as they would alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.tasks import modular_addition
from onset.training.interventions import Altered
from onset.training.loop import train
from onset.training.population import obstacle, train_population
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState
from tests.unit.test_training import MODEL, training
from tests.unit.test_training import WORLD as COMPOSITION

SEEDS = [0, 1, 2]
ADDITION = modular_addition.Settings(name="modular_addition", p=11, train_fraction=0.5)
FULL = TrainingSettings(
    steps=20, batch_size=None, mixture={"train": 1.0}, loss="exact_cross_entropy",
    learning_rate=3e-3, weight_decay=1.0, slow_gradients={"alpha": 0.9, "lamb": 1.0},
)  # fmt: skip


def adder(**changes):
    given = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 32, "norm": "none"}
    settings = Settings(**{**given, "attention_biases": False, "tied_embeddings": False, **changes})
    return build(settings, ADDITION.n_tokens, ADDITION.length)


CASES = {
    "full batches": (adder(), [modular_addition.generate(ADDITION, s) for s in SEEDS], FULL),
    "mixed batches, norms, clipping": (MODEL, [COMPOSITION] * 3, training(steps=20)),
    "part of the parameters": (
        MODEL,
        [replace(COMPOSITION, new_tokens=(3, 5))] * 3,
        training(steps=20, trainable={"tok_embed.weight": "new_tokens", "*mlp*": "all"}),
    ),
    "SGD": (MODEL, [COMPOSITION] * 3, training(steps=20, optimiser="sgd", momentum=0.9)),
}


@pytest.mark.parametrize("case", CASES)
def test_members_end_as_they_would_alone(case):
    model, datasets, settings = CASES[case]
    # In float64: AdamW takes a gradient of nothing but rounding for a direction.
    drawn = [model.initial_parameters(seed) for seed in SEEDS]
    starts = [TrainingState(0, {n: p.double() for n, p in its.items()}) for its in drawn]
    assert obstacle(model, datasets, settings, SEEDS) is None
    kept: list[tuple[int, int]] = []
    together = train_population(
        model, datasets, settings, {0, 10, 20}, SEEDS, starts,
        on_checkpoint=lambda member, state: kept.append((member, state.step)),
    )  # fmt: skip
    assert kept == [(member, step) for step in (0, 10, 20) for member in range(3)]
    for dataset, seed, start, its in zip(datasets, SEEDS, starts, together, strict=True):
        alone = train(model, dataset, settings, (), seed, start, lambda state: None)
        assert its.log.keys() == alone.log.keys()
        for column in alone.log:
            assert its.log[column] == pytest.approx(alone.log[column], rel=1e-7), column
        assert_close(its.parameters, alone.parameters, atol=1e-8, rtol=1e-6)


def test_an_interrupted_population_goes_on():
    model, datasets, settings = CASES["full batches"]
    starts = [TrainingState(0, model.initial_parameters(seed)) for seed in SEEDS]
    halves: dict[int, TrainingState] = {}

    def keep(member: int, state: TrainingState) -> None:
        if state.step == 10:
            copies = {name: p.detach().clone() for name, p in state.parameters.items()}
            moments = {
                n: {k: m.clone() for k, m in its.items()} for n, its in state.moments.items()
            }
            log = {column: list(entries) for column, entries in state.log.items()}
            halves[member] = TrainingState(10, copies, moments, log)

    whole = train_population(model, datasets, settings, {10}, SEEDS, starts, keep)
    again = train_population(
        model, datasets, settings, (), SEEDS, [halves[i] for i in range(3)], keep
    )
    for one, two in zip(whole, again, strict=True):
        assert one.log == two.log
        assert_close(one.parameters, two.parameters, atol=0, rtol=0)


def test_a_member_that_diverges_is_told():
    model, datasets, settings = CASES["full batches"]
    starts = [TrainingState(0, model.initial_parameters(seed)) for seed in SEEDS]
    starts[1].parameters["tok_embed.weight"].fill_(torch.inf)
    with pytest.raises(FloatingPointError, match="at step 0"):
        train_population(model, datasets, settings, (), SEEDS, starts, lambda m, s: None)


class TestObstacle:
    def said(self, model=None, datasets=None, settings=None, interventions=()) -> str | None:
        usual, its, training_settings = CASES["full batches"]
        given = datasets or its, settings or training_settings
        return obstacle(model or usual, *given, SEEDS, interventions)

    def test_interventions(self):
        its = {0: [lambda parameters: Altered(parameters)]}
        assert self.said(interventions=[its] * 3) == "interventions change each run by itself"
        assert self.said(interventions=[{}] * 3) is None

    def test_batches_of_different_sizes(self):
        other = modular_addition.generate(
            modular_addition.Settings(name="modular_addition", p=11, train_fraction=0.6), 0
        )
        datasets = [*CASES["full batches"][1][:2], other]
        assert self.said(datasets=datasets) == "their batches differ in size"

    def test_measures_in_the_loss(self):
        settings = FULL.model_copy(update={"measures_in_loss": {"fourier_weights": 1.0}})
        assert self.said(settings=settings) == "measures enter the loss"

    def test_a_family_that_cannot(self):
        class Other:
            constants = decaying = frozenset()

            def initial_parameters(self, seed): ...

            def logits(self, parameters, questions): ...

        assert "logits_of_sequences" in self.said(model=Other())
