"""What heads write and are needed for, against the model itself."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from onset.analyses.heads import backups
from onset.models.batch import Questions
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.tasks import induction

TASK = induction.Settings(
    name="induction", n_symbols=12, length=16, segment=(4, 7), n_train=8, n_test=16
)
WORLD = induction.generate(TASK, seed=0)


def model(norm: str = "layer") -> tuple[Transformer, dict[str, torch.Tensor]]:
    settings = Settings(
        name="transformer",
        n_layers=2,
        d_model=16,
        n_heads=2,
        d_mlp=0,
        norm=norm,
        tied_embeddings=False,
    )
    its = Transformer(settings, TASK.n_tokens, TASK.length)
    parameters = its.initial_parameters(0)
    if norm == "layer":
        parameters["ln_out.weight"] = 1 + 0.3 * torch.randn(
            16, generator=torch.Generator().manual_seed(1)
        )
    return its, parameters


def found(its, parameters) -> dict[tuple, float]:
    with torch.inference_mode():
        rows = list(backups.analyse(its, parameters, WORLD.only(["repeats"]), seed=0))
    return {(m.measure, m.layer, m.head): m.value for m in rows}


def test_without_a_head_as_with_an_output_of_zero():
    its, parameters = model()
    split = WORLD.splits["repeats"]
    questions = [Questions(split.tokens, split.scored)]
    targets = torch.from_numpy(split.targets).ravel()
    values = found(its, parameters)
    assert values["with_all_loss", None, None] == pytest.approx(
        F.cross_entropy(its.logits(parameters, questions), targets).item(), rel=1e-4
    )
    for layer in range(2):
        for head in range(2):
            name = f"layers.{layer}.attn.o.weight"
            changed = {**parameters, name: parameters[name].clone()}
            changed[name][:, 8 * head : 8 * head + 8] = 0
            loss = F.cross_entropy(its.logits(changed, questions), targets).item()
            assert values["without_head_zero_loss", layer, head] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("norm", ["layer", "none"])
def test_direct_effects_add_up_to_the_logits(norm):
    """Heads, embeddings and biases together: what each writes, through the norm as it was."""
    its, parameters = model(norm)
    split = WORLD.splits["repeats"]
    tokens, targets = torch.from_numpy(split.tokens), torch.from_numpy(split.targets)
    scored = list(split.scored)
    bridge = open_bridge(its, parameters)
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(tokens)
        effects = backups.direct_effects(its, parameters, cache, targets, scored)
        # The same with heads that write nothing: the difference is what they write.
        readout = parameters["head.weight"]
        written = sum(
            torch.einsum(
                "sphe,hed->spd",
                cache[f"blocks.{i}.attn.hook_z"][:, scored],
                parameters[f"layers.{i}.attn.o.weight"].T.unflatten(0, (2, 8)),
            )
            for i in range(2)
        )
        if norm == "layer":
            written = written - written.mean(-1, keepdim=True)
            written = (
                written / cache["ln_final.hook_scale"][:, scored] * parameters["ln_out.weight"]
            )
        by_answer = written @ readout.T
        right = by_answer.gather(-1, targets[..., None])[..., 0] - by_answer.mean(-1)
    assert effects.sum().item() == pytest.approx(right.mean().item(), abs=1e-5)


def test_a_main_head_that_is_replaced_writes_its_mean():
    its, parameters = model()
    values = found(its, parameters)
    (main,) = [key[1:] for key in values if key[0] == "main_head"]
    assert main[0] == 1
    assert values["without_head_mean_loss", *main] == max(
        values["without_head_mean_loss", 1, head] for head in range(2)
    )
    other = (1, 1 - main[1])
    # Heads below don't notice; the norm that all write through does.
    for place in ((0, 0), (0, 1), other):
        one, without = (values[f"head_direct_effect{k}", *place] for k in ("", "_without_main"))
        assert without == pytest.approx(one, rel=0.5, abs=0.05)
    assert values["head_direct_effect", *main] != values["head_direct_effect_without_main", *main]
