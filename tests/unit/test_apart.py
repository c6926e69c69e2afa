"""No example of a held-out split is trained, or in another split: all tasks, in many small worlds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from onset import tasks
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.store.layout import RunFolder
from onset.tasks import induction
from onset.tasks.worlds import World, in_words
from tests.texts import Pieces
from tests.unit.test_activations import Parent
from tests.worlds import small_worlds

SEEDS = 20
CASES = [(name, changes) for name in tasks.names() for changes in small_worlds(name)]


def worlds(name: str, changes: dict[str, Any]) -> Iterator[tuple[Any, World]]:
    task = tasks.load(name)
    settings = task.Settings.model_validate({"name": name, **changes})
    for seed in range(SEEDS):
        given = [parent(seed)] if getattr(settings, "from_parent", False) else []
        given += [Pieces()] if in_words(settings) else []
        yield settings, task.generate(settings, seed, *given)


def parent(seed: int) -> Parent:
    """An untrained model of another initialisation."""

    class Another(Parent):
        model = build(
            TransformerSettings(name="transformer", d_model=16, n_heads=2, d_mlp=32),
            *Parent.dataset.sizes,
        )

        def parameters(self, step=None):
            return self.model.initial_parameters(seed)

    return Another(RunFolder(Path("study/condition/seed_0")))


def examples(split: Any) -> set[bytes]:
    """What a model is shown."""
    shown = split.inputs if hasattr(split, "inputs") else split.tokens
    return {row.tobytes() for row in np.ascontiguousarray(shown)}


def held_out(settings: Any) -> set[str]:
    """What no stage trains."""
    last = settings.model_copy(update={"stage": 2}) if hasattr(settings, "stage") else settings
    return set(settings.splits) - set(last.trained) - set(getattr(settings, "samples", ()))


@pytest.mark.parametrize(("name", "changes"), CASES, ids=str)
def test_splits_are_apart(name, changes):
    for settings, world in worlds(name, changes):
        found = {split: examples(its) for split, its in world.splits.items()}
        for one, other in combinations(found, 2):
            if {one, other} & held_out(settings) and other != f"{one}_shuffled":
                # The null of a task that nothing is trained on has the same prompts, with others' answers.
                assert not found[one] & found[other], (one, other)


@pytest.mark.parametrize(("name", "changes"), CASES, ids=str)
def test_streams_draw_nothing_that_is_held_out(name, changes):
    for seed, (settings, world) in enumerate(worlds(name, changes)):
        kept = set().union(*(examples(world.splits[its]) for its in held_out(settings)))
        for stream in world.streams.values():
            rng = np.random.default_rng(seed)
            assert not kept & examples(stream(2000, rng))


def test_a_stream_still_draws_all_the_rest():
    """Of the 56 sequences of this world 16 are held out: the 40 others come, and about equally often."""
    given = {"n_symbols": 8, "length": 6, "segment": [2, 2], "n_train": 8, "n_test": 4}
    world = induction.generate(induction.Settings(name="induction", **given), 0)
    drawn = world.streams["fresh"](8000, np.random.default_rng(0)).tokens
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 56 - 16 + len(repeated(world))
    assert counts.min() > 140
    assert counts.max() < 270


def repeated(world: World) -> list[bytes]:
    """Held-out examples that were drawn twice within their split."""
    its = [world.splits[name].tokens for name in world.splits if name != "train"]
    return [row for tokens in its for row in [*map(bytes, tokens)][len({*map(bytes, tokens)}) :]]


@pytest.mark.parametrize(
    "changes",
    [
        {"segment": [2, 3]},
        {"segment": [2, 2], "n_train": 1},
        {"segment": [3, 3], "copies": 2, "length": 6, "n_test": 64},
    ],
)
def test_worlds_too_small_to_hold_anything_out_are_refused(changes):
    given = {"name": "induction", "n_symbols": 8, "length": 8, **changes}
    with pytest.raises(ValidationError, match=r"there are \d+ sequences .* n_train or n_test"):
        induction.Settings.model_validate(given)
