"""The analyses on models whose inner workings are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from onset.analyses import names
from onset.analyses.components import ablation, attention, direct_effect, patching
from onset.analyses.components.questions import MOST_QUESTIONS, pairs
from onset.analyses.heads import frozen_attention
from onset.analyses.residual import probe
from onset.models.batch import Questions
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.runs.steps import scheduled, spread
from onset.tasks import composition
from onset.tasks.dataset import Dataset, Split

WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.8), seed=0
)
SPLITS = ("composed_train", "id", "oi", "io", "oo")

# The analyses use TransformerLens's tools, which warn of their own accord.
pytestmark = pytest.mark.filterwarnings("ignore")


def model_and_parameters(
    **changes,
) -> tuple[Transformer, dict[str, torch.Tensor]]:
    given = {"name": "transformer", "n_loops": 2, "d_model": 16, "n_heads": 2, "d_mlp": 32}
    model = build(Settings(**{**given, **changes}), WORLD.n_tokens, WORLD.length)
    return model, model.initial_parameters(0)


def analysed(module, model, parameters, dataset=WORLD) -> dict[tuple, float]:
    with torch.inference_mode():
        rows = list(module.analyse(model, parameters, dataset, 0))
    return {(m.measure, m.split, m.layer, m.head, m.position): m.value for m in rows}


def accuracy(model, parameters, tokens, targets) -> float:
    logits = model.logits(parameters, [Questions(tokens, (2,), hops=2)])
    return (logits.argmax(-1).numpy() == targets).mean()


def test_names_are_the_modules():
    assert names() == [
        "ablation",
        "alignment",
        "attention",
        "attribute_steering",
        "backups",
        "belief_steering",
        "bridge_probe",
        "carry_direction",
        "carry_patching",
        "choice_rules",
        "circuit_edges",
        "completeness",
        "composed_paths",
        "composing_neurons",
        "cycles",
        "direct_effect",
        "discovery",
        "duplicate_offsets",
        "early_answers",
        "edge_stability",
        "explanations",
        "formula",
        "found_directions",
        "frontier_exchange",
        "frozen_attention",
        "head_effects",
        "induction_ablation",
        "latent_failures",
        "latents_used",
        "learned_features",
        "lie_steering",
        "more_than_dimensions",
        "other_dictionaries",
        "pair_attention",
        "patching",
        "path_ahead",
        "paths_to_movers",
        "probe",
        "recall",
        "reward_heads",
        "second_hop",
        "self_repair",
        "state_probe",
        "steering",
        "step_patching",
        "tally_probe",
        "tally_steering",
        "told_geometry",
        "topic_by_slot",
        "topic_steering",
    ]


class TestPairs:
    @pytest.mark.parametrize("name", SPLITS)
    def test_a_donor_ends_alike_and_has_another_answer(self, name):
        split = WORLD.splits[name]
        rows, donors = pairs(split, np.random.default_rng(0))
        assert len(set(rows.tolist())) == len(rows) <= MOST_QUESTIONS
        assert (split.tokens[rows, -1] == split.tokens[donors, -1]).all()
        assert (split.targets[rows, -1] != split.targets[donors, -1]).all()

    def test_only_questions_without_a_donor_are_left_out(self):
        """Of three that end alike, two with the same answer; one ends alone."""
        split = Split(
            tokens=np.array([[0, 9], [1, 9], [2, 9], [3, 8]]),
            targets=np.array([[5], [5], [6], [7]]),
            scored=(1,),
        )
        rows, donors = pairs(split, np.random.default_rng(0))
        assert 3 not in rows
        assert 2 in rows
        assert len(rows) == len(donors) == 2


class TestPatching:
    def test_the_same_state_changes_nothing(self):
        """Before the first application the last position holds the last token, the donor's as well."""
        model, parameters = model_and_parameters()
        found = analysed(patching, model, parameters)
        for name in SPLITS:
            split = WORLD.splits[name]
            rows, _ = pairs(split, np.random.Generator(np.random.Philox(0)))
            alone = accuracy(model, parameters, split.tokens[rows], split.targets[rows, -1])
            kept = found["patch_donor_keeps", name, 0, None, 2]
            assert kept == pytest.approx(alone, abs=1e-6)

    def test_a_model_that_reads_one_place_follows_what_is_put_there(self):
        """Its answer is the last position's state, whose donor gives the donor's answer."""
        model, parameters = model_and_parameters(norm="none", d_mlp=0)
        for name, tensor in parameters.items():
            if ".attn.o." in name:
                tensor.zero_()  # nothing moves between positions
        found = analysed(patching, model, parameters)
        for name in SPLITS:
            elsewhere = {
                found["patch_donor_keeps", name, layer, None, p] for layer in (0, 1) for p in (0, 1)
            }
            assert len(elsewhere) == 1
        # An entity's output embedding of any length reads out as that entity.
        split = Split(
            tokens=WORLD.splits["oo"].tokens,
            targets=WORLD.splits["oo"].truth["bridge"][:, None],
            scored=(2,),
            hops=2,
            truth=WORLD.splits["oo"].truth,
        )
        orthogonal = torch.eye(WORLD.n_tokens)[:, :16].clone()
        orthogonal[:16] = torch.eye(16)
        parameters["tok_embed.weight"] = orthogonal
        entities_below_16 = (split.targets[:, 0] < 16).nonzero()[0]
        small = Split(
            split.tokens[entities_below_16],
            split.targets[entities_below_16],
            (2,),
            2,
            {"bridge": split.truth["bridge"][entities_below_16]},
        )
        found = analysed(patching, model, parameters, Dataset({"oo": small}, WORLD.vocabulary))
        assert found["patch_written_follows", "oo", 1, None, 2] == 1
        assert found["patch_written_keeps", "oo", 1, None, 2] == 0
        assert found["patch_random_follows", "oo", 1, None, 2] < 0.5


class TestAblation:
    def test_parts_that_write_nothing_are_not_needed(self):
        model, parameters = model_and_parameters()
        for name, tensor in parameters.items():
            if ".attn.o." in name or ".fc_out." in name:
                tensor.zero_()
        found = analysed(ablation, model, parameters)
        kinds = {name for name, *_ in found if name != "with_all_accuracy"}
        assert len(kinds) == 6
        for (_, split, *_), value in found.items():
            assert value == found["with_all_accuracy", split, None, None, None]

    def test_every_head_and_mlp_is_tried(self):
        model, parameters = model_and_parameters()
        found = analysed(ablation, model, parameters)
        heads = {
            (layer, head) for m, s, layer, head, _ in found if m == "without_head_mean_accuracy"
        }
        assert heads == {(layer, head) for layer in (0, 1) for head in (0, 1)}
        mlps = {layer for m, _, layer, *_ in found if m == "without_mlp_resample_accuracy"}
        assert mlps == {0, 1}

    def test_without_mlps_heads_alone(self):
        found = analysed(ablation, *model_and_parameters(d_mlp=0))
        assert not [name for name, *_ in found if "mlp" in name]


def test_attention_sums_to_one_and_is_even_where_nothing_is_asked_for():
    model, parameters = model_and_parameters()
    found = analysed(attention, model, parameters)
    for split in SPLITS:
        for layer, head in ((0, 0), (1, 1)):
            paid = [found["attention", split, layer, head, p] for p in range(3)]
            assert sum(paid) == pytest.approx(1, abs=1e-5)
    for name, tensor in parameters.items():
        if ".attn.q." in name:
            tensor.zero_()
    even = analysed(attention, model, parameters)
    assert all(value == pytest.approx(1 / 3, abs=1e-5) for value in even.values())


def test_direct_effects_add_up_to_the_difference_of_the_logits():
    model, parameters = model_and_parameters()  # fresh norms have no bias that would be missing
    found = analysed(direct_effect, model, parameters)
    split = WORLD.splits["oo"]
    rows, donors = pairs(split, np.random.Generator(np.random.Philox(0)))
    logits = model.logits(parameters, [Questions(split.tokens[rows], (2,), hops=2)])
    of = torch.from_numpy
    right = logits.gather(1, of(split.targets[rows])) - logits.gather(1, of(split.targets[donors]))
    total = sum(value for (_, name, *_), value in found.items() if name == "oo")
    assert total == pytest.approx(right.mean().item(), abs=1e-4)
    assert len([1 for _, name, *_ in found if name == "oo"]) == 2 + 2 * 2


class TestProbe:
    def test_it_reads_what_is_there_and_no_labels_that_mean_nothing(self):
        """The bridge is the first token, so its embedding says it, and the second token's doesn't."""
        rng = np.random.default_rng(0)
        tokens = np.stack([np.tile(np.arange(10), 14), 10 + np.repeat(np.arange(14), 10)], axis=1)
        tokens = np.concatenate([tokens, rng.integers(10, size=(len(tokens), 1))], axis=1)
        split = Split(tokens, tokens[:, :1], (2,), truth={"bridge": tokens[:, 0]})
        world = Dataset({"all": split}, tuple(map(str, range(WORLD.n_tokens))))
        found = analysed(probe, *model_and_parameters(d_model=32), world)
        assert found["probe_accuracy", None, 0, None, 0] == 1
        assert found["probe_accuracy", None, 0, None, 1] < 0.4
        assert found["probe_control_accuracy", None, 0, None, 0] < 0.4


def index(finer: Any) -> dict:
    """Of a run with ten checkpoints, and those of finer stretches."""
    checkpoints = {"schedule": "linear", "count": 10, "finer": finer}
    return {"settings": {"checkpoints": checkpoints, "training": {"steps": 9}}}


@pytest.mark.parametrize("finer", [[], [{"every": 1, "since": 3, "until": 8}]])
@pytest.mark.parametrize(
    ("n", "chosen"),
    [(1, [9]), (2, [0, 9]), (3, [0, 4, 9]), (10, list(range(10))), (99, list(range(10)))],
)
def test_checkpoints_are_spread_and_the_last_is_among_them(n, chosen, finer):
    assert spread(index(finer), n) == chosen


@pytest.mark.parametrize("finer", [None, {"every": 2, "since": 20, "until": None}])
def test_a_run_of_an_older_version_is_read(finer):
    assert scheduled(index(finer)) == scheduled(index([]))


def test_a_finer_stretch_does_not_draw_them_to_it():
    """Spread over all there are, three of four would lie within the stretch."""
    checkpoints = {"schedule": "log", "count": 5, "finer": [{"every": 2, "since": 20, "until": 60}]}
    its = {"settings": {"checkpoints": checkpoints, "training": {"steps": 1000}}}
    assert scheduled(its) == [0, 1, 10, 100, 1000]
    assert spread(its, 4) == [0, 1, 100, 1000]


class TestFrozenAttention:
    def test_free_it_is_the_model(self):
        model, parameters = model_and_parameters()
        values = analysed(frozen_attention, model, parameters)
        split = WORLD.splits["oo"]
        expected = accuracy(model, parameters, split.tokens, split.targets[:, 0])
        assert values["free_attention_accuracy", "oo", None, None, None] == expected

    def test_a_model_whose_attention_is_the_same_for_all_loses_nothing(self):
        model, parameters = model_and_parameters()
        for name in ("q", "k"):
            for kind in ("weight", "bias"):
                parameters[f"layers.0.attn.{name}.{kind}"].zero_()
        values = analysed(frozen_attention, model, parameters)
        for split in SPLITS:
            frozen, free = (
                values[f"{kind}_attention_loss", split, None, None, None]
                for kind in ("frozen", "free")
            )
            assert frozen == pytest.approx(free, rel=1e-5)

    def test_one_that_looks_elsewhere_for_each_question_changes(self):
        model, parameters = model_and_parameters()
        for name in ("q", "k"):
            parameters[f"layers.0.attn.{name}.weight"] *= 20
        values = analysed(frozen_attention, model, parameters)
        frozen, free = (
            values[f"{kind}_attention_loss", "oo", None, None, None] for kind in ("frozen", "free")
        )
        assert abs(frozen - free) > 0.01
