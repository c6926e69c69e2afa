"""What notebooks make of a reader's thoughts, on a model that copies what it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.notebook.thoughts import carriers, goes_on, noticed, read_along
from onset.runs.run import Run
from onset.tasks.reasoning import thought

WORLD = thought.generate(thought.Settings(name="thought", n_train=200, n_test=40, n_states=4), 0)
K = 4


def copying() -> tuple[Transformer, dict[str, torch.Tensor]]:
    """A model that says again what it has just read: nothing but embeddings, of one length each."""
    settings = TransformerSettings(
        name="transformer", d_model=32, n_heads=1, d_mlp=0, norm="none", positions="none"
    )
    model = build(settings, *WORLD.sizes)
    parameters = model.initial_parameters(0)
    for name, tensor in parameters.items():
        if ".attn.o." in name:
            tensor.zero_()
    parameters["tok_embed.weight"] = torch.eye(32)[: WORLD.n_tokens].clone()
    return model, parameters


class Made(Run):
    """A run that was never on disk."""

    model, its_parameters = copying()
    dataset = WORLD

    def parameters(self, step=None):
        return self.its_parameters


@pytest.fixture
def run() -> Made:
    return Made(Path("study/condition/seed_0"))


def test_it_goes_on_to_the_end(run):
    said = goes_on(run, "x3 f1 f0 f4 f2 - : x1").split()
    assert said[:8] == ["x3", "f1", "f0", "f4", "f2", "-", ":", "x1"]
    assert said[8:] == ["x1"] * (WORLD.length - 8)


def test_it_reads_along(run):
    table = read_along(run, layer=0, number=3)
    split = WORLD.splits["test"]
    assert len(table) == WORLD.length - 1
    assert table["token"].tolist()[: K + 3] == [
        WORLD.vocabulary[token] for token in split.tokens[3, : K + 3]
    ]
    # It copies the mark, and then what it has written.
    assert table["token"].tolist()[K + 3 :] == [":"] * 3 + ["="]
    assert (table["by"] == "model").tolist() == split.truth["written"][3, :-1].tolist()
    answer = WORLD.vocabulary[split.truth["answer"][3]]
    assert ((table["answer read off"] == answer) == (table["right"] == "yes")).all()
    assert set(table["answer read off"]) <= {f"x{i}" for i in range(4)}
    assert np.isin(table["right"], ["yes", ""]).all()


def rows(columns: str, *values: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(values), columns=columns.split())


def test_what_monitors_notice_of_one_layer():
    compared = rows(
        "comparison condition seed measure layer value",
        ("monitors", "told_freely", 0, "used_word", None, 1.0),
        ("monitors", "told_freely", 0, "used_earlier_probe", 1, 0.5),
        ("monitors", "told_freely", 0, "used_earlier_probe", 2, 0.9),
        ("monitors", "told_freely", 0, "unhinted_chance", 2, 0.1),
        ("others", "told_freely", 0, "used_word", None, 0.3),
    )
    found = noticed(compared, layer=2)
    assert found[["watched", "monitor", "value"]].values.tolist() == [
        ["told_freely/used", "word", 1.0],
        ["told_freely/used", "earlier_probe", 0.9],
        ["told_freely/unhinted", "chance", 0.1],
    ]


def test_the_head_that_carries_a_step():
    found = []
    for head, (patched, random, looks, earlier) in enumerate(
        [(0.2, 0.0, 0.3, 0.1), (0.7, 0.1, 0.6, 0.0), (0.4, 0.2, 0.1, 0.2)]
    ):
        for measure, value in (
            ("head_patched", patched), ("head_random", random), ("step_attention", looks),
            ("earlier_attention", earlier),
        ):  # fmt: skip
            found.append(("whole", 0, measure, 0, head, value))
            # In the other seed it is a head of the second layer.
            found.append(("whole", 1, measure, 1 - head % 2, head, value if head != 1 else 0.1))
    closer = rows("condition seed measure layer head value", *found)
    its = carriers(closer)
    assert its[["seed", "layer", "head"]].values.tolist() == [[0, 0, 1], [1, 1, 2]]
    assert its["patched"].tolist() == [0.7, 0.4]
    assert its["second"].tolist() == [0.4, 0.2]
    assert its.loc[0, ["random", "looks", "earlier"]].tolist() == [0.1, 0.6, 0.0]
