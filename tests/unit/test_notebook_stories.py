"""What the notebook of stories makes of tables: slots, twins, paths, pairs of models, and nulls."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from onset.measures.answers import prediction
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.notebook import stories
from onset.notebook.story_fits import beside_nulls
from onset.notebook.story_loss import borne_by_clean, carried, parts_of
from onset.notebook.story_neurons import SLOT, TOKEN, TOPIC, StoryNeurons
from onset.notebook.story_slots import SlotParts
from onset.notebook.story_tokens import tokens_left
from onset.notebook.study import NotebookStudy
from onset.runs.run import Run
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds
from onset.tasks.language import stories as stories_task

SEEDS = (0, 1)
SMALL = Settings(name="transformer", d_model=16, n_heads=2, d_mlp=8, tied_embeddings=False)
STUDY = NotebookStudy(Path(), ("one_layer", "narrow"), SEEDS, "of a test")


def rows(kind: str = "nats", **columns: object) -> pd.DataFrame:
    """Of each seed, `value` and a tenth more for each seed."""
    of_seeds = [pd.DataFrame(columns).assign(seed=seed, kind=kind) for seed in SEEDS]
    found = pd.concat(of_seeds, ignore_index=True)
    return found.assign(value=found["value"] + found["seed"] / 10)


class TestSlots:
    SLOTS = ("name", "verb", "song")

    @pytest.fixture
    def parts(self) -> SlotParts:
        final = rows(
            measure=["slot_part"] * 6, split="test", component=[0, 1, 2] * 2,
            condition=["narrow"] * 3 + ["one_layer"] * 3, value=[0.5, 0.1, 0.3, 0.2, 0.05, 0.4],
        )  # fmt: skip
        other = final.assign(split="train", value=9.0)
        dataset = SimpleNamespace(names={"slot": self.SLOTS})
        study = NotebookStudy(Path(), ("one_layer", "narrow"), SEEDS)
        study.__dict__.update(
            final=pd.concat([final, other, final.assign(measure="slot_loss")]),
            first={"narrow": SimpleNamespace(dataset=dataset)},
        )
        return SlotParts(study, ["narrow", "one_layer"])

    def test_they_are_thousandths_by_the_name_of_the_slot(self, parts):
        means = parts.means
        assert list(means) == ["narrow", "one_layer"]
        assert means.loc["song"].tolist() == pytest.approx([350, 450])
        assert means.loc["name"].tolist() == pytest.approx([550, 250])

    def test_where_most_is_lost_and_what_is_given_up(self, parts):
        assert parts.largest(2) == ["name", "song"]
        assert parts.first_behind(2) == ["name", "verb"]  # of song, the first one knows more

    def test_only_these_slots_are_drawn(self, parts, monkeypatch):
        drawn = []
        monkeypatch.setattr(
            NotebookStudy, "rows_figure", lambda _, *told, **how: drawn.append((told, how))
        )
        parts.slots_figure("given_up", ["song"])
        (((name, shown, titles, _), how),) = drawn
        assert (name, titles, how["of"]) == ("given_up", ["song"], ["narrow", "one_layer"])
        assert set(shown["slot"]) == {"song"}


class TestTokens:
    def test_they_add_up_to_the_whole_and_the_most_different_come_first(self):
        task = stories_task.Settings(
            name="stories", n_topics=2, length=32, n_test=4, n_asked=4, n_counted=20
        )
        dataset = stories_task.generate(task, 0)
        model = build(SMALL, dataset.n_tokens, dataset.length)
        ran = {
            name: SimpleNamespace(
                condition=name, seed=0, dataset=dataset, model=model,
                parameters=partial(model.initial_parameters, seed),
            )
            for seed, name in enumerate(("one_layer", "narrow"))
        }  # fmt: skip
        study = NotebookStudy(Path(), ("one_layer", "narrow"), (0,))
        study.__dict__["runs_of"] = lambda names: [ran[name] for name in names]
        found = tokens_left(study, ["one_layer", "narrow"], 1000)
        assert list(found) == ["one_layer", "narrow"]
        apart = (found["one_layer"] - found["narrow"]).abs()
        assert apart.is_monotonic_decreasing
        assert set(found.index) == set(dataset.vocabulary)
        split = dataset.splits["test"]
        alone = replace(dataset, splits={"test": split})
        (loss,) = [
            its.value
            for its in prediction.measure(model, model.initial_parameters(0), alone)
            if its.measure == "loss"
        ]
        beyond = loss - split.truth_of_next("unbound").mean()
        assert found["one_layer"].sum() == pytest.approx(1000 * beyond, rel=1e-4)


def test_a_story_and_its_twin_count_as_one():
    final = rows(
        "share", measure="above_rival", condition="one_layer",
        split=["song", "song_swapped", "surname", "surname_swapped", "test"],
        value=[0.8, 0.2, 0.4, 0.4, 0.0],
    )  # fmt: skip
    found = stories.above_rival(final, ["song", "surname"]).set_index("rule")["mean"]
    assert found.to_dict() == pytest.approx({"song": 0.55, "surname": 0.45})


def test_paths_are_taken_apart_and_stand_beside_their_null():
    patched = rows(
        condition="two_layers", value=[2.0, 0.1, 1.5, 0.3],
        measure=[
            "composed_lead", "heads_to_key_paths_lost", "mlps_to_key_paths_lost", "random_paths_lost",
        ],
    )  # fmt: skip
    found = stories.paths_lost(STUDY, patched)
    assert found[["writes", "reads"]].to_numpy().tolist() == [["heads", "key"], ["mlps", "key"]]
    assert found["mean"].tolist() == pytest.approx([0.15, 1.55])
    assert found["lead"].tolist() == pytest.approx([2.05] * 2)
    assert found["random"].tolist() == pytest.approx([0.35] * 2)
    assert set(found["writes"]) <= set(stories.FROM)
    assert set(found["reads"]) <= set(stories.TO)


def test_topics_stand_beside_shuffled_ones():
    measures = [*stories.COMPOSING, *stories.STEERED]
    looked = rows(measure=measures, condition="one_layer", value=np.arange(len(measures)) / 10)
    shuffled = rows(
        measure=["topic_in_slot_shuffled", "topic_readable_shuffled"], condition="one_layer",
        value=[0.01, 0.02],
    )  # fmt: skip
    both = pd.concat([looked, shuffled])
    raised = stories.composing(STUDY, both)
    assert list(raised["measure"]) == list(stories.COMPOSING)
    assert raised["shuffled"].tolist() == pytest.approx([0.06] * 4)
    steered = stories.steered(STUDY, both).set_index("measure")
    assert list(steered.index) == list(stories.STEERED)
    assert steered.loc["topic_readable", "shuffled"] == pytest.approx(0.07)
    assert steered["shuffled"].notna().sum() == 1


def test_pairs_of_models_by_layer():
    compared = pd.DataFrame(
        [
            ("in_one_layer", "two_layers", "one_layer", seed, measure, layer, value)
            for seed in SEEDS
            for measure, layer, value in (
                ("found_again", 1, 0.4), ("found_again", 2, 0.2), ("found_in_untrained", 1, 0.1),
                ("found_in_untrained", 2, 0.1), ("found_in_random", 1, 0.3), ("found_in_random", 2, 0.0),
            )
        ],
        columns=[
            "comparison", "condition", "other_condition", "seed", "measure", "layer", "value",
        ],
    ).assign(other_seed=lambda its: 1 - its["seed"])  # fmt: skip
    for column in ("step", "other_step", "split", "head", "position", "component", "n_examples"):
        compared[column] = np.nan
    found = stories.found_again(compared)
    matches = stories.matches(STUDY, found).set_index("pair")
    assert set(matches.index) <= set(stories.COMPARED)
    first, second = (f"in_one_layer:two_layers:one_layer:{layer}" for layer in (1, 2))
    assert matches.loc[first, ["mean", "untrained", "random"]].tolist() == pytest.approx(
        [0.4, 0.1, 0.3]
    )
    assert matches.loc[second, ["mean", "untrained", "random"]].tolist() == pytest.approx(
        [0.2, 0.1, 0]
    )


def test_readers_lose_what_the_text_says():
    split = SimpleNamespace(
        truth_of_next=lambda order: np.array({"unigram": [4.0, 6.0], "bigram": [2.0, 3.0]}[order])
    )
    runs = [Run(Path(f"seed_{seed}")) for seed in SEEDS]
    for run in runs:
        run.__dict__["dataset"] = SimpleNamespace(splits={"test": split})
    found = stories.readers(runs, ["unigram", "bigram"]).set_index("reader")["mean"]
    assert found.to_dict() == {"unigram": 5.0, "bigram": 2.5}


class TestNeurons:
    @pytest.fixture
    def library(self) -> StoryNeurons:
        """Four neurons of each seed, and two of a null, that have been looked through already."""
        its = StoryNeurons(STUDY, ("one_layer",))
        of_one = pd.DataFrame(
            {
                "condition": "one_layer", "described": [TOPIC, SLOT, SLOT, "none"],
                "congruence": [1.0, 2.0, 4.0, np.nan], "congruence_null": [0.1, 0.0, 0.4, np.nan],
                "formed": [10.0, 20.0, 40.0, np.nan], "loss_formed": 20.0,
            }
        )  # fmt: skip
        null = pd.DataFrame({"condition": "one_layer", "described": [TOKEN, "none"]})
        of_seeds = [(of_one.assign(seed=seed), null.assign(seed=seed)) for seed in SEEDS]
        its.__dict__["neurons"] = pd.concat([one for one, _ in of_seeds], ignore_index=True)
        nulls = pd.concat([its for _, its in of_seeds], ignore_index=True)
        its.__dict__["nulls"] = pd.concat(
            [nulls.assign(null=name) for name in ("untrained", "random", "shuffled")]
        )
        return its

    def test_shares_stand_beside_those_of_nulls(self, library):
        found = library.shares_beside_nulls().set_index("described")
        assert found.loc[SLOT, ["mean", "untrained", "random"]].tolist() == [0.5, 0, 0]
        assert found.loc[TOKEN, ["mean", "random", "shuffled"]].tolist() == [0, 0.5, 0.5]

    def test_any_description(self, library):
        found = library.described("one_layer").set_index("condition")
        assert found["mean"].to_dict() == {"one_layer": 0.75, "random": 0.5}
        # Intervals are of as many neurons as the shares are of.
        of_tokens = where(library.shares_of_nulls, null="random", described=TOKEN)
        (alone,) = over_seeds(of_tokens, ["condition"])[["low", "high"]].to_numpy().tolist()
        assert found.loc["random", ["low", "high"]].tolist() == alone

    def test_what_they_write_beside_what_others_write(self, library):
        found = library.congruence().set_index("described")
        assert found.loc[SLOT, ["mean", "another"]].tolist() == pytest.approx([3, 0.2])
        assert set(found.index) == {TOPIC, SLOT}

    def test_formed_with_the_loss_or_later(self, library):
        found = library.formed().set_index("described")["mean"]
        assert found.to_dict() == pytest.approx({TOPIC: 0.5, SLOT: 1.5})


class TestLoss:
    BORNE = pd.DataFrame(
        {
            "condition": "one_layer", "seed": np.repeat(SEEDS, 3), "kind": "share",
            "described": [TOPIC, SLOT, "none: slot"] * 2,
            "value": [0.1, 0.2, 0.7] * 2, "number": [0.3, 0.3, 0.4] * 2,
        }
    )  # fmt: skip

    def test_cost_stands_beside_number(self):
        found = carried(STUDY, self.BORNE).set_index("described")
        assert found.loc["none: slot", ["mean", "number"]].tolist() == pytest.approx([0.7, 0.4])

    def test_all_clean_ones_together(self):
        found = borne_by_clean(self.BORNE).set_index("what")["mean"]
        assert found.to_dict() == pytest.approx({"cost": 0.3, "number": 0.6})
        assert borne_by_clean(where(self.BORNE, described="none: slot")).empty

    def test_how_many_are_kept(self):
        assert parts_of(256) == [32, 64, 128, 256]
        assert parts_of(6) == [1, 3, 6]


def test_fits_stand_beside_those_of_nulls():
    fitted = rows(
        "share", condition="one_layer", described=SLOT, measure="fitting",
        source=["trained", "random", "untrained"], value=[0.6, 0.2, 0.1],
    )  # fmt: skip
    (found,) = beside_nulls(STUDY, fitted).to_dict("records")
    assert [found[its] for its in ("mean", "random", "untrained")] == pytest.approx(
        [0.65, 0.25, 0.15]
    )
