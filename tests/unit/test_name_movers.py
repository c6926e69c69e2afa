"""Heads that move a name, in tiny models of each architecture: what is lost without them, and who helps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close
from transformer_lens.tools.analysis import direct_logit_attribution

from onset import models, tasks
from onset.analyses.heads import paths_to_movers, self_repair
from onset.analyses.heads.name_movers import largest, movers
from onset.analyses.heads.rivals import Asked, asked_of_splits, replaced
from onset.analyses.heads.self_repair import made_up
from tests import checkpoints
from tests.texts import checkpoint_for
from tests.worlds import settings_of


@pytest.fixture(scope="module", params=checkpoints.KINDS)
def given(request, tmp_path_factory):
    """Kind, model, parameters and sentences."""
    folder = checkpoint_for("ioi", request.param, tmp_path_factory.mktemp(request.param) / "own")
    told = {"name": "pretrained", "checkpoint": str(Path(folder))}
    world = tasks.load("ioi").generate(settings_of("ioi"), 0, models.open_tokenizer(told))
    model = models.build(told, *world.sizes)
    return request.param, model, model.initial_parameters(0), world


@pytest.fixture(scope="module")
def asked(given) -> dict[str, Asked]:
    with torch.inference_mode():
        return asked_of_splits(*given[1:])


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.inference_mode():
        yield


def alike(asked: Asked) -> torch.Tensor:
    """The rows that are asked at the same position as the first."""
    return (asked._places == asked._places[0]).nonzero()[:, 0]


class TestRun:
    def test_effects_are_those_of_the_librarys_tool(self, asked):
        its = asked["ioi"]
        rows = alike(its)
        _, cache = its.bridge.run_with_cache(its._tokens[rows])
        found = direct_logit_attribution(
            its.bridge, answer_tokens=its._right[rows], incorrect_tokens=its._rival[rows],
            unit="head", pos=int(its._places[0]), cache=cache,
        )  # fmt: skip
        for layer in range(its.n_layers):
            for head in range(its.n_heads):
                expected = found.attribution[found.labels.index(f"L{layer}H{head}")]
                assert_close(its.intact.effects.heads[rows, layer, head], expected)

    def test_attention_is_that_of_the_last_position(self, given, asked):
        _, model, parameters, world = given
        its = asked["ioi"]
        plain = model.attention(parameters, torch.from_numpy(world.splits["ioi"].tokens))
        for row, place in enumerate(its._places.tolist()):
            seen = its.intact.attention[row, :, :, : place + 1]
            assert_close(seen, plain[:, row, :, place, : place + 1])

    def test_parts_add_up_to_what_is_not_biases(self, given, asked):
        run = asked["ioi"].intact
        embedding, heads, mlps = run.effects
        rest = run.lead - embedding - heads.sum((1, 2)) - mlps.sum(1)
        if given[0] == "llama":
            assert_close(rest, torch.zeros_like(rest), atol=1e-5, rtol=0)
        else:  # what biases write is scaled by the norm, and else the same for a pair of names
            assert rest.abs().max() > 1e-3

    def test_replaced_heads_take_along_what_they_are_given(self, asked):
        its = asked["ioi"]
        states = its.intact.z.roll(1, 0)
        run = its.run(replaced([(0, 1), (1, 0)], states))
        assert_close(run.z[:, 1, 0], states[:, 1, 0])
        assert_close(run.z[:, 0, 0], its.intact.z[:, 0, 0])
        assert (run.lead - its.intact.lead).abs().max() > 1e-4

    def test_with_their_own_states_nothing_changes(self, asked):
        its = asked["ioi"]
        run = its.run(replaced([(0, 0), (1, 1)], its.intact.z))
        assert_close(run.lead, its.intact.lead)

    def test_a_part_of_the_questions_at_once_makes_no_difference(self, asked, monkeypatch):
        its = asked["ioi"]
        monkeypatch.setattr("onset.analyses.heads.rivals._AT_ONCE", 5)
        assert_close(its.run({}).lead, its.intact.lead)


class TestSelfRepair:
    def test_what_is_lost_and_what_comes_back_add_up(self, asked):
        its = asked["ioi"]
        heads = [(1, 1)]
        without = its.run(replaced(heads, its.intact.z.roll(1, 0)))
        found = made_up(its.intact, without, heads, its.intact.effects.heads.mean(0) < 0)
        back = sum(value for name, value in found.items() if name.startswith("by_"))
        assert found["lost_directly"] - found["lost_lead"] == pytest.approx(back, abs=1e-5)
        lost = its.intact.lead.mean() - without.lead.mean()
        assert found["lost_lead"] == pytest.approx(lost.item(), abs=1e-5)

    def test_heads_of_one_layer_do_not_make_up_for_each_other(self, asked):
        its = asked["ioi"]
        without = its.run(replaced([(1, 0)], its.intact.z.roll(1, 0)))
        found = made_up(its.intact, without, [(1, 0)], its.intact.effects.heads.mean(0) < 0)
        assert found["by_heads"] == pytest.approx(0, abs=1e-5)
        assert found["by_negative_heads"] == pytest.approx(0, abs=1e-5)

    def test_without_biases_the_norm_is_what_its_scale_makes_of_the_lead(self, given, asked):
        if given[0] != "llama":
            pytest.skip("its biases are scaled, too")
        its = asked["ioi"]
        without = its.run(replaced([(1, 0)], its.intact.z.roll(1, 0)))
        found = made_up(its.intact, without, [(1, 0)], its.intact.effects.heads.mean(0) < 0)
        at_old_scale = without.lead * (without.scale / its.intact.scale)[:, 0]
        expected = (without.lead - at_old_scale).mean().item()
        assert found["by_norm"] == pytest.approx(expected, abs=1e-5)

    def test_rows(self, given):
        found = [*self_repair.analyse(*given[1:], seed=0)]
        assert {its.split for its in found} == {"ioi", "three_names"}, "that have validation parts"
        names = {its.measure for its in found}
        assert {"mean_lost_lead", "resample_by_norm", "random_lost_directly"} <= names
        assert {its.layer for its in found if its.measure == "is_mover"} == {1}


class TestMovers:
    def test_they_look_at_the_right_name(self, asked):
        its = asked["ioi"]
        ((layer, head),) = movers(its, 3)
        seen = its.attention_to_places()
        others = [(1, n) for n in range(its.n_heads) if (1, n) != (layer, head)]
        looks = {
            at: all(seen["right"][at] > seen[k][at] for k in ("rival", "repeat"))
            for at in [(1, 0), (1, 1)]
        }
        effects = its.intact.effects.heads.mean(0)
        if looks[layer, head] == looks[others[0]]:
            assert effects[layer, head] >= effects[others[0]]
        else:
            assert looks[layer, head]

    def test_largest(self):
        values = torch.tensor([[0.1, 0.9], [0.5, -2.0]])
        assert largest(values, 2) == [(0, 1), (1, 0)]


class TestPaths:
    def test_a_path_that_carries_the_same_costs_nothing(self, given, asked):
        its = asked["ioi"]
        path = paths_to_movers._Paths(its, [(1, 0)], its)
        lead, attention = path.lost([(0, 0), (0, 1)])
        assert (lead, attention) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))

    def test_all_paths_of_the_layer_below_are_the_whole_difference(self, given, asked):
        """Without MLPs, what all heads below write is all that differs where the answer is asked for: with
        it exchanged, the queries are those of the other sentences."""
        kind = given[0]
        own, other = asked["ioi"], asked["three_names"]
        path = paths_to_movers._Paths(own, [(1, 0)], other)
        change = torch.einsum(
            "qhe,hed->qd", other.intact.z[:, 0] - own.intact.z[:, 0], own.bridge.W_O[0]
        )
        rows = torch.arange(own.n)
        state = own.intact.residual[:, 1] + change
        queries = path._queries(1, change, rows)(
            torch.zeros(own.n, own.n_heads, own.bridge.cfg.d_head)
        )
        before, after = (
            own.bridge.blocks[1].ln1(its[:, None])[:, 0]
            for its in (own.intact.residual[:, 1], state)
        )
        expected = (after - before) @ own.bridge.W_Q[1, 0]
        assert_close(queries[:, 0], expected)
        assert (queries[:, 1] == 0).all(), kind

    def test_rows(self, given):
        found = {its.measure: its for its in paths_to_movers.analyse(*given[1:], seed=0)}
        assert found["path_lost_lead"].layer == 0
        assert found.keys() == paths_to_movers.QUANTITIES.keys()
