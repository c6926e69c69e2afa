"""Views: known patterns, TransformerLens's own answers, and the largest activations that there are."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from onset import models
from onset.gallery.render import render
from onset.models import inspection
from onset.tasks import composition
from onset.tasks.dataset import Dataset, Split
from onset.views import chosen, excite
from onset.views.packing import (
    cells,
    pack_numbers,
    pack_shares,
    triangle,
    unpack_numbers,
    unpack_shares,
)
from onset.views.view import view
from onset.views.watching import TOP_TOKENS
from tests import checkpoints

WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7), seed=0
)
TRAINED_ON = ("atomic", "composed_train")
FAMILIES = {
    "looped": {"n_layers": 1, "n_loops": 2},
    "per_hop": {"n_layers": 1, "n_loops": 3, "readout": "per_hop"},
    "no_mlp": {"n_layers": 2, "d_mlp": 0},
    "smeared": {"n_layers": 2, "smeared_keys": True},
    "given": {
        "n_layers": 1,
        "given_attention": ({"layer": 0, "head": 1, "looks_at": "previous_token"},),
    },
}


def model_of(family: str):
    small = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 24}
    given = {**small, **FAMILIES[family]}
    return models.build(given, *WORLD.sizes)


def viewed(model, steps=(0, 10, 20), trained_on=TRAINED_ON, world=WORLD) -> dict:
    """Of a model with other random parameters at each step, as it comes back from a file."""
    with torch.inference_mode():
        found = view(model, model.initial_parameters, steps, world, trained_on, seed=0)
    return json.loads(json.dumps(found, allow_nan=False))


def name_to_token(world=WORLD) -> dict[str, int]:
    return {name: token for token, name in enumerate(world.vocabulary)}


def tokens_in(found: dict, numbers: list[int]) -> list[int]:
    token = name_to_token()
    return [token[found["vocabulary"][number]] for number in numbers]


def unpacked(found: dict, example: dict) -> tuple[np.ndarray, ...]:
    """Attention, tokens of the lens, their probabilities, those of the right answers."""
    steps, layers, length = len(found["steps"]), example["n_layers"], len(example["tokens"])
    lens = (steps, layers + 1, length, TOP_TOKENS)
    return (
        unpack_shares(example["attention"], (steps, layers, found["n_heads"], cells(length))),
        unpack_numbers(example["lens"], lens),
        unpack_shares(example["lens_shares"], lens),
        unpack_shares(example["right_shares"], (steps, layers + 1, len(example["scored"]))),
    )


class TestPacking:
    def test_a_pattern_survives_to_half_a_byte(self):
        pattern = np.array([[1, 0, 0], [0.25, 0.75, 0], [0.2, 0.5, 0.3]])
        text = pack_shares(triangle(pattern))
        expected = [1, 0.25, 0.75, 0.2, 0.5, 0.3]  # row by row
        assert unpack_shares(text, (cells(3),)) == pytest.approx(expected, abs=0.5 / 255 + 1e-9)

    def test_ends_are_exact(self):
        assert unpack_shares(pack_shares(np.array([0.0, 1.0])), (2,)).tolist() == [0, 1]

    def test_numbers_have_two_bytes_the_low_one_first(self):
        numbers = np.array([[0, 1], [258, 65_535]])
        assert unpack_numbers(pack_numbers(numbers), (2, 2)).tolist() == numbers.tolist()
        assert pack_numbers(np.array([258])) == "AgE="  # 2, 1
        for wrong in (65_536, -1):
            with pytest.raises(ValueError, match="two bytes"):
                pack_numbers(np.array([wrong]))


class TestChosen:
    def test_held_out_splits_and_one_that_is_trained_on(self):
        found = chosen.examples(model_of("looped"), WORLD, TRAINED_ON, 0, 4)
        assert [(its.split, its.held_out) for its in found] == [
            *(("id", True), ("io", True), ("oo", True)),
            ("atomic", False),
        ]
        for its in found:
            split = WORLD.splits[its.split]
            (row,) = np.flatnonzero((split.tokens == its.tokens).all(1))
            assert split.targets[row].tolist() == its.right.tolist()

    @pytest.mark.parametrize(
        ("trained_on", "n", "expected"),
        [
            (("a",), 4, ["b", "b", "b", "a"]),
            (("a", "b"), 2, ["a", "b"]),
            ((), 2, ["a", "b"]),
            (("a",), 1, ["b"]),
        ],
    )
    def test_where_there_are_few_splits(self, trained_on, n, expected):
        split = Split(np.arange(10).reshape(5, 2), np.zeros((5, 1), np.int64), (1,))
        few = Dataset({"a": split, "b": split, "b_validation": split}, tuple("abcdefghij"))
        found = chosen.examples(model_of("looped"), few, trained_on, 0, n)
        assert [its.split for its in found] == expected
        assert len({(its.split, *its.tokens) for its in found}) == n

    def test_long_sequences_are_fewer(self):
        assert chosen.limits(2 * 4, 3, 40) == (16, 4)
        assert chosen.limits(2 * 4, 48, 33) == (16, 3)
        assert chosen.limits(12 * 12, 1024, 40) == (2, 1)
        assert chosen.limits(8, 3, 1) == (1, 4)

    def test_checkpoints_are_spread_from_the_first_to_the_last(self):
        assert chosen.spread(3, 9) == [0, 4, 8]
        assert chosen.spread(16, 5) == [0, 1, 2, 3, 4]
        assert chosen.spread(1, 5) == [4]
        assert chosen.spread(4, 101)[-1] == 100

    def test_heads_and_neurons_are_shown_what_is_held_out(self):
        found = chosen.sequences(model_of("looped"), WORLD, TRAINED_ON, 0)
        assert {its.split for its in found} == {"id", "oi", "io", "oo"}
        assert len(found) <= chosen.MOST_SEQUENCES


@pytest.mark.parametrize("family", FAMILIES)
class TestExamples:
    """What TransformerLens says of the same model, opened just as deep as the question is answered."""

    def test_attention_and_lens_are_the_models(self, family):
        model = model_of(family)
        found = viewed(model)
        assert found["steps"] == [0, 10, 20]
        assert len(found["examples"]) == 4
        for example in found["examples"]:
            hops = WORLD.splits[example["split"]].hops
            assert example["n_layers"] == model.depth(hops)
            attention, tokens, shares, right = unpacked(found, example)
            asked = torch.tensor([tokens_in(found, example["tokens"])])
            answers = tokens_in(found, example["right"])
            for time, step in enumerate(found["steps"]):
                bridge = inspection.open_bridge(
                    model, model.initial_parameters(step), example["n_layers"]
                )
                with torch.inference_mode():
                    logits, cache = bridge.run_with_cache(asked)
                for layer in range(example["n_layers"]):
                    pattern = cache[f"blocks.{layer}.attn.hook_pattern"][0].numpy()
                    np.testing.assert_allclose(
                        attention[time, layer], triangle(pattern), atol=0.51 / 255
                    )
                said = logits[0].softmax(-1)
                top = said.topk(TOP_TOKENS)
                np.testing.assert_allclose(shares[time, -1], top.values, atol=0.51 / 255)
                for at, row in enumerate(tokens[time, -1]):
                    assert tokens_in(found, row.tolist()) == top.indices[at].tolist()
                for at, (place, answer) in enumerate(zip(example["scored"], answers, strict=True)):
                    expected = said[place, answer].item()
                    assert right[time, -1, at] == pytest.approx(expected, abs=0.51 / 255)

    def test_before_any_layer_the_lens_reads_the_embedding(self, family):
        model = model_of(family)
        found = viewed(model)
        example = found["examples"][0]
        _, tokens, shares, _ = unpacked(found, example)
        parameters = model.initial_parameters(20)
        asked = torch.tensor([tokens_in(found, example["tokens"])])
        first = model.residual_stream(parameters, asked)[0, 0]
        top = model.unembed(parameters, first).softmax(-1).topk(TOP_TOKENS)
        np.testing.assert_allclose(shares[-1, 0], top.values, atol=0.51 / 255)
        assert tokens_in(found, tokens[-1, 0, 0].tolist()) == top.indices[0].tolist()

    def test_a_view_is_the_same_whenever_it_is_made(self, family):
        assert viewed(model_of(family)) == viewed(model_of(family))


class TestExcited:
    def test_the_top_are_the_largest_there_are(self):
        model = model_of("looped")
        found = viewed(model)
        parameters = model.initial_parameters(20)
        bridge = inspection.open_bridge(model, parameters)
        shown = [tokens_in(found, its["tokens"]) for its in found["sequences"]]
        with torch.inference_mode():
            _, cache = bridge.run_with_cache(torch.tensor(shown))
        for kind, units in (("heads", found["heads"]), ("neurons", found["neurons"])):
            assert units
            for unit in units:
                if kind == "heads":
                    z = cache[f"blocks.{unit['layer']}.attn.hook_z"][:, :, unit["number"]]
                    W_O = bridge.W_O[unit["layer"], unit["number"]].detach()
                    values = (z @ W_O).norm(dim=-1)
                else:
                    values = cache[f"blocks.{unit['layer']}.mlp.hook_post"][:, :, unit["number"]]
                expected = values.max(1).values.sort(descending=True).values[: excite.N_TOP]
                top = unit["top"]
                assert [max(its["values"]) for its in top] == pytest.approx(expected.tolist(), 6e-3)
                for its in top:
                    row = values[its["sequence"]].tolist()
                    assert its["values"] == pytest.approx(row, rel=6e-3)

    def test_neurons_are_those_with_the_largest_maximum(self, monkeypatch):
        monkeypatch.setattr(excite, "MOST_NEURONS", 5)
        model = model_of("looped")
        parameters = model.initial_parameters(0)
        parameters["layers.0.mlp.fc_in.weight"][3] = 0
        parameters["layers.0.mlp.fc_in.bias"][3] = -1.0  # never excited
        bridge = inspection.open_bridge(model, parameters)
        shown = chosen.sequences(model, WORLD, TRAINED_ON, 0)
        with torch.inference_mode():
            found = excite.excited(bridge, shown)
            tokens = torch.tensor(np.stack([its.tokens for its in shown]))
            _, cache = bridge.run_with_cache(tokens)
        for layer, told in enumerate(found["layers"]):
            largest = cache[f"blocks.{layer}.mlp.hook_post"].amax((0, 1))
            assert told == {"neurons": 24, "silent": int((largest <= 0).sum())}
            assert told["silent"] >= 1
            numbers = [its["number"] for its in found["neurons"] if its["layer"] == layer]
            assert numbers == sorted(largest.topk(5).indices.tolist())

    def test_a_head_is_not_excited_by_questions_that_are_answered_before_it(self):
        found = viewed(model_of("per_hop"))  # the third application answers no question
        tops = {its["layer"]: its["top"] for its in found["heads"]}
        assert len(tops[1]) == excite.N_TOP
        assert tops[2] == []
        assert {its["layer"] for its in found["neurons"]} == {0, 1}

    def test_without_an_mlp_there_are_no_neurons(self):
        found = viewed(model_of("no_mlp"))
        assert found["neurons"] == []
        assert found["layers"] == [{"neurons": 0, "silent": 0}] * 2


@pytest.mark.parametrize("kind", checkpoints.KINDS)
def test_a_pretrained_model_is_seen_in_its_own_vocabulary(kind, tmp_path):
    folder = checkpoints.save(kind, tmp_path / "checkpoint")
    given = {"name": "pretrained", "checkpoint": str(folder), "first_token": 5}
    model = models.build(given, *WORLD.sizes)
    found = viewed(model, steps=(0,))
    example = found["examples"][0]
    _, tokens, _, _ = unpacked(found, example)
    asked = torch.tensor([tokens_in(found, example["tokens"])]) + 5
    bridge = inspection.open_bridge(model, model.initial_parameters(0))
    names = [found["vocabulary"][number] for number in tokens[0, -1, -1]]
    top = bridge(asked)[0, -1].topk(TOP_TOKENS).indices.tolist()
    own = dict(enumerate(WORLD.vocabulary, 5))
    assert names == [own.get(token, f"w{token}") for token in top]
    for layer, told in enumerate(found["layers"]):
        shown = [its for its in found["neurons"] if its["layer"] == layer]
        assert len(shown) == min(excite.MOST_NEURONS, told["neurons"] - told["silent"]) > 0


class TestPage:
    def test_a_name_cannot_end_the_script_that_holds_it(self):
        text = '{"vocabulary":["</script><b>"]}'
        page = render("views.html", views=text)
        data = page.partition('id="views">')[2].partition("</script>")[0]
        assert json.loads(data) == {"vocabulary": ["</script><b>"]}

    def test_it_needs_no_network_and_makes_no_html_of_names(self):
        page = render("views.html", views="{}")
        for word in ("innerHTML", "http", "src=", "import "):
            assert word not in page

    def test_it_unpacks_what_is_packed(self):
        page = render("views.html", views="{}")
        assert f"TOP_TOKENS = {TOP_TOKENS}," in page
        assert f"Of up to {chosen.MOST_SEQUENCES} held-out sequences" in page
