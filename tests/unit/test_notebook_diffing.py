"""What the notebook of model diffing makes of tables, and the study's file as it is shipped."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd
import pytest

from onset.comparisons.changes import divergence_by_place
from onset.comparisons.changes.component_swaps import PARTS
from onset.comparisons.changes.steering import DOSES
from onset.comparisons.member import Member
from onset.config import ConfigError, load_project
from onset.config.groups import conditions_of
from onset.config.yaml_file import read_yaml
from onset.diffing import diff
from onset.notebook import (
    diffing,
    diffing_beside_others,
    diffing_knowledge,
    diffing_tools,
    diffing_words,
)
from onset.results import Run
from onset.stages import dataset, train
from onset.workflow.jobs import Jobs
from tests.config_files import CONFIG, Files
from tests.unit.test_comparisons import compared

ROOT = Path(__file__).parents[2]
SEEDS = (0, 1, 2)


def rows(comparison: str, *named: tuple[str, float], **more: object) -> pd.DataFrame:
    """Of each seed: measures, a hundredth more for each seed."""
    found = pd.DataFrame(
        [
            (comparison, "entities", seed, measure, value + seed / 100, "share")
            for measure, value in named
            for seed in SEEDS
        ],
        columns=["comparison", "condition", "seed", "measure", "value", "kind"],
    )
    usual = {"step": None, "layer": None, "head": None, "component": None, "split": None}
    return found.assign(**{"other_condition": None, **usual, **more})


class TestTools:
    COMPARED = pd.concat(
        [
            rows("find_change", ("kl_recall", 0.4), ("kl_flagged", 0.0), step=10),
            rows("find_change", ("kl_recall", 0.9), ("kl_flagged", 0.02), step=300),
            rows("find_change", ("recall_by_chance", 0.1), step=300),
            rows("find_change", ("kl_flagged", 0.01), step=300, condition="nothing_again"),
            rows("crosscoder", ("crosscoder_recall", 0.5), ("exclusive_latents", 3.0)),
        ],
        ignore_index=True,
    )

    def test_judgements_are_taken_apart(self):
        judged = diffing_tools.judgements(self.COMPARED)
        assert set(judged["tool"]) == {"kl", "crosscoder"}
        assert set(judged["what"]) == {"recall", "flagged"}

    def test_recall_at_the_end_beside_chance(self):
        ranked = diffing_tools.ranked(diffing_tools.judgements(self.COMPARED), self.COMPARED)
        means = ranked.set_index("tool")["mean"].to_dict()
        assert means == pytest.approx({"kl": 0.91, "crosscoder": 0.51})
        assert ranked["chance"].tolist() == pytest.approx([0.11, 0.11])

    def test_a_table_of_all_tools(self):
        tools = {"kl": "divergence", "crosscoder": "crosscoder", "pca": "component"}
        table = diffing_tools.league(
            diffing_tools.judgements(self.COMPARED), tools, dict.fromkeys(tools, "states"),
            {"entities": "some entities"}, "nothing_again",
        )  # fmt: skip
        assert table["tool"].tolist() == ["divergence", "crosscoder"]
        first = table.iloc[0]
        assert first["some entities"].startswith("0.91 [")
        assert first["null, flagged"].startswith("0.02 [")
        assert table["null, flagged"].tolist()[1] == ""

    def test_recall_at_each_step_on_the_way(self):
        found = diffing_tools.on_the_way(diffing_tools.judgements(self.COMPARED))
        assert found[["tool", "step"]].to_numpy().tolist() == [["kl", 10], ["kl", 300]]
        assert found["mean"].tolist() == pytest.approx([0.41, 0.91])

    def test_false_alarms_at_the_end(self):
        found = diffing_tools.alarms(diffing_tools.judgements(self.COMPARED))
        means = found.set_index("condition")["mean"].to_dict()
        assert means == pytest.approx({"entities": 0.03, "nothing_again": 0.02})


def test_tokens_that_mean_the_change_at_the_end():
    table = pd.concat(
        [
            rows("find_change", ("tokens_named", value), step=step)
            for step, value in ((5, 0), (9, 1))
        ]
    )
    found = diffing_tools.tokens(table)
    assert found["measure"].tolist() == ["tokens_named"]
    assert found["mean"].tolist() == pytest.approx([1.01])


def test_what_dictionaries_yield_in_one_comparison():
    table = pd.concat(
        [
            rows("crosscoder", ("exclusive_latents", 3.0), ("live_latents", 9.0)),
            rows("another", ("exclusive_latents", 7.0)),
        ]
    )
    found = diffing_tools.of_dictionaries(table, "crosscoder", diffing_words.LATENTS)
    assert found[["measure", "mean"]].to_numpy().tolist() == [["exclusive_latents", 3.01]]


def test_parts_stand_beside_their_nulls():
    mlp = PARTS.index("mlp")
    both = rows("parts", ("into_old", 0.7), ("into_old_shuffled", 0.1), component=mlp, layer=0)
    heads = rows("parts", ("into_old", 0.3), component=PARTS.index("head"), layer=0, head=1)
    found = diffing.parts_alone(pd.concat([both, heads], ignore_index=True))
    assert found["part"].tolist() == ["mlp"]
    assert found["mean"].tolist() == pytest.approx([0.71])
    assert found["null"].tolist() == pytest.approx([0.11])


def test_doses_are_what_their_numbers_stand_for():
    compared = pd.concat(
        [rows("steered", ("means_gives", number / 10), component=number) for number in range(3)],
        ignore_index=True,
    )
    found = diffing_tools.by_dose(compared).sort_values("dose")
    assert found["dose"].tolist() == list(DOSES[:3])
    assert found[["tool", "effect"]].drop_duplicates().to_numpy().tolist() == [["means", "gives"]]


def test_hills_are_named_after_both_models():
    labels = {"entities": "some entities", "nothing": "null"}
    compared = pd.concat(
        [
            rows("siblings", ("barrier", 0.2), other_condition="nothing", split="kept_facts"),
            rows("from_parent", ("barrier", 0.1), other_condition="a/b", split="kept_facts"),
            rows("siblings", ("barrier", 0.9), other_condition="nothing", split="other"),
        ],
        ignore_index=True,
    )
    found = diffing.hills(compared, labels, "kept_facts").set_index("pair")["mean"]
    assert found["some entities and null"] == pytest.approx(0.21)
    assert found["some entities and its parent"] == pytest.approx(0.11)
    assert len(found) == 2


def test_the_last_application_and_what_is_of_no_layer():
    table = pd.DataFrame({"layer": [0, 1, None], "value": [1.0, 2.0, 3.0]})
    assert diffing.last_application(table)["value"].tolist() == [2.0, 3.0]


def test_conditions_that_a_comparison_tells_of():
    table = pd.concat([rows("one", ("kl_recall", 0.1)), rows("two", ("harm", 1.0), condition="b")])
    assert diffing.in_order(["b", "entities"], table, "kl_recall") == ["entities"]


def test_divergence_by_split_and_position():
    table = rows("places", ("divergence", 0.5), split="kept_asked", position=2, step=4)
    found = diffing.by_place(table)
    assert found["place"].tolist() == ["kept_asked 2"]
    assert found["mean"].tolist() == pytest.approx([0.51])


def test_states_of_the_other_model_stand_beside_another_question_s():
    usual = {"split": "changed_asked", "layer": 1, "position": 2}
    table = pd.concat(
        [
            rows("states", ("patched_accuracy", value), step=step, other_step=other, **usual)
            for step, other, value in ((0, 0, 0.0), (0, 9, 0.8), (9, 0, 0.1), (9, 9, 0.9))
        ]
        + [rows("states", ("patched_other_accuracy", 0.2), step=9, other_step=None, **usual)],
        ignore_index=True,
    )
    found = diffing.patched(table, "changed_asked").set_index("given")
    assert found["mean"].to_dict() == pytest.approx({"new": 0.81, "old": 0.11})
    assert found.loc["old", "null"] == pytest.approx(0.21)
    assert found["place"].unique().tolist() == ["1 2"]


def test_what_is_lost_by_one_and_not_by_another():
    table = pd.concat(
        [
            rows("hidden", ("said", said), ("read", read), step=step, split="kept_facts")
            for step, said, read in ((0, 0.9, 0.8), (9, 0.3, 0.7))
        ],
        ignore_index=True,
    )
    assert diffing_knowledge.probed(table)["what"].unique().tolist() == ["facts"]
    assert diffing_beside_others.lost_more(table, "said", "read").tolist() == pytest.approx(
        [0.5] * 3
    )


def test_what_probes_read_at_the_end():
    table = pd.concat(
        [rows("hidden", ("read", 0.2 + step), step=step, split="kept_composed") for step in (0, 9)]
    )
    found = diffing_knowledge.probed_at_end(table)
    assert found[["what", "measure"]].to_numpy().tolist() == [["composed", "read"]]
    assert found["mean"].tolist() == pytest.approx([9.21])


def test_harm_is_foretold_by_what_was_known_before():
    table = pd.concat(
        [
            rows("harm", ("harm_by_margin", 0.4), step=4),
            rows("harm", ("harm_by_margin", 0.1), ("harm", 2.0), step=8),
            rows("unseen", ("harm_by_margin", 0.9), step=4),
        ]
    )
    found = diffing_knowledge.harm_foretold(table)
    assert found["step"].tolist() == [4, 8]
    assert found["mean"].tolist() == pytest.approx([0.41, 0.11])
    first = diffing_knowledge.at_first(table[table["comparison"] == "harm"], ["harm_by_margin"])
    assert first["mean"].tolist() == pytest.approx([0.41])


class TestLearnt:
    """A line from nothing at step 0 to everything at step 10."""

    MEASURES = pd.concat(
        [
            pd.DataFrame(
                {"condition": condition, "seed": 0, "measure": "accuracy", "split": split,
                 "step": [0, 10], "value": [0.0, 1.0]}
            )
            for condition, split in (("entities", "changed_asked"), ("entities", "kept_asked"),
                                     ("scratch", "kept_asked"), ("others", "changed_asked"))
        ],
        ignore_index=True,
    )  # fmt: skip

    def test_what_is_new_to_each(self):
        found = diffing_knowledge.learnt(self.MEASURES, ["entities"], ["scratch"], middle=0.5)
        assert found[0.5]["at"].to_dict() == {("entities", 0): 5.0, ("scratch", 0): 5.0}
        assert found["width"]["at"].tolist() == pytest.approx([6.0, 6.0])

    def test_split_by_split(self):
        splits = ["kept_asked", "changed_asked"]
        found = diffing_knowledge.known_by_split(self.MEASURES, splits, "entities", 0.8)
        assert list(found) == splits
        assert found["kept_asked"]["at"].to_dict() == {("entities", 0): 8.0}


def test_rewiring_stands_beside_chance_and_latents_have_sizes():
    table = pd.concat(
        [
            rows("rewired", ("same_places", 0.6), ("same_places_by_chance", 0.1), layer=1),
            rows("rewired", ("same_places", 0.2), layer=0),
            rows("crosscoder_over_training", ("strength_then", 0.5), step=3),
        ],
        ignore_index=True,
    )
    found = diffing.rewired(table)
    assert found[["mean", "null"]].to_numpy().tolist() == [pytest.approx([0.61, 0.11])]
    sizes = diffing.strengths(table)
    assert sizes[["measure", "step"]].to_numpy().tolist() == [["strength_then", 3]]


def test_what_others_report_has_a_number_of_ours():
    told = diffing_beside_others.beside_others(MEASURED, COMPARED)
    assert tuple(told) == diffing_beside_others.OTHERS
    means = {name: float(getattr(its, "value", its).mean()) for name, its in told.items()}
    assert means == pytest.approx(
        {
            "intruders": 3.0, "intruders_by_rank": 2.0, "learns_less": -0.25, "forgets_less": -0.5,
            "probes_forget_less": 0.5, "stage_wise_more": 0.25, "strangers": 0.75,
            "false_exclusive": 0.5,
        }
    )  # fmt: skip


MEASURED = pd.concat(
    [
        rows("", ("accuracy", value), condition=name, split="changed_asked", step=9)
        for name, value in (("rank_16_alone", 0.5), ("entities_alone", 0.75))
    ]
)
COMPARED = pd.concat(
    [
        *(
            rows("rewired", ("intruders", value), condition=name)
            for name, value in (("rank_1", 4.0), ("new_entities", 1.0), ("rank_16", 2.0))
        ),
        *(
            rows("harm", ("harm", value), condition=name, step=9)
            for name, value in (("rank_16_alone", 0.25), ("entities_alone", 0.75))
        ),
        *(
            rows("hidden", ("said", said), ("read", read), condition="entities_forgetting",
                 step=step, split="kept_facts")
            for step, said, read in ((0, 0.9, 0.8), (9, 0.3, 0.7))
        ),
        rows("stages", ("turned_recall", 0.75), condition="new_backdoor"),
        rows("crosscoder", ("crosscoder_recall", 0.5), condition="new_backdoor"),
        *(
            rows("siblings", ("barrier", value), condition="new_entities", other_condition=other,
                 split="kept_facts")
            for other, value in (("other_parent", 1.0), ("entities_again", 0.25))
        ),
        rows("crosscoder", ("exclusive_latents", 2.0), condition="nothing_again")
        .assign(value=2.0),
        rows("crosscoder", ("live_latents", 4.0), condition="nothing_again").assign(value=4.0),
    ],
    ignore_index=True,
)  # fmt: skip


def test_direct_effects_stand_beside_those_on_others_answers():
    told = [("mlp_for_new", 2.0), ("mlp_by_chance", 0.5), ("attention_for_new", 1.0)]
    table = pd.concat(
        [rows("effects", *told, layer=1), rows("effects", ("mlp_for_new", 9.0), layer=0)],
        ignore_index=True,
    )
    found = diffing.written(table).set_index("measure")
    assert found.loc["mlp_for_new", "mean"] == pytest.approx(2.01)
    assert found.loc["mlp_for_new", "null"] == pytest.approx(0.51)


@pytest.fixture(scope="module", params=[{}, {"smoke": True, "results": "results/smoke"}], ids=str)
def project(request):
    told = read_yaml(ROOT / "config/config.yaml")
    return load_project({**told, "studies": ["finetuning", "diffing"], **request.param}, ROOT)


class TestStudy:
    """Not in the list of those that are run, so that no other test loads it."""

    def test_world_one_is_what_its_parents_were_taught(self, project):
        first = project.condition("finetuning", "stage_one").task
        for condition in project.studies["diffing"].conditions.values():
            assert condition.task.world_one == first

    def test_every_change_is_there_and_a_null_of_it(self, project):
        conditions = project.studies["diffing"].conditions
        changes = [its.task.change for its in conditions.values()]
        assert {*changes} == {"nothing", "entities", "relation", "added", "backdoor", "everything"}
        assert changes.count("nothing") == 3  # two nulls, and world one from scratch

    def test_adapters_begin_with_what_the_parent_was_trained_to(self, project):
        ranks = {}
        for name in ("rank_1", "rank_4", "rank_16", "rank_16_alone"):
            its = project.condition("diffing", name)
            (graft,) = its.interventions
            assert (graft.source.study, graft.source.condition) == ("finetuning", "stage_one")
            assert its.model.plain == project.condition("finetuning", "stage_one").model
            ranks[name] = its.model.adapter.rank
        assert ranks == {"rank_1": 1, "rank_4": 4, "rank_16": 16, "rank_16_alone": 16}

    def test_a_new_change_is_taken_in_by_whatever_all_changes_are(self, project):
        """Its name is all that it needs: no comparison has to be told."""
        if project.settings.smoke:
            pytest.skip("a smoke run looks at some of the changes only")
        study = project.studies["diffing"]
        for its in study.comparisons.values():
            planted = [name for name in conditions_of(study, its) if name.startswith("new_")]
            assert not planted or "new_*" in its.conditions or its.name == "barrier"

    def test_a_run_with_adapters_starts_from_none_without(self):
        told = read_yaml(ROOT / "config/config.yaml")
        model = {"name": "adapted", "n_loops": 2, "readout": "per_hop", "adapter": {"rank": 1}}
        parent = {"study": "finetuning", "condition": "stage_one"}
        told_of_it = {
            "label": "direct",
            "model": model,
            "parent": parent,
            "task": {"change": "entities"},
        }
        adds = {"diffing": {"adds": {"conditions": {"direct": told_of_it}}}}
        config = {**told, "studies": ["finetuning", "diffing"], "overrides": adds}
        with pytest.raises(ConfigError, match="must have the same settings as that of its parent"):
            load_project(config, ROOT)


@pytest.mark.filterwarnings("ignore")
def test_a_pretrained_model_and_its_checkpoints_by_config_alone(tmp_path):
    """The study of a real model, with smoke's tiny one in its place; nothing but the config is told."""
    files = Files.copied(tmp_path / "project")
    files.make_smoke()
    files.set(CONFIG, "studies", ["smollm_facts"])
    places = {"name": "divergence_by_place", "conditions": ["facts"], "checkpoints": 3}
    files.set("config/studies/smollm_facts.yaml", "comparisons", {"places": places})
    project = files.load()
    assert Jobs(project).comparisons.groups_in("smollm_facts", "places")
    its = project.studies["smollm_facts"].conditions["facts"]
    run = Run(tmp_path / "results/smollm_facts/facts/seed_0")
    given = {"run": run.path, "runs": [run.path], "parents": [], "sources": [], "code": "none"}
    for stage, job in ((dataset, its.dataset_job), (train, its.train_job)):
        stage.work(argparse.Namespace(**given, settings=json.loads(job)))
    rows = compared(divergence_by_place, [Member(run.folder, "facts", 3)])
    last = max(its.step for its in rows)
    assert {its.step for its in rows} == {*run.steps} - {0}
    assert max(its.found.value for its in rows if its.step == last) > 0
    assert diff(run, run, from_step=0).sequences["divergence"].max() > 0
