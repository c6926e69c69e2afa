"""Each optimiser is PyTorch's own on every parameter by itself, and resumes as if never interrupted."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.testing import assert_close

from onset import models
from onset.config.size import Size
from onset.config.trained_parts import unfit_optimiser
from onset.tasks import composition
from onset.tasks.superposition import Settings as Superposition
from onset.training.settings import CheckpointSettings, TrainingSettings
from onset.training.state import TrainingState
from onset.training.updater import Updater
from tests.unit.test_training import MODEL, ORIGIN, WORLD, assert_same_bits, trained, training

RATE, DECAY = 0.05, 0.3
CHOSEN = {
    "adamw": {},
    "sgd": {"optimiser": "sgd", "momentum": 0.9},
    "muon": {"optimiser": "muon", "momentum": 0.95},
}
COMPOSITION = composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7)


class Model:
    """Two matrices, of which one is hidden, and a bias."""

    constants = frozenset()
    decaying = frozenset({"embedding", "hidden"})
    hidden = frozenset({"hidden"})

    def initial_parameters(self, seed: int) -> dict[str, Tensor]:
        raise NotImplementedError


def parameters() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"bias": (3,), "embedding": (4, 5), "hidden": (3, 5)}
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def loss_of(its: dict[str, Tensor]) -> Tensor:
    said = its["embedding"] @ its["hidden"].T - its["bias"]
    return (said**2).sum()


def settings(name: str, **changes) -> TrainingSettings:
    given = {"steps": 6, "warmup_steps": 0, "learning_rate": RATE, "weight_decay": DECAY}
    return training(**given, gradient_clip=None, **CHOSEN[name], **changes)


def by_pytorch(name: str, plain: dict[str, Tensor]) -> list[torch.optim.Optimizer]:
    """A tensor at a time; what SGD decays, it decays before its step, as AdamW does."""
    decays = {n: DECAY if n in Model.decaying else 0.0 for n in plain}
    if name == "sgd":
        return [torch.optim.SGD(plain.values(), momentum=0.9)]
    adamw = [
        {"params": [p], "weight_decay": decays[n]}
        for n, p in plain.items()
        if name == "adamw" or n not in Model.hidden
    ]
    found = [torch.optim.AdamW(adamw, betas=(0.9, 0.98))]
    if name == "muon":
        matrix = plain["hidden"]
        found.append(
            torch.optim.Muon(
                [matrix], momentum=0.95, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw"
            )
        )
    return found


@pytest.mark.parametrize("name", CHOSEN)
def test_it_is_pytorchs_of_each_parameter(name):
    chosen = settings(name)
    ours, plain = parameters(), parameters()
    updater = Updater(ours, Model(), chosen)
    for p in plain.values():
        p.requires_grad_()
    optimisers = by_pytorch(name, plain)
    for step in range(chosen.steps):
        rate, _ = updater.step(loss_of(ours), step)
        assert rate == chosen.learning_rate_at(step)
        for p in plain.values():
            p.grad = None
        loss_of(plain).backward()
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        if name == "sgd":
            for decaying in Model.decaying:
                plain[decaying].data.mul_(1 - rate * DECAY)
        for optimiser in optimisers:
            optimiser.step()
    for its, expected in plain.items():
        assert_close(ours[its], expected, msg=its)
    assert {its["step"].item() for its in updater.moments().values()} == {chosen.steps}


def test_sgd_by_hand():
    """Of x²/2, whose gradient is x: decay, then the momentum's step."""
    chosen = settings("sgd", decay_fraction=0.0)
    its = {"hidden": torch.ones(1, 1)}
    updater = Updater(its, Model(), chosen)
    x, momentum = 1.0, 0.0
    for step in range(4):
        updater.step((its["hidden"] ** 2).sum() / 2, step)
        momentum = 0.9 * momentum + x
        x = x * (1 - RATE * DECAY) - RATE * momentum
        assert its["hidden"].item() == pytest.approx(x, rel=1e-6)


def test_a_step_of_muon_is_as_large_as_one_of_adamw():
    """Its singular values are about the same, and its root mean square is 0.2 of the rate."""
    torch.manual_seed(0)
    its = {"hidden": torch.zeros(32, 64)}
    towards = torch.randn(32, 64)
    Updater(its, Model(), settings("muon", decay_fraction=0.0)).step(
        (its["hidden"] * towards).sum(), 0
    )
    step = its["hidden"].detach()
    singular = torch.linalg.svdvals(step)
    assert singular.max() < 3 * singular.min()
    assert step.square().mean().sqrt().item() == pytest.approx(0.2 * RATE, rel=0.2)


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_interrupted_ends_with_the_same_bits(name, tmp_path):
    chosen, path = training(**CHOSEN[name]), tmp_path / "state"
    whole = trained(
        chosen, checkpoint_steps={5}, on_checkpoint=lambda state: state.save(path, ORIGIN)
    )
    start = TrainingState.load(path, ORIGIN, "cpu")
    assert start is not None
    again = trained(chosen, start=start)
    assert_same_bits(again, whole)
    kinds = {"step", "exp_avg", "exp_avg_sq"} if name == "adamw" else {"step", "momentum_buffer"}
    assert set(again.moments["layers.0.mlp.fc_in.weight"]) == kinds


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_frozen_keeps_its_bits(name):
    """A row of the embedding, and one matrix of the block."""
    new = (3, 7)
    chosen = training(
        steps=40, trainable={"tok_embed.weight": "new_tokens", "layers.0.mlp.fc_in.weight": "all"},
        **CHOSEN[name],
    )  # fmt: skip
    before = MODEL.initial_parameters(0)
    end = trained(chosen, dataset=replace(WORLD, new_tokens=new))
    frozen = [token for token in range(WORLD.n_tokens) if token not in new]
    for its, values in before.items():
        if its == "tok_embed.weight":
            assert torch.equal(end.parameters[its][frozen], values[frozen])
            assert (end.parameters[its][list(new)] != values[list(new)]).any(1).all()
        else:
            assert torch.equal(end.parameters[its], values) == (its != "layers.0.mlp.fc_in.weight")


def test_muon_is_for_the_blocks_matrices_alone():
    updater = Updater(its := MODEL.initial_parameters(0), MODEL, training(**CHOSEN["muon"]))
    updater.step(sum(p.square().sum() for p in its.values()), 0)
    of_muon = {n for n, kept in updater.moments().items() if "momentum_buffer" in kept}
    matrices = ("attn.q", "attn.k", "attn.v", "attn.o", "mlp.fc_in", "mlp.fc_out")
    assert of_muon == {f"layers.0.{name}.weight" for name in matrices} == MODEL.hidden


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"momentum": 0.9}, "the optimiser `adamw` doesn't use the key momentum"),
            ({"optimiser": "sgd"}, "the optimiser `sgd` needs the key momentum"),
            ({"optimiser": "muon", "momentum": 1.0}, "less than 1"),
            ({"optimiser": "muon", "momentum": 0.9, "learning_rate": 2.0}, "at most 1"),
            ({"optimiser": "adam"}, "'adamw', 'sgd' or 'muon'"),
        ],
    )
    def test_in_the_settings(self, changes, words):
        with pytest.raises(ValidationError, match=words):
            training(**changes)

    def test_a_rate_of_sgd_may_be_large(self):
        chosen = training(optimiser="sgd", momentum=0.0, learning_rate=2.0, weight_decay=0.0)
        assert chosen.learning_rate == 2

    def test_muon_without_matrices_to_update(self):
        chosen = training(**CHOSEN["muon"])
        transformer = models.load_settings("transformer").Settings(name="transformer")
        assert unfit_optimiser(chosen, COMPOSITION, transformer) is None
        embeddings = training(**CHOSEN["muon"], trainable={"*embed*": "all"})
        said = unfit_optimiser(embeddings, COMPOSITION, transformer)
        assert said is not None
        assert said.endswith("and of these none is trainable")
        with pytest.raises(ValueError, match="no matrix that muon would update is trained"):
            trained(embeddings)

    def test_muon_of_a_family_that_has_no_blocks(self):
        small = models.load_settings("bottleneck").Settings(
            name="bottleneck", n_inputs=2, d_hidden=1
        )
        world = Superposition(name="superposition", densities=[0.5], restarts=2)
        chosen = training(**CHOSEN["muon"])
        said = unfit_optimiser(chosen, world, small)
        assert said is not None
        assert "the family bottleneck doesn't say that it has any" in said
        assert unfit_optimiser(training(**CHOSEN["sgd"]), world, small) is None


@pytest.mark.parametrize(("name", "copies"), [("adamw", 4), ("sgd", 3), ("muon", 3)])
def test_copies_of_parameters(name, copies):
    its = models.load_settings("transformer")
    chosen = its.Settings(name="transformer")
    once = CheckpointSettings(schedule="linear", count=2)
    shapes = its.shapes(chosen, COMPOSITION.n_tokens, COMPOSITION.length)
    size = Size.of(COMPOSITION, chosen, training(**CHOSEN[name]), once)
    assert size.memory["model"] == 4 * copies * sum(map(math.prod, shapes.values()))
