"""States of a trained model as a dataset, and what dictionaries of them are good for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from onset.analyses.components import patching
from onset.analyses.dictionaries import latents_used, learned_features
from onset.models.dictionary.model import build
from onset.models.dictionary.settings import Settings as DictionarySettings
from onset.models.transformer.model import build as build_transformer
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.runs.source import Source
from onset.stages import analyse
from onset.store.layout import RunFolder
from onset.tasks import activations, composition

TASK = composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7)
MODEL = TransformerSettings(
    name="transformer", n_loops=2, readout="per_hop", d_model=16, n_heads=2, d_mlp=32
)
TOLD = {
    "name": "activations",
    "d_model": 16,
    "layer": 1,
    "position": 1,
    "of_splits": ["composed_train", "id", "oi", "io", "oo"],
    "facts": ["bridge"],
}

SMALL_WORLDS = [
    {**TOLD, "layer": layer, "position": position, "held_out": held_out}
    for layer in (0, 1)
    for position, held_out in ((0, 0.5), (1, 0.25), (None, 0.3))
]
"""that no two splits share an example of; measures are tried on the first"""
SETTINGS = activations.Settings(**TOLD)


class Parent(Source):
    """An untrained model, in place of one on disk."""

    dataset = composition.generate(TASK, 0)
    model = build_transformer(MODEL, dataset.n_tokens, dataset.length)

    def parameters(self, step: int | None = None) -> dict[str, torch.Tensor]:
        return self.model.initial_parameters(0)


PARENT = Parent(RunFolder(Path("study/condition/seed_0")))


@pytest.fixture(scope="module")
def world():
    return activations.generate(SETTINGS, 0, PARENT)


class TestDataset:
    def test_states_are_the_models_own(self, world):
        for split in world.splits.values():
            tokens = np.stack([split.truth["token_before"], split.truth["token"]], 1)
            stream = Parent.model.residual_stream(PARENT.parameters(), torch.from_numpy(tokens))
            states = split.inputs * world.truth["scale"] + world.truth["centre"]
            assert_close(torch.from_numpy(states), stream[1, :, 1].detach(), atol=1e-5, rtol=1e-4)

    def test_each_beginning_is_there_once_and_knows_its_bridge(self, world):
        seen, bridges = [], {}
        for name in SETTINGS.of_splits:
            split = Parent.dataset.splits[name]
            bridges |= dict(
                zip(map(tuple, split.tokens[:, :2].tolist()), split.truth["bridge"], strict=True)
            )
        for split in world.splits.values():
            pairs = zip(split.truth["token_before"], split.truth["token"], strict=True)
            for pair, bridge in zip(pairs, split.truth["bridge"], strict=True):
                seen.append(pair)
                assert bridges[pair] == bridge
        assert sorted(seen) == sorted(bridges)

    def test_states_are_centred_and_scaled(self, world):
        x = world.splits["train"].inputs
        np.testing.assert_allclose(x.mean(0), 0, atol=1e-5)
        assert x.std() == pytest.approx(1, rel=1e-4)
        assert world.truth["place"].tolist() == [1, 1]
        n = {name: len(split) for name, split in world.splits.items()}
        assert n["test"] == round(0.25 * sum(n.values()))

    def test_all_scored_positions(self):
        its = activations.Settings(
            **{**TOLD, "position": None, "of_splits": ["atomic"], "facts": []}
        )
        found = activations.generate(its, 0, PARENT)
        atomic = Parent.dataset.splits["atomic"]
        answers = np.concatenate([split.truth["answer"] for split in found.splits.values()])
        assert sorted(answers) == sorted(atomic.targets[:, 0])

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"d_model": 8}, "d_model is 8, and the parent's 16"),
            ({"layer": 3}, "2 block applications, no 3"),
            ({"of_splits": ["train"]}, "no split 'train'"),
            ({"facts": ["named"]}, "knows no 'named'"),
        ],
    )
    def test_unfit_parents(self, changes, said):
        assert not SETTINGS.unfit(MODEL, TASK)
        found = activations.Settings(**{**TOLD, **changes}).unfit(MODEL, TASK)
        assert len(found) == 1
        assert said in found[0]

    def test_a_parent_without_a_residual_stream(self):
        assert "it is a bottleneck" in SETTINGS.unfit(SimpleNamespace(name="bottleneck"), TASK)[0]


@pytest.fixture(scope="module")
def found(world):
    # One latent for each dimension and sign: together they write every state.
    settings = {"name": "dictionary", "kind": "l1", "n_latents": 32, "sparsities": [1.0]}
    model = build(DictionarySettings.model_validate(settings), 16, 16)
    axes = torch.cat([torch.eye(16), -torch.eye(16)])[None]
    parameters = {
        "decoder.weight": axes,
        "decoder.bias": torch.zeros(1, 16),
        "encoder.weight": axes.mT.contiguous(),
        "encoder.bias": torch.zeros(1, 32),
    }
    with torch.inference_mode():
        rows = list(latents_used.analyse(model, parameters, world, 0, PARENT))
    return {(row.measure, row.split): row.value for row in rows}


class TestLatentsUsed:
    def test_the_whole_state_is_what_patching_puts_there(self, found):
        with torch.inference_mode():
            rows = list(patching.analyse(Parent.model, PARENT.parameters(), Parent.dataset, 0))
        for row in rows:
            if row.measure == "patch_donor_follows" and (row.layer, row.position) == (1, 1):
                assert found["moved_whole_100_follows", row.split] == pytest.approx(row.value)

    def test_latents_that_write_everything_move_as_the_whole_does(self, found):
        for dose in ("25", "100", "150"):
            for split in ("id", "oo"):
                whole = found[f"moved_whole_{dose}_follows", split]
                assert found[f"moved_all_latents_{dose}_follows", split] == pytest.approx(whole)

    def test_natural_is_the_norm_of_what_stands_for_bridges(self, found):
        # A latent of an axis tells of no entity.
        assert found["n_standing", None] == 0
        assert found["natural_norm", "id"] == 0
        for kind in ("whole", "latents", "random"):
            unmoved = found[f"moved_{kind}_natural_follows", "id"]
            assert unmoved == found["moved_latents_100_follows", "id"]


def test_an_analysis_is_given_the_parent_if_it_asks_for_it():
    told = analyse.given(latents_used, 3, [PARENT]).keywords
    assert told == {"seed": 3, "parent": PARENT}
    assert analyse.given(learned_features, 3, []).keywords == {"seed": 3}
