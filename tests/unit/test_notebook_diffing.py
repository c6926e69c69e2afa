"""What the notebook of model diffing makes of tables, and the study's file as it is shipped."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from onset.comparisons.changes.component_swaps import PARTS
from onset.comparisons.changes.steering import DOSES
from onset.config import ConfigError, load_project
from onset.config.yaml_file import read_yaml
from onset.notebook import diffing

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
        judged = diffing.judgements(self.COMPARED)
        assert set(judged["tool"]) == {"kl", "crosscoder"}
        assert set(judged["what"]) == {"recall", "flagged"}

    def test_recall_at_the_end_beside_chance(self):
        ranked = diffing.ranked(diffing.judgements(self.COMPARED), self.COMPARED)
        means = ranked.set_index("tool")["mean"].to_dict()
        assert means == pytest.approx({"kl": 0.91, "crosscoder": 0.51})
        assert ranked["chance"].tolist() == pytest.approx([0.11, 0.11])

    def test_a_table_of_all_tools(self):
        tools = {"kl": "divergence", "crosscoder": "crosscoder", "pca": "component"}
        table = diffing.league(
            diffing.judgements(self.COMPARED), tools, dict.fromkeys(tools, "states"), "entities",
            "nothing_again",
        )  # fmt: skip
        assert table["tool"].tolist() == ["divergence", "crosscoder"]
        first = table.iloc[0]
        assert first["among the k first"].startswith("0.91 [")
        assert first["null, flagged"].startswith("0.02 [")
        assert table["null, flagged"].tolist()[1] == ""


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
    found = diffing.by_dose(compared).sort_values("dose")
    assert found["dose"].tolist() == list(DOSES[:3])
    assert found["curve"].unique().tolist() == ["means gives"]


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
        assert changes.count("nothing") == 2

    def test_adapters_begin_with_what_the_parent_was_trained_to(self, project):
        ranks = {}
        for name in ("rank_1", "rank_4", "rank_16"):
            its = project.condition("diffing", name)
            (graft,) = its.interventions
            assert (graft.source.study, graft.source.condition) == ("finetuning", "stage_one")
            assert its.model.plain == project.condition("finetuning", "stage_one").model
            ranks[name] = its.model.adapter.rank
        assert ranks == {"rank_1": 1, "rank_4": 4, "rank_16": 16}

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
