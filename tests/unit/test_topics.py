"""What is said of topics in a model, of models in which it is known: they were made by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.residual import composing_neurons, topic_by_slot, topic_steering, topics
from onset.collections.neurons.activity import Opened
from onset.collections.neurons.shown import Names, groups_of, places_of
from onset.handmade.language.stories import blueprint
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.notebook.story_loss import parts_kept
from onset.notebook.story_neurons import BOTH, SLOT, TOKEN, TOPIC, described_by
from onset.tasks.language import stories
from tests.handmade import model_of

TASK = stories.Settings(
    name="stories", n_topics=3, length=64, n_train=4, n_test=60, n_asked=4, n_counted=10
)
WORLD = stories.generate(TASK, 0)
BY_HAND = blueprint("topic", TASK.grammar, TASK.laws, TASK.length)
MODEL = model_of(BY_HAND)
OWN = BY_HAND.parameters(MODEL)
UNTRAINED = build(
    Settings(name="transformer", d_model=16, n_heads=2, d_mlp=24), WORLD.n_tokens, WORLD.length
)


def found(analysis, model, parameters) -> dict[str, float]:
    with torch.inference_mode():
        its = list(analysis.analyse(model, parameters, WORLD, seed=0))
    assert {one.measure for one in its} <= set(analysis.QUANTITIES)
    return {one.measure: one.value for one in its}


def test_words_of_one_topic_alone():
    its = topics.told(WORLD)
    slot, topic = (WORLD.names[fact] for fact in ("slot", "topic"))
    words = {
        WORLD.vocabulary[token]
        for token in np.flatnonzero(its.words[slot.index("room"), topic.index("eating")])
    }
    assert words <= {"kitchen", "bakery"}
    assert words
    assert not its.words[slot.index("surname")].any()
    assert slot.index("object") in its.content


def test_what_attention_moves():
    tokens = torch.from_numpy(WORLD.splits["test"].tokens[:4])
    stream = MODEL.residual_stream(OWN, tokens)
    moved = topics.moved(MODEL, OWN, WORLD.splits["test"].tokens[:4])
    mlps = topics.by_mlps(MODEL, OWN, WORLD.splits["test"].tokens[:4])
    torch.testing.assert_close(stream[0] + moved + mlps[0], stream[1], atol=1e-4, rtol=1e-4)
    # It writes to the directions that its heads carry to, and to no token's own.
    assert not moved[..., : WORLD.n_tokens].any()
    assert moved.any()


class TestComposing:
    def test_a_model_that_adds_topic_and_slot(self):
        its = found(topic_by_slot, MODEL, OWN)
        assert its["topic_in_slot"] > 0.5
        assert its["topic_elsewhere"] == pytest.approx(its["topic_in_slot"], rel=0.5)
        assert its["added"] > 0.5
        # Its neurons are all that writes topics.
        assert its["topic_in_slot_by_mlps"] == pytest.approx(its["topic_in_slot"], rel=0.5)
        assert abs(its["topic_in_slot_shuffled"]) < its["topic_in_slot"] / 2
        assert its["slot_alone"] > 2

    def test_a_model_that_knows_neither(self):
        its = found(topic_by_slot, UNTRAINED, UNTRAINED.initial_parameters(0))
        assert abs(its["topic_in_slot"]) < 0.2
        assert abs(its["slot_alone"]) < 0.2


class TestComposingNeurons:
    def test_a_model_that_adds_has_no_interaction(self):
        its = found(composing_neurons, MODEL, OWN)
        raised = found(topic_by_slot, MODEL, OWN)["topic_in_slot_by_mlps"]
        assert abs(its["interaction"]) < raised / 2
        assert abs(its["interaction_shuffled"]) < raised / 2

    def test_a_neuron_that_multiplies_is_found(self):
        """One neuron, active where one topic and one slot come together, that writes a word of both."""
        told = topics.told(WORLD)
        slot, topic = (
            WORLD.names["slot"].index("object"),
            int(told.words.any(2)[:, :].sum(0).argmax()),
        )
        values = np.random.Generator(np.random.Philox(0)).random((told.topic.size, 4)) / 100
        values[:, 2] += ((told.topic == topic) & (told.slot == slot)).ravel()
        written = np.zeros((WORLD.n_tokens, 4))
        written[told.words[slot, topic], 2] = 3.0
        parts = composing_neurons._parts(values, written, told, told.topic)
        n = sum(told.words[s, t].any() for s in told.content for t in range(3))
        # Less where one of its words comes in another slot, too.
        assert 1.5 / n < parts.whole < 3.1 / n
        assert parts.n_for_half <= 1

    def test_its_parts_are_what_mlps_write(self):
        """The sum over neurons is the difference that `topic_by_slot` finds in the logits."""
        its, whole = (found(one, MODEL, OWN) for one in (composing_neurons, topic_by_slot))
        by_mlps = whole["topic_in_slot_by_mlps"] - whole["topic_elsewhere_by_mlps"]
        assert its["interaction"] == pytest.approx(by_mlps, abs=0.05)


class TestSteering:
    def test_a_model_that_uses_what_attention_says(self):
        its = found(topic_steering, MODEL, OWN)
        assert its["other_topic_said"] < 0.4 < its["other_topic_steered"]
        assert its["other_topic_random"] < its["other_topic_steered"]
        assert its["topic_readable"] > its["topic_readable_shuffled"] + 0.2
        assert its["slot_steered"] == pytest.approx(its["slot_said"], abs=0.2)

    def test_a_model_that_knows_no_topic(self):
        its = found(topic_steering, UNTRAINED, UNTRAINED.initial_parameters(0))
        assert its["other_topic_steered"] == pytest.approx(its["other_topic_said"], abs=0.1)


@pytest.mark.parametrize(
    ("kind", "described"),
    [
        ("topic", TOPIC), ("next topic", TOPIC), ("next slot", SLOT), ("slot × next rule", SLOT),
        ("next topic × next slot", BOTH), ("token", TOKEN), ("1 before × next topic", TOKEN),
        ("none", "none"), ("silent", "silent"),
    ],
)  # fmt: skip
def test_what_neurons_are_described_by(kind, described):
    assert described_by(kind) == described


def test_all_neurons_bring_the_whole_loss_back():
    split, order = WORLD.splits["test"], np.arange(MODEL.settings.d_mlp)
    groups = groups_of(MODEL, "test", split, np.arange(8))
    opened = Opened.of(MODEL, OWN, places_of(groups, Names.of(WORLD)))
    rows = list(parts_kept(opened, {"cost": order}, [0, len(order)]))
    assert [row["value"] for row in rows] == pytest.approx([0, 1], abs=1e-4)
