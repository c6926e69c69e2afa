"""What a training leaves out at random: in training only, and the same whatever came before a step."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.tasks import induction
from onset.training.batches import questions_of
from onset.training.loop import train
from onset.training.population import obstacle
from onset.training.randomness import chance_of, in_training
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

TASK = induction.Settings(
    name="induction", n_symbols=12, length=10, segment=(3, 5), n_train=8, n_test=8
)
WORLD = induction.generate(TASK, seed=0)
TRAINING = TrainingSettings(
    steps=8, batch_size=4, mixture={"fresh": 1.0}, learning_rate=1e-2, weight_decay=0.1
)


def model(dropout: float, **changes) -> Transformer:
    settings = Settings(
        name="transformer", d_model=16, n_heads=2, d_mlp=16, dropout=dropout, **changes
    )
    return Transformer(settings, TASK.n_tokens, TASK.length)


def said(its: Transformer) -> torch.Tensor:
    return its.logits(its.initial_parameters(0), [questions_of(WORLD.splits["test"])])


def test_it_is_of_trainings_only():
    assert_close(said(model(0.5)), said(model(0.0)), rtol=0, atol=0)


def test_a_step_has_its_own_chance():
    its = in_training(model(0.5))

    def of(seed: int, step: int) -> torch.Tensor:
        with chance_of(seed, step):
            return said(its)

    assert_close(of(0, 3), of(0, 3), rtol=0, atol=0)
    assert not torch.equal(of(0, 3), of(0, 4))
    assert not torch.equal(of(0, 3), of(1, 3))


def test_chance_outside_of_a_step_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with chance_of(0, 0):
        torch.rand(7)
    assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_the_share_that_is_wanted_is_left_out():
    its = in_training(model(0.25, positions="none"))
    ones = torch.ones(200, 200)
    with chance_of(0, 0):
        kept = its._drop(ones)
    assert (kept == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert kept.mean().item() == pytest.approx(1, abs=0.02)


def trained(its: Transformer, start: TrainingState | None = None) -> tuple[TrainingState, list]:
    states = []
    start = start or TrainingState(0, its.initial_parameters(0))

    def keep(state: TrainingState) -> None:
        parameters = {name: p.detach().clone() for name, p in state.parameters.items()}
        moments = {n: {k: m.clone() for k, m in of.items()} for n, of in state.moments.items()}
        states.append(TrainingState(state.step, parameters, moments, dict(state.log)))

    return train(its, WORLD, TRAINING, {4}, 0, start, keep), states


def test_an_interrupted_training_goes_on_with_the_same_chances():
    whole, (half,) = trained(model(0.3))
    again, _ = trained(model(0.3), half)
    for name, parameter in whole.parameters.items():
        assert_close(again.parameters[name], parameter, rtol=0, atol=0)


def test_it_changes_what_is_learnt():
    one, _ = trained(model(0.3))
    other, _ = trained(model(0.0))
    assert one.log["loss"] != other.log["loss"]


def test_no_population_shares_its_chances():
    assert "dropout" in obstacle(model(0.3), [WORLD, WORLD], TRAINING, [0, 1])


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_it_is_a_share(share):
    with pytest.raises(ValueError, match="dropout"):
        model(share)


def test_what_is_left_out_is_drawn_apart_from_batches():
    its = model(0.5)
    drawn = {
        "usual": {},
        "same": {"dropout": 0},
        "later": {"dropout": 1, "since": 8},
        "other": {"dropout": 1},
        "batches": {"batches": 1},
        "batches_alone": {"batches": 1, "dropout": 0},
    }
    losses = {}
    for name, chance in drawn.items():
        settings = TRAINING.model_validate({**TRAINING.model_dump(), "chance": chance})
        start = TrainingState(0, its.initial_parameters(0))
        end = train(its, WORLD, settings, (), 0, start, on_checkpoint=lambda state: None)
        losses[name] = end.log["loss"]
    assert losses["same"] == losses["usual"] == losses["later"]
    others = [losses[name][0] for name in ("usual", "other", "batches", "batches_alone")]
    assert len(set(others)) == 4
