"""An update of all parameters at once is that of each by itself."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from onset.training.buffer import Buffer
from onset.training.settings import TrainingSettings
from onset.training.updater import Updater


class Model:
    """What an updater asks of a model."""

    constants = frozenset()
    decaying = frozenset({"matrix", "unused"})

    def initial_parameters(self, seed):
        return parameters()

    def logits(self, parameters, questions):
        raise NotImplementedError


MODEL = Model()


def parameters() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "bias": torch.randn(3, generator=generator),
        "matrix": torch.randn(4, 3, generator=generator).T,  # the first dimension runs fastest
        "unused": torch.ones(2),
        "late": torch.randn(2, generator=generator),
    }


def loss_of(its: dict[str, Tensor], step: int) -> Tensor:
    loss = ((its["matrix"] @ torch.arange(4.0) - its["bias"]) ** 2).sum()
    return loss + (its["late"] ** 4).sum() if step >= 2 else loss


def test_parameters_stay_the_tensors_that_they_were_laid_out_as_they_were():
    its = parameters()
    before = {name: (p, p.clone(), p.stride()) for name, p in its.items()}
    buffer = Buffer(its)
    for name, (tensor, values, strides) in before.items():
        assert its[name] is tensor
        assert torch.equal(tensor, values)
        assert tensor.stride() == strides
    buffer.values.zero_()
    assert all((p == 0).all() for p in its.values())
    its["matrix"].grad.fill_(1.0)
    assert buffer.gradients.sum() == its["matrix"].numel()
    parts = {name: torch.randn_like(p) for name, p in its.items()}
    joined = buffer.joined(parts)
    assert all(torch.equal(buffer.part(joined, name), its) for name, its in parts.items())


@pytest.mark.parametrize("clip", [None, 0.5])
def test_it_is_adamw_of_each(clip):
    settings = TrainingSettings(
        steps=6, batch_size=1, mixture={"a": 1.0}, learning_rate=0.1, weight_decay=0.3,
        gradient_clip=clip,
    )  # fmt: skip
    ours, plain = parameters(), parameters()
    updater = Updater(ours, MODEL, settings)
    for p in plain.values():
        p.requires_grad_()
    groups = [
        {"params": [p for n, p in plain.items() if (n in MODEL.decaying) == decays], "weight_decay": d}
        for decays, d in ((True, 0.3), (False, 0.0))
    ]  # fmt: skip
    optimiser = torch.optim.AdamW(groups, lr=0.1, betas=settings.betas)
    for step in range(settings.steps):
        rate, norm = updater.step(loss_of(ours, step), step)
        optimiser.zero_grad()
        loss_of(plain, step).backward()
        expected = torch.nn.utils.clip_grad_norm_(plain.values(), clip or float("inf"))
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        assert norm.item() == pytest.approx(expected.item(), rel=1e-5)
    for name, its in plain.items():
        torch.testing.assert_close(ours[name], its, msg=name)
    assert torch.equal(ours["unused"], torch.ones(2))  # no gradient, no decay
    moments = updater.moments()
    assert {name: int(its["step"]) for name, its in moments.items()} == {
        "bias": 6, "matrix": 6, "late": 4
    }  # fmt: skip
    for name, its in moments.items():
        expected = optimiser.state[plain[name]]["exp_avg_sq"]
        torch.testing.assert_close(its["exp_avg_sq"], expected, msg=name)


def test_what_begins_late_resumes_as_it_was():
    settings = TrainingSettings(
        steps=6, batch_size=1, mixture={"a": 1.0}, learning_rate=0.1, weight_decay=0.3
    )
    through = parameters()
    updater = Updater(through, MODEL, settings)
    for step in range(6):
        if step == 4:
            kept = {name: p.detach().clone() for name, p in through.items()}
            moments = {
                n: {k: m.clone() for k, m in its.items()} for n, its in updater.moments().items()
            }
        updater.step(loss_of(through, step), step)
    resumed = Updater(kept, MODEL, settings, moments)
    for step in (4, 5):
        resumed.step(loss_of(kept, step), step)
    for name, its in through.items():
        torch.testing.assert_close(kept[name], its, msg=name)
