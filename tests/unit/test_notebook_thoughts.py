"""What notebooks make of a reader's thoughts, on a model that copies what it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.notebook.thoughts import goes_on, question, read_along
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


def test_a_question_ends_where_the_thought_begins(run):
    asked = question(run, number=2).split()
    tokens = WORLD.splits["test"].tokens[2, : K + 3]
    assert asked == [WORLD.vocabulary[token] for token in tokens]
    assert asked[-1] == ":"


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
