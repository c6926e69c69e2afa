"""Heads that gather rewards by arm, in models made by hand, and models without some of their heads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.learning import reward_heads
from onset.measures.learning import regret
from onset.models import inspection
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.tasks.learning import bandits

WORLD = bandits.generate(
    bandits.Settings(name="bandits", n_arms=3, n_pulls=12, n_train=60, n_test=40), 0
)
TEST = WORLD.splits["test"]
LAST = 2 * 12 - 2
"""the last place that is read and has a reward"""


def made(**changes) -> tuple[Transformer, dict[str, torch.Tensor]]:
    given = {"name": "transformer", "n_layers": 2, "d_model": 16, "n_heads": 2, "d_mlp": 16}
    model = build(TransformerSettings(**{**given, **changes}), *WORLD.sizes)
    parameters = model.initial_parameters(0)
    generator = torch.Generator().manual_seed(1)
    for name, its in parameters.items():
        if ".ln" in name or "ln_out" in name:
            its += 0.3 * torch.randn(its.shape, generator=generator)
    parameters["tok_embed.weight"] *= 3
    return model, parameters


def seen(model, parameters) -> reward_heads.Seen:
    bridge = inspection.open_bridge(model, parameters)
    return reward_heads.seen_of(bridge, TEST, WORLD.n_tokens)


def test_what_a_head_writes_by_arm_is_that_of_a_plain_loop():
    """With every weight at random; the embeddings are tied."""
    model, parameters = made()
    found = seen(model, parameters)
    tokens = torch.from_numpy(TEST.tokens[:, :-1])
    attention = model.attention(parameters, tokens)
    states = model.residual_stream(parameters, tokens)
    p = {name: its.double() for name, its in parameters.items()}
    layer, head, gain = 1, 1, p["ln_out.weight"]
    h = torch.nn.functional.layer_norm(
        states[layer].double(), (16,), p["layers.1.ln1.weight"], p["layers.1.ln1.bias"]
    )
    v = h @ p["layers.1.attn.v.weight"].T + p["layers.1.attn.v.bias"]
    written = v[..., 8:] @ p["layers.1.attn.o.weight"][:, 8:].T
    written = written - written.mean(-1, keepdim=True)
    scale = states[-1].double().var(-1, correction=0).add(1e-5).sqrt()
    to_arms = (written * gain) @ p["tok_embed.weight"][:3].T
    to_arms = to_arms - to_arms.mean(-1, keepdim=True)
    values: dict[bool, list[float]] = {True: [], False: []}
    for game, its in enumerate(TEST.tokens.tolist()):
        for asking in range(6, LAST + 1, 2):
            for reward in range(2, asking + 1, 2):
                paid = attention[layer, game, head, asking, reward].double()
                value = paid * to_arms[game, reward, its[reward - 1]] / scale[game, asking]
                values[WORLD.vocabulary[its[reward]] == "won"].append(value.item())
    expected = np.mean(values[True]) - np.mean(values[False])
    assert found.reward_effect[layer, head].item() == pytest.approx(expected, rel=2e-3, abs=1e-7)
    paid = attention[layer, :, head, 6:][:, ::2, 2::2].sum(-1).mean().item()
    assert found.to_rewards[layer, head].item() == pytest.approx(paid, rel=1e-4)
    own = [attention[layer, :, head, its, its - 1].mean().item() for its in range(2, LAST + 1, 2)]
    assert found.to_own_arm[layer, head].item() == pytest.approx(np.mean(own), rel=1e-4)


def test_without_a_head_it_writes_its_mean_everywhere():
    model, parameters = made()
    z = torch.arange(2 * 2 * 8, dtype=torch.float32).reshape(2, 2, 8) / 10
    changed = reward_heads.with_means(model, parameters, [(1, 0), (0, 1)], z)
    bridge = inspection.open_bridge(model, parameters)
    tokens = torch.from_numpy(TEST.tokens[:5])

    def put(layer, head):
        def hook(value, hook):
            value = value.clone()
            value[:, :, head] = z[layer, head]
            return value

        return f"blocks.{layer}.attn.hook_z", hook

    expected = bridge.run_with_hooks(tokens, fwd_hooks=[put(1, 0), put(0, 1)])
    found = inspection.open_bridge(model, changed)(tokens)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert set(reward_heads.with_means(model, parameters, [], z)) == set(parameters)


def test_games_without_heads_are_played_by_the_changed_model():
    model, parameters = made()
    rows = list(reward_heads.analyse(model, parameters, WORLD, 0))
    values = {its.measure: its.value for its in rows if its.head is None}
    game = regret.game_of(model, parameters, TEST, WORLD.n_tokens)
    expected = regret.regrets(TEST.truth["chances"], game.arms).mean()
    assert values["regret_with_all"] == pytest.approx(expected)
    kinds = {its.removeprefix("regret_") for its in values if its.startswith("regret_")}
    assert kinds == {
        "with_all",
        "without_gathering",
        "without_another",
        "without_all_gathering",
        "without_pairing",
        "without_another_below",
    }
    heads = {(its.layer, its.head) for its in rows if its.measure == "reward_effect"}
    assert heads == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_model_of_one_layer_has_no_pairs_to_gather():
    """Where a reward stands, nothing yet tells its arm: what is written to it is the same for any arm."""
    model, parameters = made(n_layers=1, positions="none")
    found = seen(model, parameters)
    assert found.reward_effect.abs().max() < 0.05
    assert found.to_own_arm.shape == (1, 2)
