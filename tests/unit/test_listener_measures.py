"""What is measured of listeners, on models of which the answers are known because they were planted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from onset.analyses.listeners import attribute_steering, belief_steering, steered
from onset.measures.listeners import attribute_probe, belief_probe, mood_lag, suits
from onset.measures.listeners.turns import HELD_OUT
from onset.models.batch import ReadableModel
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.tasks.dataset import Split
from onset.tasks.language.dialogues import CONTRAST, PLACE, REPLY, TURN
from onset.tasks.language.listener import Settings, generate
from onset.tasks.language.listener_words import ATTRIBUTES, MATTERS, STYLE

SETTINGS = Settings(name="listener", n_train=120, n_test=160, moody=0.25)
WORLD = generate(SETTINGS, 0)
LEXICON = SETTINGS.lexicon
NOWHERE: dict[str, torch.Tensor] = {"any": torch.zeros(1)}
D = 16


def found(module, model) -> dict:
    """Value by measure, split, layer, component and position."""
    rows = module.measure(model, NOWHERE, WORLD)
    return {(r.measure, r.split, r.layer, r.component, r.position): r.value for r in rows}


class Fake(ReadableModel):
    constants = decaying = frozenset()


class BestReader(Fake):
    """Says each word as often as it comes, given what was said."""

    def logits(self, parameters, questions):
        return torch.cat([torch.from_numpy(of(split_with(its.tokens))) for its in questions])


def split_with(tokens: np.ndarray) -> Split:
    """Whose first dialogues these are."""
    its = (
        split
        for split in WORLD.splits.values()
        if np.array_equal(split.tokens[: len(tokens)], tokens)
    )
    return next(its)


def of(split: Split) -> np.ndarray:
    """Log-probabilities at the scored positions."""
    chances = np.full((*split.targets.shape, WORLD.n_tokens), 1e-30)
    for i, position in enumerate(split.scored):
        turn, place = divmod(position, TURN)
        here = turn * TURN + REPLY
        if place < PLACE - 1:
            for name in STYLE:
                words = LEXICON.of(f"suits_{name}")
                said = np.isin(split.tokens[:, here : position + 1], words).any(1)
                its = split.truth[f"ideal_{name}"][:, here] / (PLACE - 1 - place)
                chances[:, i, words] = np.where(said[:, None], 1e-30, its)
        elif place == PLACE - 1:
            where, told, true, believed = (
                split.truth[fact][:, here] for fact in ("asks_where", "told", "place", "believed")
            )
            again = where & told
            answer = np.where(where, true, believed)
            rows = np.arange(len(split))
            for value, names in enumerate((LEXICON.of("plain"), LEXICON.of("exact"))):
                chances[rows, i, names[answer]] = np.where(
                    again, 1e-30, split.truth["ideal_knowledge"][:, here, value]
                )
            chances[again, i, LEXICON.token("again")] = 1
        else:
            chances[np.arange(len(split)), i, split.targets[:, i]] = 1
    return np.log(chances).reshape(-1, WORLD.n_tokens)


class Planted(Fake):
    """A stream whose states, at all places of a turn, are what a function of a split says."""

    def __init__(self, states) -> None:
        self.states = states

    def residual_stream(self, parameters, tokens):
        return self.states(split_with(tokens.numpy()))[None, : len(tokens)]

    def logits(self, parameters, questions):
        return BestReader().logits(parameters, questions)


def one_hot(split: Split, fact: str, n: int = 4) -> torch.Tensor:
    return F.one_hot(torch.from_numpy(split.truth[fact].astype(np.int64)), n).float()


def test_the_best_reader_suits_as_well_as_can_be():
    its = found(suits, BestReader())
    for split in HELD_OUT:
        for name in MATTERS:
            # Where an answer is `again`, plain and exact names are as likely.
            if name != "knowledge":
                could = its[f"could_suit_{name}", split, None, None, None]
                assert its[f"suits_{name}", split, None, None, None] == could
                assert its[f"calibrated_{name}", split, None, None, None] < 1e-5
        assert its["reply_above_floor", split, None, None, None] == pytest.approx(0, abs=1e-5)
        for name in ("seek_believed", "where_true", "put_right", "again_said"):
            assert its[name, split, None, None, None] == 1
        for name in ("seek_true", "where_believed", "again_wrong"):
            assert its[name, split, None, None, None] == 0


class TestAttributeProbe:
    def test_what_is_planted_is_read_and_nothing_else(self):
        its = found(attribute_probe, Planted(lambda split: one_hot(split, "age", D)))
        for split in HELD_OUT:
            assert its["read_age", split, 0, None, None] == 1
            assert its["means_read_age", split, 0, None, None] == 1
            assert its["shuffled_read_age", split, 0, None, None] < 0.6
            assert its["read_pet", split, 0, None, None] < 0.7
        assert its["main_axis_age", None, 0, None, None] == pytest.approx(0.5, abs=0.05)
        assert its["read_age", "test", 0, None, REPLY] == 1

    def test_values_in_a_line(self):
        def line(split):
            return torch.from_numpy(split.truth["mood"])[..., None].float() * torch.ones(D)

        its = found(attribute_probe, Planted(line))
        assert its["main_axis_mood", None, 0, None, None] == pytest.approx(1)
        assert its["means_read_mood", "test", 0, None, None] == 1

    def test_the_best_reader_is_better_the_more_it_has_heard(self):
        its = found(attribute_probe, Planted(lambda split: one_hot(split, "age", D)))
        for name in ATTRIBUTES[:-1]:
            late = its[f"ideal_{name}", "test", None, None, 5 * TURN + REPLY]
            assert late > its[f"ideal_{name}", "test", None, None, 3] + 0.1


@pytest.mark.parametrize("turns", [0, 1])
def test_a_mood_that_is_read_so_many_turns_late(turns):
    def late(split):
        return one_hot(split, "mood", D).roll(turns * TURN, dims=1)

    its = found(mood_lag, Planted(late))
    assert its["mood_lag_read", "test", 0, None, None] == pytest.approx(turns, abs=0.1)
    assert its["new_mood_read", "test", 0, 2, None] > 0.95
    assert (
        its["mood_lag_said", "test", None, None, None]
        == its["mood_lag_ideal", "test", None, None, None]
    )
    assert 0 < its["mood_lag_ideal", "test", None, None, None] < 3


@pytest.mark.parametrize(
    ("planted", "read", "lost"), [("believed", "belief", "truth"), ("place", "truth", "belief")]
)
def test_belief_and_truth_are_told_apart(planted, read, lost):
    its = found(belief_probe, Planted(lambda split: one_hot(split, planted, D)))
    for question in ("where", "seek"):
        at = ("test", 0, PLACE - 1, None)
        assert its[(f"{read}_read_{question}", *at)] == 1
        assert its[(f"{lost}_read_{question}", *at)] < 0.6
        assert its[(f"shared_reads_{read}_{question}", *at)] == 1
        assert its[(f"shared_reads_{lost}_{question}", *at)] == 0


class TestSteering:
    """In a model of which the last states are planted, and the readout is known."""

    SMALL = TransformerSettings(
        name="transformer", d_model=D, n_heads=2, d_mlp=8, norm="none", tied_embeddings=False
    )
    MODEL = build(SMALL, *WORLD.sizes)

    def analysed(self, monkeypatch, module, states, head) -> dict:
        parameters = self.MODEL.initial_parameters(0)
        parameters["head.weight"] = head
        of_splits = {name: states(WORLD.splits[name]) for name in ("train", *HELD_OUT)}
        both = {
            name: torch.stack([its, its]).unflatten(2, (-1, TURN))
            for name, its in of_splits.items()
        }
        monkeypatch.setattr(steered, "states_of", lambda *_: both)
        rows = module.analyse(self.MODEL, parameters, WORLD, 0)
        return {(r.measure, r.component): r.value for r in rows}

    def test_an_attribute_is_exchanged_and_the_others_stay(self, monkeypatch):
        head = torch.zeros(WORLD.n_tokens, D)
        for value, token in enumerate(LEXICON.of("suits_mood")):
            head[token, value] = 9.0
        for value, token in enumerate(LEXICON.of("suits_age")):
            head[token, 4 + value] = 9.0

        def states(split):
            both = torch.cat([one_hot(split, "mood"), one_hot(split, "age")], -1)
            return F.pad(both, (0, D - both.shape[-1]))

        its = self.analysed(monkeypatch, attribute_steering, states, head)
        assert its["other_said_mood", 0] < 0.01
        assert its["other_said_mood", 2] == pytest.approx(its["said_to_other_mood", None], abs=0.05)
        assert its["other_said_mood", 2] > 0.9
        assert its["randomly_said_mood", 2] < 0.5
        assert its["rest_changed_mood", 2] < its["rest_randomly_changed_mood", 2]
        assert its["rest_changed_mood", 2] < 0.05
        assert its["rest_changed_pet", 4] < 0.1
        assert its["place_said_mood", 4] == 1

    def test_belief_and_truth_are_exchanged_apart(self, monkeypatch):
        head = torch.zeros(WORLD.n_tokens, D)
        for value, token in enumerate(LEXICON.of("plain")):
            head[token, value] = 9.0

        def states(split):
            """Where the place is said, what the question asks for; where it is put right, the belief."""
            true, believed = (one_hot(split, fact) for fact in ("place", "believed"))
            where = torch.from_numpy(split.truth["asks_where"])[..., None]
            right = torch.arange(split.tokens.shape[1]) % TURN == CONTRAST - 1
            said = torch.where(where & ~right[:, None], true, believed)
            return F.pad(said, (0, D - 4))

        its = self.analysed(monkeypatch, belief_steering, states, head)
        assert its["place_stays_truth", 0] == its["belief_stays_belief", 0] == 1
        assert its["belief_follows_belief", 4] == 1
        assert its["belief_follows_truth", 2] == 0
        assert its["place_follows_truth", 4] > its["place_follows_random", 4]
