"""Token names: typed and read, in the task's vocabulary and in a pretrained one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset import models
from onset.models import inspection
from onset.runs.token_names import likeliest, names_of, tokens_of
from onset.tasks import composition
from tests import checkpoints

WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7), seed=0
)
NAMES = WORLD.vocabulary
SMALL = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 16, "n_layers": 1}


@pytest.fixture(scope="module")
def model():
    return models.build(SMALL, *WORLD.sizes)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    folder = checkpoints.save("gpt2", tmp_path_factory.mktemp("gpt2") / "checkpoint")
    given = {"name": "pretrained", "checkpoint": str(folder), "first_token": 5}
    return models.build(given, *WORLD.sizes)


def test_names_are_the_tokens_that_the_dataset_has(model):
    tokens = WORLD.splits["oo"].tokens[0]
    text = " ".join(NAMES[token] for token in tokens)
    assert tokens_of(text, model, NAMES).tolist() == [tokens.tolist()]


def test_a_bridge_is_asked_by_name(pretrained):
    bridge = inspection.open_bridge(pretrained, pretrained.initial_parameters(0))
    asked = tokens_of("e3 r1", pretrained, NAMES)
    assert asked.tolist() == [[3 + 5, NAMES.index("r1") + 5]]
    logits = bridge(asked)[0, -1]
    said = likeliest(logits, pretrained, NAMES, most=3)
    probabilities = logits.softmax(-1)[5 : 5 + len(NAMES)]
    assert said["answer"].tolist() == [NAMES[i] for i in probabilities.argsort(descending=True)[:3]]
    assert said["probability"].max() == pytest.approx(probabilities.max().item())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("e3 R1", "no token is called 'R1'; the nearest are: r1"),
        ("e33", "no token is called 'e33'; the nearest are: e3"),
        ("?", "no token is called '\\?'; the nearest are: e0, e1, e2"),
        ("e1 r1 r2 r3", "4 tokens; the model takes 1 to 3"),
        ("", "0 tokens; the model takes 1 to 3"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(model, text, said):
    with pytest.raises(ValueError, match=f"^{said}[^\n]*$"):
        tokens_of(text, model, NAMES)


def test_the_likeliest_come_first(model):
    logits = torch.zeros(len(NAMES))
    logits[[7, 2]] = torch.tensor([9.0, 8.0])
    said = likeliest(logits, model, NAMES, most=2)
    assert said["answer"].tolist() == [NAMES[7], NAMES[2]]
    assert said["probability"].tolist() == pytest.approx(logits.softmax(-1)[[7, 2]].tolist())


def test_tokens_beyond_the_task_are_called_by_the_tokenizer(pretrained):
    bridge = inspection.open_bridge(pretrained, pretrained.initial_parameters(0))
    found = names_of(np.array([0, 5, 60]), pretrained, NAMES, bridge.tokenizer)
    assert found == ["w0", NAMES[0], "w60"]
