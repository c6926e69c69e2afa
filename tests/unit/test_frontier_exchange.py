"""States that are exchanged between mazes, of a model that is known to search from the goal."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from transformer_lens.model_bridge import TransformerBridge

from onset.analyses.thoughts import frontier_exchange
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.tasks.reasoning import judging, search
from onset.tasks.reasoning.reading import read

SETTINGS = search.Settings(name="search", way="shortest", asked="first_step", n_train=8, n_test=120)
WORLD = search.generate(SETTINGS, 0)
GIVEN = WORLD.splits["test"].tokens[:, : SETTINGS.n_given]
N, CELLS = WORLD.n_tokens, SETTINGS.n_cells


class Flooding(TransformerBridge):
    """A bridge whose state at the goal is all that a search has come to, so many steps with each block.

    Where it comes to the start, it keeps from which cell, the answer. After the last block it is read to
    the end."""

    W_E = torch.zeros(1)
    cfg = SimpleNamespace(n_layers=3)

    def __init__(self, per_block: int, searches: bool = True) -> None:
        torch.nn.Module.__init__(self)
        self._per_block, self._searches = per_block, searches

    def run_with_hooks(self, tokens, fwd_hooks):
        (reached, answer), _ = self._run(tokens, dict(fwd_hooks))
        _, answer = self._flood(tokens, reached, answer, CELLS)
        logits = torch.zeros(len(tokens), 2, N)
        logits[:, 1, :CELLS] = answer
        logits[:, 1, -1] = 0 if self._searches else 2  # a mark, no cell
        return logits

    def run_with_cache(self, tokens, names_filter):
        _, kept = self._run(tokens, {})
        return None, {name: kept[name] for name in names_filter}

    def _run(self, tokens, hooks):
        reached = F.one_hot(tokens[:, -2], CELLS).float()
        answer, kept = torch.zeros_like(reached), {}
        for layer in range(self.cfg.n_layers):
            name = f"blocks.{layer}.hook_resid_pre"
            value = torch.cat([reached, answer], 1)[:, None].repeat(1, tokens.shape[1], 1)
            value = hooks[name](value, None) if name in hooks else value
            kept[name] = value
            reached, answer = ((value[:, -2] > 0.9).float()).split(CELLS, 1)
            reached, answer = self._flood(tokens, reached, answer, self._per_block)
        return (reached, answer), kept

    @staticmethod
    def _flood(tokens, reached, answer, steps):
        reached, answer = reached.clone(), answer.clone()
        for row, its in enumerate(tokens.numpy()):
            asked = read(N, its)
            for _ in range(steps):
                now = {*reached[row].nonzero().ravel().tolist()}
                if answer[row].any() or asked.start in now:
                    break
                beside = judging.neighbours(asked.edges, asked.start)
                if come := [cell for cell in beside if cell in now]:
                    answer[row, come[0]] = 1
                for cell in now:
                    reached[row, [*judging.neighbours(asked.edges, cell)]] = 1
        return reached, answer


def found(monkeypatch, bridge) -> dict[tuple, float]:
    monkeypatch.setattr(
        frontier_exchange.inspection, "open_bridge", lambda model, parameters, depth: bridge
    )
    monkeypatch.setattr(frontier_exchange, "_FEWEST", 1)
    monkeypatch.setattr(frontier_exchange, "_N_OTHERS", 12)
    given = {"name": "transformer", "n_layers": 3, "d_model": 8, "n_heads": 1, "d_mlp": 8}
    model = build(TransformerSettings(**given), *WORLD.sizes)
    rows = list(frontier_exchange.analyse(model, {}, WORLD, 0))
    keys = [(its.measure, its.layer, its.component) for its in rows]
    assert len(set(keys)) == len(keys)
    return {key: its.value for key, its in zip(keys, rows, strict=True)}


@pytest.mark.parametrize(("per_block", "come"), [(1, (0, 1, 2)), (2, (0, 2))])
def test_a_search_is_seen_where_it_is(monkeypatch, per_block, come):
    values = found(monkeypatch, Flooding(per_block))
    assert values["exchanged_pairs", None, None] == 1
    for layer, steps in enumerate(come):
        assert values["exchanged_frontier", layer, steps] == 1
        if steps:
            assert values["exchanged_frontier", layer, 0] < 1
        assert values["exchanged_own", layer, None] < 0.2
    # With the goal alone, no answer is the other's or comes from a frontier; the farther, the more are.
    answers = [values["exchanged_answer", layer, None] for layer in range(3)]
    assert answers[0] == values["exchanged_frontier", 0, 1] == 0
    assert values["exchanged_own", 0, None] == 0
    assert answers == sorted(answers)


def test_one_that_doesnt_know_the_way_isnt_asked(monkeypatch):
    values = found(monkeypatch, Flooding(1, searches=False))
    assert set(values) == {("exchanged_pairs", None, None)}
    assert values["exchanged_pairs", None, None] == 0


def test_pairs_have_one_start_and_search_from_the_others_goal():
    its = frontier_exchange.paired(GIVEN, N, np.random.default_rng(0))
    assert len(its.one) == frontier_exchange._N_OTHERS * len(GIVEN)
    assert (its.one[:, -3] == its.other[:, -3]).all()
    assert (its.one[:, :-4] != its.other[:, :-4]).any(1).all()
    told = {tokens.tobytes() for tokens in np.ascontiguousarray(GIVEN[:, :-4])}
    assert {row.tobytes() for row in np.ascontiguousarray(its.other[:, :-4])} <= told
    # By hand: from the other's goal one step in the other maze, then on in the one.
    for row in range(60):
        one, other = (read(N, tokens[row]) for tokens in (its.one, its.other))
        assert its.own[row] == first_step(one.edges, one.start, {one.goal})
        assert its.answer[row] == first_step(other.edges, other.start, {other.goal})
        assert its.frontier[row, 0] == first_step(one.edges, one.start, {other.goal})
        come = {other.goal, *judging.neighbours(other.edges, other.goal)}
        if its.frontier[row, 1] >= 0:
            assert its.frontier[row, 1] == first_step(one.edges, one.start, come)


def test_what_leads_to_the_same_step_is_not_told_apart():
    frontier = np.array([[1, 4], [1, 1], [2, 3], [1, 2], [5, -1]])
    own, answer = np.array([3, 3, 2, 3, 5]), np.array([2, 1, 3, 2, 6])
    pairs = frontier_exchange.Pairs(frontier, frontier, own, answer, frontier)
    found = {key: its.tolist() for key, its in pairs.told_apart().items()}
    assert found == {
        ("own", None): [3, 3, -1, 3, -1],
        ("answer", None): [2, -1, 3, 2, 6],
        ("frontier", 0): [1, -1, -1, 1, -1],
        ("frontier", 1): [4, -1, -1, -1, -1],
    }
    kept = frontier_exchange.telling(pairs)
    assert kept.answer.tolist() == [2, 2]


def first_step(edges, start, goals) -> int:
    """Of a walk from the start to the nearest of some cells; any, where there are several."""
    ways = [(cell,) for cell in judging.neighbours(edges, start)]
    while not any(way[-1] in goals for way in ways):
        ways = [
            (*way, cell)
            for way in ways
            for cell in judging.neighbours(edges, way[-1])
            if cell not in way and cell != start
        ]
    return next(way[0] for way in ways if way[-1] in goals)
