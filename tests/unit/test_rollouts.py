"""A model that goes on by itself says what it would say if asked, token by token."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from onset.models import rollouts
from onset.models.rollouts import rollout
from onset.models.transformer.continuing import Reading
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings

N, LENGTH = 11, 9
SMALL = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 32}
CASES = {
    "two layers": {"n_layers": 2},
    "looped": {"n_loops": 3, "readout": "per_hop"},
    "attention only": {"n_layers": 2, "d_mlp": 0, "tied_embeddings": False},
    "without positions and norms": {"norm": "none", "positions": "none"},
    "smeared": {"n_layers": 2, "smeared_keys": True},
}
READ_ON = [name for name in CASES if name != "smeared"]


def made(case: str) -> tuple[Transformer, dict[str, torch.Tensor]]:
    model = build(Settings(**{**SMALL, **CASES[case]}), N, LENGTH)
    parameters = model.initial_parameters(0)
    parameters["tok_embed.weight"] *= 3  # so that answers differ
    return model, parameters


def asked(model, parameters, tokens: np.ndarray, hops: int) -> np.ndarray:
    """Logits after all of them, in one pass, by the family's own forward."""
    states = model.states_of_sequences(
        parameters, torch.from_numpy(tokens), [tokens.shape[1] - 1], hops
    )
    return model.unembed(parameters, states).numpy()


TOKENS = np.random.default_rng(0).integers(N, size=(7, LENGTH))
LATE = np.tile(np.arange(LENGTH) >= 4, (7, 1))


@pytest.mark.parametrize("case", READ_ON)
def test_reading_on_is_reading_all(case):
    model, parameters = made(case)
    hops = 2 if case == "looped" else 1
    reading, tokens = Reading(model, parameters, hops), torch.from_numpy(TOKENS)
    for first, last in ((0, 3), (3, 4), (4, 7), (7, 9)):
        found = reading.read(tokens[:, first:last]).numpy()
        assert found == pytest.approx(asked(model, parameters, TOKENS[:, :last], hops), abs=1e-5)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_it_writes_what_it_would_say_if_asked_anew(case, temperature, monkeypatch):
    model, parameters = made(case)
    given = {"temperature": temperature, "seed": 5, "hops": 2 if case == "looped" else 1}
    found = rollout(model, parameters, TOKENS, LATE, **given)
    monkeypatch.setattr(rollouts, "Transformer", type(None))  # so that none is read on
    anew = rollout(model, parameters, TOKENS, LATE, **given)
    assert (found == anew).all()
    assert (found[:, :4] == TOKENS[:, :4]).all()
    assert not (found[:, 4:] == TOKENS[:, 4:]).all()


def test_step_by_step_by_hand():
    model, parameters = made("two layers")
    found = rollout(model, parameters, TOKENS, LATE)
    for place in range(4, LENGTH):
        said = asked(model, parameters, found[:, :place], 1).argmax(1)
        assert (found[:, place] == said).all()


def test_what_is_given_in_the_middle_is_read():
    """The first writes from 3 on, but for a place; the second only the last token."""
    model, parameters = made("two layers")
    written = np.zeros((7, LENGTH), bool)
    written[0, [3, 4, 6, 7, 8]] = True
    written[1:, 8] = True
    found = rollout(model, parameters, TOKENS, written)
    assert (found[~written] == TOKENS[~written]).all()
    for row, place in zip(*written.nonzero(), strict=True):
        said = asked(model, parameters, found[row : row + 1, :place], 1).argmax()
        assert found[row, place] == said


def test_a_sequence_is_the_same_whoever_stands_beside_it(monkeypatch):
    model, parameters = made("two layers")
    given = {"temperature": 1.0, "seed": 3}
    together = rollout(model, parameters, TOKENS, LATE, **given)
    monkeypatch.setattr(rollouts, "_AT_ONCE", 2)
    assert (rollout(model, parameters, TOKENS, LATE, **given) == together).all()
    first = rollout(model, parameters, TOKENS[:3], LATE[:3], **given)
    assert (first == together[:3]).all()
    other = rollout(model, parameters, TOKENS, LATE, temperature=1.0, seed=4)
    assert not (other == together).all()


class Fixed:
    """A model that says the same of everything."""

    constants = decaying = frozenset()

    def __init__(self, logits: list[float]) -> None:
        self._logits = torch.tensor(logits)

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        return self._logits.expand(sum(len(its.tokens) for its in questions), -1)


def shares(temperature: float) -> list[float]:
    """How often each token is said, of probabilities .1, .6 and .3 at temperature 1."""
    model = Fixed(np.log([0.1, 0.6, 0.3]).tolist())
    tokens = np.zeros((5000, 3), np.int64)
    written = np.tile([False, True, True], (5000, 1))
    said = rollout(model, {}, tokens, written, temperature=temperature)[:, 1:]
    counts = Counter(said.ravel().tolist())
    return [counts[token] / said.size for token in range(3)]


def test_tokens_are_drawn_as_often_as_they_are_likely():
    assert shares(0.0) == [0, 1, 0]
    assert shares(1.0) == pytest.approx([0.1, 0.6, 0.3], abs=0.02)
    squares = np.array([0.1, 0.6, 0.3]) ** 2
    assert shares(0.5) == pytest.approx((squares / squares.sum()).tolist(), abs=0.02)


def test_after_the_end_nothing_else_is_said():
    model, parameters = made("two layers")
    free = rollout(model, parameters, TOKENS, LATE, temperature=1.0)
    end = int(free[0, 5])
    found = rollout(model, parameters, TOKENS, LATE, temperature=1.0, end=end)
    for before, after in zip(free, found, strict=True):
        places = np.flatnonzero(before[3:] == end)  # one may be given
        n = 4 + places[0] if len(places) else LENGTH
        assert (after[:n] == before[:n]).all()
        assert (after[n:] == end).all()


def test_a_world_answers_what_is_written(monkeypatch):
    """At even places it says what was written before, and the number of the sequence more."""
    monkeypatch.setattr(rollouts, "_AT_ONCE", 3)
    model, parameters = made("two layers")
    written = np.tile(np.arange(LENGTH) % 2 == 1, (7, 1))
    written[:, 1] = False

    def world(numbers, said):
        return (said[:, -1] + numbers) % N

    found = rollout(model, parameters, TOKENS, written, world=world)
    assert (found[:, :3] == TOKENS[:, :3]).all()
    for place in range(3, LENGTH):
        right = asked(model, parameters, found[:, :place], 1).argmax(1)
        if place % 2 == 0:
            right = (found[:, place - 1] + np.arange(7)) % N
        assert (found[:, place] == right).all()


class TestSteering:
    def test_nothing_added_changes_nothing(self):
        model, parameters = made("two layers")
        nothing = {1: torch.zeros(16)}
        found = rollout(model, parameters, TOKENS, LATE, added=nothing)
        assert (found == rollout(model, parameters, TOKENS, LATE)).all()

    def test_towards_a_token_that_token_is_said(self):
        model, parameters = made("without positions and norms")
        towards = 100 * parameters["tok_embed.weight"][4]
        assert (parameters["tok_embed.weight"] @ towards).argmax() == 4
        found = rollout(model, parameters, TOKENS, LATE, added={1: towards})
        assert (found[:, 4:] == 4).all()

    def test_what_is_only_read_is_left_alone(self):
        """With all of it given but the last token, it changes the last position's state alone."""
        model, parameters = made("two layers")
        last = np.tile(np.arange(LENGTH) == LENGTH - 1, (7, 1))
        vector = torch.randn(16, generator=torch.Generator().manual_seed(0)) * 3
        found = rollout(model, parameters, TOKENS, last, added={1: vector})
        tokens = torch.from_numpy(TOKENS[:, :-1])
        states = model.residual_stream(parameters, tokens)[1].clone()
        states[:, -1] += vector
        after = model._apply_to_sequences(parameters, 1, states, tokens)[:, -1]
        assert (found[:, -1] == model.unembed(parameters, after).argmax(-1).numpy()).all()

    def test_what_can_not_be_read_on_is_refused(self):
        model, parameters = made("smeared")
        with pytest.raises(ValueError, match="only a transformer that can be read on"):
            rollout(model, parameters, TOKENS, LATE, added={1: torch.zeros(16)})
        with pytest.raises(ValueError, match="no reading on with smeared_keys"):
            Reading(model, parameters)


def test_the_first_token_must_be_given():
    with pytest.raises(ValueError, match="can't write the first token"):
        rollout(*made("two layers"), TOKENS, np.ones((7, LENGTH), bool))


def test_nothing_to_write_is_what_is_given():
    found = rollout(*made("two layers"), TOKENS, np.zeros((7, LENGTH), bool))
    assert (found == TOKENS).all()
