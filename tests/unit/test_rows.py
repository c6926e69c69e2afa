"""Texts in one row: the same logits and gradients as text by text, for each beginning once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from onset import models
from onset.models.batch import Questions
from onset.models.pretrained import rows
from onset.models.pretrained.rows import in_rows
from tests import checkpoints

# Two texts with two tokens in common, one that ends where these part, one that is there twice, and others.
TEXTS = np.array([[3, 4, 5, 6], [3, 4, 7, 0], [3, 4, 0, 0], [8, 4, 5, 6], [8, 4, 5, 6]])
ENDS = np.array([[3], [2], [1], [3], [3]])
GROUPS = [
    Questions(TEXTS, (), scored_at=ENDS),
    Questions(np.array([[3, 4, 9], [3, 9, 9]]), (0, 2)),
]
N_BEGINNINGS = 12
LAST = [
    (3, 4, 5, 6),
    (3, 4, 7),
    (3, 4),
    (8, 4, 5, 6),
    (8, 4, 5, 6),
    (3,),
    (3, 4, 9),
    (3,),
    (3, 9, 9),
]


@pytest.fixture(scope="module", params=checkpoints.KINDS)
def asked(request, tmp_path_factory):
    folder = checkpoints.save(request.param, tmp_path_factory.mktemp(request.param) / "own")
    told = {"name": "pretrained", "checkpoint": str(folder), "first_token": 2}
    model = models.build(told, 12, 4)
    return model, model.initial_parameters(0)


def one_by_one(model, parameters) -> torch.Tensor:
    """What is said after each of `LAST`, by another way through the model."""
    streams = (model.residual_stream(parameters, torch.tensor([text])) for text in LAST)
    return torch.stack([model.unembed(parameters, its[-1, 0, -1]) for its in streams])


def gradients(logits: torch.Tensor, parameters) -> dict:
    weights = torch.linspace(-1, 1, logits.numel()).view_as(logits)
    (logits * weights).sum().backward()
    found = {name: p.grad for name, p in parameters.items()}
    return found


def test_each_beginning_is_there_once_and_sees_its_own_alone():
    (row,) = in_rows(GROUPS)
    assert row.tokens.shape == (1, N_BEGINNINGS)
    tokens, positions, seen = row.tokens[0], row.positions[0], row.mask[0, 0] == 0
    for scored, text in zip(row.scored, LAST, strict=True):
        places = seen[scored].nonzero()[:, 0]
        in_order = places[positions[places].argsort()]
        assert tuple(tokens[in_order].tolist()) == text
        assert positions[in_order].tolist() == list(range(len(text)))


@torch.no_grad()
@pytest.mark.parametrize("longest", [5, 256])
def test_the_same_is_said(asked, monkeypatch, longest):
    monkeypatch.setattr(rows, "_LONGEST", longest)
    monkeypatch.setattr(rows, "_CALL", 0)
    model, parameters = asked
    assert len(in_rows(GROUPS)) == {5: 6, 256: 1}[longest]
    assert_close(model.logits(parameters, GROUPS), one_by_one(model, parameters))


def test_the_same_is_learnt(asked):
    model, parameters = asked
    found = []
    for says in (lambda its: model.logits(its, GROUPS), lambda its: one_by_one(model, its)):
        its = {name: p.clone().requires_grad_() for name, p in parameters.items()}
        found.append(gradients(says(its), its))
    assert found[0].keys() == found[1].keys()
    for name, gradient in found[0].items():
        assert_close(gradient, found[1][name], rtol=1e-4, atol=1e-5)


def test_texts_that_have_nothing_in_common_stay_as_they_are_unless_a_call_is_saved():
    one, other = (Questions(np.arange(40).reshape(2, 20) + n, (19,)) for n in (0, 40))
    assert in_rows([one]) is None
    assert len(in_rows([one, other])) == 1
