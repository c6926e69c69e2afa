"""Heads that move names, measured as TransformerLens sees them, and on patterns that are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.heads import head_effects
from onset.measures.heads import name_heads
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.models.transformer.wiring import Wiring
from onset.tasks.language.riddles import Settings as Riddles
from onset.tasks.language.riddles import generate

# TransformerLens warns of its own accord.
pytestmark = pytest.mark.filterwarnings("ignore")

WORLD = generate(Riddles(name="riddles", n_train=4, n_test=12), 0).only(["ioi", "three_names"])


def measured(**changes) -> tuple[dict[tuple, float], dict[tuple, float]]:
    # Not as many neurons as dimensions: TransformerLens tells by shapes along which to centre weights.
    told = {"name": "transformer", "n_layers": 2, "d_model": 16, "n_heads": 2, "d_mlp": 32}
    model = build(Settings.model_validate({**told, **changes}), *WORLD.sizes)
    parameters = model.initial_parameters(0)
    with torch.inference_mode():
        own = list(name_heads.measure(model, parameters, WORLD))
        other = list(head_effects.analyse(model, parameters, WORLD, 0))
    return tuple(
        {(m.measure, m.split, m.layer, m.head): m.value for m in rows} for rows in (own, other)
    )


@pytest.mark.parametrize("norm", ["layer", "none"])
def test_effects_and_attention_are_those_of_transformer_lens(norm):
    own, other = measured(norm=norm)
    names = {"writes_lead": "head_effect", "end_to_right": "attention_to_right"}
    names |= {"end_to_rival": "attention_to_rival", "end_to_repeat": "attention_to_repeat"}
    compared = 0
    for (measure, *about), value in own.items():
        if measure in names:
            assert value == pytest.approx(other[names[measure], *about], abs=1e-5), measure
            compared += 1
    assert compared == 4 * 2 * 2 * 2


def test_at_the_final_norms_scale_effects_add_up():
    """Of all parts and biases: to the lead."""
    split = WORLD.splits["ioi"]
    model = build(Settings(name="transformer", n_layers=2, d_model=16, n_heads=2), *WORLD.sizes)
    drawing = torch.Generator().manual_seed(0)
    parameters = {
        name: its + 0.1 * torch.randn(its.shape, generator=drawing)
        for name, its in model.initial_parameters(0).items()
    }
    wiring = Wiring.of(model, parameters)
    run = wiring.run(torch.from_numpy(split.tokens), split.scored)
    right, rival = (torch.from_numpy(its) for its in (split.targets[:, 0], split.truth["rival"]))
    each = torch.arange(len(right))
    lead = (run.logits[0, each, 0, right] - run.logits[0, each, 0, rival]).mean().item()
    state = run.read[-1][0, 0, :, -1]
    centred = state - state.mean(-1, keepdim=True)
    scale = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    readout = parameters["tok_embed.weight"]

    def written_towards(written: torch.Tensor) -> float:
        """By what is left of the state without the norm's scale: linear, but for the norm's own bias."""
        its = (written - written.mean(-1, keepdim=True)) / scale * parameters["ln_out.weight"]
        return ((its * (readout[right] - readout[rival])).sum(-1)).mean().item()

    of_heads = name_heads._effects(wiring, run, split).sum().item()
    heads = [i for i, its in enumerate(wiring.writers) if its.startswith("head")]
    always = name_heads._always_written(wiring).sum(0)
    rest = state - run.written[heads, 0, :, -1].sum(0) + always
    bias = ((readout[right] - readout[rival]) @ parameters["ln_out.bias"]).mean().item()
    assert of_heads + written_towards(rest) + bias == pytest.approx(lead, abs=1e-4)


def test_a_head_that_looks_back_does_so():
    own, _ = measured(given_attention=[{"layer": 0, "head": 1, "looks_at": "previous_token"}])
    for split in WORLD.splits:
        assert own["to_previous", split, 0, 1] == pytest.approx(1)
        assert own["repeat_to_first", split, 0, 1] < 0.5


def test_duplicates_are_looked_at_from_where_they_come_again():
    """A pattern by hand: everything looks at the rival's first place."""
    split = WORLD.splits["ioi"]
    n, length = split.tokens.shape
    attention = torch.zeros(1, n, 1, length, length)
    attention[0, np.arange(n), 0, :, split.truth["rival_place"]] = 1
    found = {name: its.mean().item() for name, its in name_heads._looks(attention, split).items()}
    assert found["repeat_to_first"] == found["end_to_rival"] == 1
    assert found["repeat_to_after_first"] == found["end_to_right"] == found["end_to_repeat"] == 0
    assert found["to_previous"] == pytest.approx(1 / (length - 1))
