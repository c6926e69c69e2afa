"""Models made by hand say what the grammar's rules say, exactly where they can."""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from onset.handmade.blueprint import Blueprint, Head, Neuron, Reading
from onset.handmade.language import stories
from onset.handmade.language.contexts import contexts, following_group
from onset.handmade.language.often import Often
from onset.handmade.language.windows import Windows
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.runs.artefacts import read_checkpoint, read_checkpoint_index
from onset.stages import dataset as dataset_stage
from onset.stages import train as train_stage
from onset.stages.command import StageError
from onset.store.layout import RunFolder
from onset.tasks.language.following import nats
from onset.tasks.language.grammar import compiled
from onset.tasks.language.lexicon import Kind, Language
from onset.tasks.language.sentences import grammar_of
from onset.tasks.language.stories import Settings as StoriesSettings
from onset.tasks.language.teller import Laws
from onset.tasks.language.telling import told
from tests.handmade import model_of

LENGTH = 48
LAWS = Laws(drift=0.25, n_persons=2, n_things=2)
TINY = compiled(
    Language(
        topics={
            "sea": {"make": "sail", "object": "ship wave"},
            "land": {"make": "plough", "object": "field cow"},
        },
        common={"make": "see", "object": "song"},
        names={"she": "mia anna ella", "he": "tom ben max"},
        surnames="fox hill king page",
        things="lamp box",
        whereabouts="upstairs nearby",
        syllables="la dum dee tra",
        song_length=3,
        literals={
            "determiner": "the",
            "connective": "and",
            "saying": "has have",
            "pronoun": "they she he",
            "mark": ". !",
        },
        patterns={
            "one": ("{name} {surname} {makes} the {object} .", "{he} has the {object} !"),
            "two": ("{name} {surname} and {name} {surname} {make} the {object} .",),
            "they": ("they have the {thing} {whereabouts} .",),
            "song": ("{song} !",),
        },
    )
)
WORDS = TINY.vocabulary
STORIES = told(TINY, LAWS, 3000, LENGTH, np.random.default_rng(0))


def says(its: Blueprint, tokens: np.ndarray) -> torch.Tensor:
    """Log-probabilities of what comes after each token (stories, length, tokens)."""
    model = model_of(its)
    with torch.inference_mode():
        stream = model.residual_stream(its.parameters(model), torch.from_numpy(tokens))
        return model.unembed(its.parameters(model), stream[-1]).log_softmax(-1)


def losses(its: Blueprint, tokens: np.ndarray) -> np.ndarray:
    after = says(its, tokens[:, :-1])
    return -after.gather(-1, torch.from_numpy(tokens[:, 1:, None]))[..., 0].numpy()


def tiny(up_to: str, laws: Laws = LAWS) -> Blueprint:
    return stories.blueprint(up_to, TINY, laws, LENGTH)


def after(its: Blueprint, text: str) -> dict[str, float]:
    """The probability of each word after a text."""
    tokens = np.array([TINY.numbers(text)])
    return dict(zip(WORDS, says(its, tokens)[0, -1].exp().tolist(), strict=True))


class TestOften:
    OFTEN = Often(TINY, LAWS, LENGTH)

    def test_pairs_of_tokens_come_as_often_as_in_many_stories(self):
        n, tokens = len(WORDS), STORIES.tokens
        counts = np.bincount((tokens[:, :-1] * n + tokens[:, 1:]).ravel(), minlength=n * n)
        counted = counts.reshape(n, n) / counts.sum()
        exact = self.OFTEN.bigram
        assert exact.sum() == pytest.approx(1)
        assert (counted[exact == 0] == 0).all()
        # Counts of this many pairs; those of one story depend on each other, so wider than alone.
        assert abs(counted - exact).max() < 6 * np.sqrt(exact.max() / counts.sum())
        common = exact > 1e-3
        assert abs(counted[common] / exact[common] - 1).max() < 0.25

    def test_a_pool_after_its_only_word(self):
        """Of a pool, 0.8 is the topic's, 2/3 of that its first word; both topics come equally often."""
        after_the = self.OFTEN.bigram[WORDS.index("the")]
        objects = after_the[[WORDS.index(its) for its in ("ship", "wave", "cow", "song")]]
        objects = objects / after_the[TINY.kind == Kind.OTHER].sum()
        assert objects == pytest.approx([0.8 / 3, 0.8 / 6, 0.8 / 6, 0.2])

    def test_sentences_are_parts_of_one(self):
        assert self.OFTEN.sentences.sum() == pytest.approx(1)
        assert self.OFTEN.by_topic.sum(0) == pytest.approx([0.5, 0.5])


class TestContexts:
    WINDOWS = Windows(Often(TINY, LAWS, LENGTH))

    def test_groups_are_alike_in_all_but_topic(self):
        group = dict(zip(WORDS, self.WINDOWS.group, strict=True))
        assert group["mia"] == group["ella"] != group["tom"] == group["max"]
        assert group["ship"] == group["cow"] == group["song"]
        assert len({group[its] for its in ("she", "he", "they", "sails", "sail")}) == 5

    def test_of_two_contexts_one_holds_at_most(self):
        group = self.WINDOWS.group[STORIES.tokens[:200]]
        held = np.zeros(group.shape, int)
        for one in contexts(self.WINDOWS):
            holds = np.ones(group.shape, bool)
            for n, groups in one.conditions:
                before = np.full(group.shape, -1)
                before[:, n:] = group[:, : group.shape[1] - n]
                holds &= np.isin(before, list(groups))
            held += holds
        assert set(held[:, 6:].ravel()) == {0, 1}

    def test_verbs_after_the_second_surname_are_of_two(self):
        surname = self.WINDOWS.group[WORDS.index("fox")]
        mine = [its for its in contexts(self.WINDOWS) if its.conditions[0] == (0, {surname})]
        assert len(mine) == 2
        plural = self.WINDOWS.group[WORDS.index("sail")]
        shares = sorted(float(its.following[plural]) for its in mine)
        assert shares == pytest.approx([0, 1])

    def test_what_comes_after_a_group_is_a_distribution(self):
        found = following_group(self.WINDOWS).sum(1)
        assert found[self.WINDOWS.group] == pytest.approx(np.ones(len(WORDS)))


class TestSteps:
    def test_bigram_says_exactly_how_often_what_comes_after_what(self):
        exact = Often(TINY, LAWS, LENGTH).bigram
        exact = exact / exact.sum(1, keepdims=True)
        found = says(tiny("bigram"), STORIES.tokens[:3]).exp()
        expected = torch.from_numpy(exact[STORIES.tokens[:3]]).float()
        assert_close(found, expected, atol=2e-4, rtol=1e-3)

    def test_conjunctions_say_exactly_what_comes_after_two_groups(self):
        windows = Windows(Often(TINY, LAWS, LENGTH))
        joint = np.einsum(
            "w,wa,wb,wc->abc", windows.weights, windows.back(1), windows.back(0), windows.following
        )
        group = windows.group
        tokens = STORIES.tokens[:20]
        found = says(tiny("conjunctions"), tokens).exp().numpy()
        rows = group[tokens]
        exact = joint[rows[:, :-1], rows[:, 1:]]
        exact /= exact.sum(-1, keepdims=True)
        by_group = found[:, 1:] @ np.eye(windows.n_groups)[group]
        # Groups that make less of a difference than a division must be worth are taken as one.
        assert abs(by_group[:, 8:] - exact[:, 8:]).max() < 0.03

    def test_a_telling_word_makes_its_topic_as_likely_as_it_is(self):
        for laws, share in ((LAWS._replace(drift=0.0), 0.99), (LAWS, 0.75)):
            found = after(tiny("topic", laws), "mia fox sails the ship . mia fox sees the")
            theirs = sum(found[its] for its in ("ship", "wave"))
            others = sum(found[its] for its in ("field", "cow"))
            assert found["song"] == pytest.approx(0.2, abs=0.05)
            assert theirs / (theirs + others) == pytest.approx(share, abs=0.2)

    def test_verbs_agree_with_their_subjects(self):
        its = tiny("agreement")
        one, two = "tom hill sees the cow . mia fox", "tom hill sees the cow . mia fox and ben king"
        found = after(its, one)
        assert found["sails"] + found["ploughs"] + found["sees"] + found["and"] > 0.99
        found = after(its, two)
        assert found["sail"] + found["plough"] + found["see"] > 0.99

    def test_pronouns_stand_for_who_was_last_named(self):
        its = tiny("agreement")
        girl, boy = after(its, "mia fox sees the cow ."), after(its, "tom fox sees the cow .")
        assert girl["she"] > 0.1 > 100 * girl["he"]
        assert boy["he"] > 0.1 > 100 * boy["she"]
        several = after(its, "mia fox and tom hill see the cow .")
        assert several["they"] > 0.1 > 100 * max(several["he"], several["she"])

    def test_who_was_told_comes_again(self):
        text = "mia fox sees the cow . tom hill sees the cow ."
        found = after(tiny("names"), f"{text} {text}")
        assert found["mia"] == pytest.approx(found["tom"], rel=0.01)
        assert found["mia"] > 3 * found["anna"] == pytest.approx(3 * found["ben"], rel=0.01)

    @pytest.mark.parametrize(
        ("text", "may", "may_not"),
        [
            ("mia fox sees the cow . tom hill sees the cow . mia", "fox hill", "king page"),
            ("mia fox sees the cow . tom", "hill king page", "fox"),
        ],
    )
    def test_of_somebody_new_the_surname_is_new(self, text, may, may_not):
        found = after(tiny("known"), text)
        allowed = [found[its] for its in may.split()]
        assert sum(allowed) > 0.99
        assert max(allowed) == pytest.approx(min(allowed), rel=0.05)
        assert max(found[its] for its in may_not.split()) < 1e-3


class TestStories:
    """The grammar of the task itself."""

    SETTINGS = StoriesSettings(name="stories", n_test=4, n_asked=4, n_train=1, n_counted=1)
    TOKENS = told(
        SETTINGS.grammar, SETTINGS.laws, 60, SETTINGS.length, np.random.default_rng(5)
    ).tokens

    def test_each_step_comes_nearer_to_the_best_reader_without_bindings(self):
        grammar, laws, length = self.SETTINGS.grammar, self.SETTINGS.laws, self.SETTINGS.length
        found = [
            float(losses(stories.blueprint(its, grammar, laws, length), self.TOKENS).mean())
            for its in stories.STEPS
        ]
        best = nats(grammar, laws._replace(bound=False), self.TOKENS)[:, 1:].mean()
        assert all(two < one - 0.002 for one, two in pairwise(found)), found
        assert best < found[-1] < best + 0.15

    def test_who_is_named_last_need_not_be_the_subject(self):
        grammar = self.SETTINGS.grammar
        tokens = np.array([grammar.numbers("the friends see the picture near tom fox .")])
        they, he = (grammar.vocabulary.index(its) for its in ("they", "he"))
        odds = []
        for step in ("known", "subjects"):
            its = stories.blueprint(step, grammar, self.SETTINGS.laws, self.SETTINGS.length)
            found = says(its, tokens)[0, -1]
            odds.append(float(found[they] - found[he]))
        assert odds[0] < 0 < 3 < odds[1]

    def test_no_syllable_comes_twice_in_a_song(self):
        its = stories.blueprint(
            "names", self.SETTINGS.grammar, self.SETTINGS.laws, self.SETTINGS.length
        )
        text = "mia fox sings : la dum dee tra"
        tokens = np.array([self.SETTINGS.grammar.numbers(text)])
        found = says(its, tokens)[0, -1].exp()
        sung = self.SETTINGS.grammar.numbers("la dum dee tra")
        assert found[sung].max() < 1e-4
        assert found[self.SETTINGS.grammar.members(Kind.SYLLABLE)].sum() > 0.9


class TestBlueprint:
    def test_parts_do_what_they_say(self):
        """Token 2 raises token 1 if token 0 stands anywhere; and each position raises itself."""
        its = Blueprint(np.zeros((3, 3)), length=4)
        its.at["place"] = np.arange(4.0)
        its.raises["place"] = np.array([0.0, 0.0, 10.0])
        its.raises["both"] = np.array([0.0, 5.0, 0.0])
        all_alike = [Reading(constant=1.0)]
        carried = {"zero": Reading(np.array([1.0, 0.0, 0.0]))}
        its.heads.append(Head("all", all_alike, [Reading()], carried))
        reads = Reading(np.array([0.0, 0.0, 1.0]), {"zero": 2.0}, constant=-1.0)
        its.neurons.append(Neuron("both", reads, {"both": 3.0}))
        model = model_of(its)
        tokens = torch.tensor([[0, 2, 1, 2]])
        stream = model.residual_stream(its.parameters(model), tokens)
        logits = model.unembed(its.parameters(model), stream[-1])[0]
        # Half, then a quarter of what is looked at is token 0; after token 1, nothing is left of ReLU.
        assert_close(logits[:, 2], torch.tensor([0.0, 10.0, 20.0, 30.0]))
        assert_close(logits[:, 1], torch.tensor([15.0, 15.0, 0.0, 7.5]))
        assert its.directions == ["place", "both", "zero"]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"norm": "layer"}, "its norm differs"),
            ({"activation": "gelu"}, "its activation differs"),
            ({"n_layers": 2}, "its n_layers differs"),
            ({"d_mlp": 5}, "its d_mlp is 5"),
        ],
    )
    def test_other_models_are_refused(self, change, said):
        its = tiny("conjunctions")
        settings = Settings.model_validate({**model_of(its).settings.model_dump(), **change})
        with pytest.raises(ValueError, match=said):
            its.parameters(Transformer(settings, len(WORDS), LENGTH))


class TestPipeline:
    TASK = {
        "name": "stories", "n_topics": 2, "length": 32, "n_train": 4, "n_test": 4, "n_asked": 4,
        "n_counted": 4,
    }  # fmt: skip
    MODEL = {
        "name": "transformer", "d_model": 320, "n_heads": 1, "d_mlp": 8, "norm": "none",
        "tied_embeddings": False,
    }  # fmt: skip

    def run(self, root: Path, **changes) -> RunFolder:
        folder = root / "stories/by_hand/seed_3"
        told_ = {
            "model": {**self.MODEL, **changes}, "training": {"steps": 0}, "parent": None,
            "checkpoints": {"schedule": "explicit", "steps": [0]}, "device": "cpu", "threads": 1,
            "handmade": {"name": "stories", "up_to": "bigram", "task": self.TASK},
        }  # fmt: skip
        others = {"parents": [], "sources": [], "code": "none", "run": folder, "runs": [folder]}
        dataset_stage.work(argparse.Namespace(**others, settings={"task": self.TASK}))
        train_stage.work(argparse.Namespace(**others, settings=told_))
        return RunFolder(folder)

    def test_a_run_with_no_training_has_the_weights_made_by_hand(self, tmp_path):
        folder = self.run(tmp_path)
        index = read_checkpoint_index(folder)
        assert index["steps"] == [0]
        assert index["settings"]["handmade"]["up_to"] == "bigram"
        found = read_checkpoint(folder, 0)
        grammar = grammar_of(2)
        n = len(grammar.vocabulary)
        expected = Often(grammar, StoriesSettings(**self.TASK).laws, 32).bigram
        expected = torch.from_numpy(expected / expected.sum(1, keepdims=True)).float()
        assert_close(found["tok_embed.weight"][:, :n], torch.eye(n))
        said = found["head.weight"][:, :n].T.exp()
        assert_close(said, expected, atol=2e-4, rtol=1e-3)

    def test_a_model_that_is_too_small_is_said_in_one_line(self, tmp_path):
        with pytest.raises(StageError, match=r"stories/by_hand/seed_3: .*its d_model is 16"):
            self.run(tmp_path, d_model=16)
