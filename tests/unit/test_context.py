"""What is believed of a context, read off states and looked at in it, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.heads.duplicate_offsets import after_duplicates, analyse
from onset.measures.answers import context_share
from onset.measures.residual import position_reading
from onset.measures.residual.reading_off import read_off, read_off_by_kernel
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.tasks import induction

TASK = induction.Settings(
    name="induction", n_symbols=12, length=16, segment=(4, 7), n_train=8, n_test=32
)
WORLD = induction.generate(TASK, seed=0)


class Believing:
    """A model that believes in tokens that it has seen, so much more than in others."""

    constants = decaying = frozenset()

    def initial_parameters(self, seed):
        return {}

    def __init__(self, more: float) -> None:
        self._more = more

    def logits(self, parameters, questions):
        said = []
        for group in questions:
            shown = torch.nn.functional.one_hot(torch.from_numpy(group.tokens), TASK.n_tokens)
            seen = shown.cumsum(1)[:, list(group.scored)] > 0
            said.append(self._more * seen.float().flatten(0, 1))
        return torch.cat(said)


def shares(more: float) -> dict[tuple[str, str], float]:
    rows = context_share.measure(Believing(more), {}, WORLD)
    return {(m.measure, m.split): m.value for m in rows}


class TestContextShare:
    def test_all_of_it_evenly(self):
        found = shares(50.0)
        assert found["context_share", "repeats"] == pytest.approx(1)
        assert found["context_evenness", "repeats"] == pytest.approx(1)

    def test_a_model_that_believes_nothing_gives_seen_tokens_their_part(self):
        split = WORLD.splits["repeats"]
        seen = [
            len(set(row[: place + 1])) / TASK.n_tokens
            for row in split.tokens.tolist()
            for place in split.scored
        ]
        assert shares(0.0)["context_share", "repeats"] == pytest.approx(np.mean(seen), abs=1e-6)

    def test_validation_parts_are_not_shown(self):
        assert {split for _, split in shares(1.0)} == {"train", "test", "repeats"}


def read(kind: str = "position_explained", **changes) -> dict[int, float]:
    settings = Settings(name="transformer", n_layers=2, d_model=32, n_heads=2, d_mlp=0, **changes)
    its = Transformer(settings, TASK.n_tokens, TASK.length)
    rows = position_reading.measure(its, its.initial_parameters(0), WORLD)
    return {m.layer: m.value for m in rows if m.measure == kind}


class TestPositionReading:
    def test_embedded_positions_are_read(self):
        assert read(position_scale=8.0)[0] > 0.98

    def test_before_the_first_layer_nothing_tells_them_otherwise(self):
        assert read(positions="none")[0] < 0.1

        assert read("position_explained_by_kernel", positions="none")[0] < 0.1

    def test_each_depth_is_asked(self):
        assert list(read()) == [0, 1, 2]

    def test_a_kernel_reads_what_no_line_does(self):
        """A distance from the centre, of states on all sides of it."""
        generator = torch.Generator().manual_seed(0)
        states = torch.randn(400, 2, generator=generator)
        radius = states.norm(dim=1, keepdim=True)
        fitted, tested = torch.arange(400).split([300, 100])
        scatter = (radius[tested] - radius[tested].mean()).square().sum()
        off = {
            way: (way(states, radius, fitted, tested) - radius[tested]).square().sum() / scatter
            for way in (read_off, read_off_by_kernel)
        }
        assert off[read_off] > 0.9
        assert off[read_off_by_kernel] < 0.3


class TestDuplicateOffsets:
    def test_places_are_so_far_after(self):
        tokens = torch.tensor([[3, 5, 7, 3, 5, 7]])
        assert after_duplicates(tokens, 1)[0, 3].tolist() == [False, True, *4 * [False]]
        assert after_duplicates(tokens, 2)[0, 3].tolist() == [False, False, True, *3 * [False]]
        # Three after an earlier one is the query itself, which is not before it.
        assert not after_duplicates(tokens, 3)[0, 3].any()

    def test_a_head_that_looks_after_duplicates_looks_one_after(self):
        settings = Settings(
            name="transformer",
            d_model=16,
            n_heads=2,
            d_mlp=0,
            given_attention=({"layer": 0, "head": 1, "looks_at": "after_duplicate"},),
        )
        its = Transformer(settings, TASK.n_tokens, TASK.length)
        rows = analyse(its, its.initial_parameters(0), WORLD, seed=0)
        found = {m.component: m.value for m in rows if (m.split, m.head) == ("repeats", 1)}
        assert found[1] == pytest.approx(1)
        assert max(found, key=found.get) == 1
