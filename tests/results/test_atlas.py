"""The atlas of a smoke run has every head of every model, and says of each what the model itself says."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from onset.collections.atlas.kinds import KINDS
from onset.collections.atlas.look import MOST_QUESTIONS
from onset.collections.atlas.reading import Atlas, open_atlas
from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.results import open_run

pytestmark = pytest.mark.smoke

RUN = ["study", "condition", "seed"]
HEAD = [*RUN, "layer", "head"]
CONFIG = {**read_yaml(Path("config/config.yaml")), **read_yaml(Path("config/smoke.yaml"))}


@pytest.fixture(scope="module")
def atlas(smoke: Path) -> Atlas:
    return open_atlas(smoke)


PROJECT = load_project(CONFIG, Path())
WITH_HEADS = [
    name
    for name, study in PROJECT.studies.items()
    if any(hasattr(its.model, "n_heads") for its in study.conditions.values())
]
"""studies of which some models have attention heads"""


def heads_by_config() -> set[tuple]:
    """Each head of each run that the config asks for, but for conditions that are one model many times."""
    found = set()
    for study in PROJECT.studies.values():
        for name, its in study.gathered.items():
            model = its.model
            if not hasattr(model, "n_heads"):
                continue
            found |= {
                (study.name, name, seed, layer, head)
                for seed in PROJECT.runs(study.name)[name]
                for layer in range(model.n_applications)
                for head in range(model.n_heads)
            }
    return found


def test_every_head_of_every_model_is_there_once(atlas):
    found = list(atlas.heads[HEAD].itertuples(index=False, name=None))
    assert len(found) == len(set(found))
    assert set(found) == heads_by_config()


def test_studies_stand_in_the_order_of_the_config(atlas):
    assert atlas.heads["study"].unique().tolist() == WITH_HEADS
    assert 0 < len(WITH_HEADS) < len(PROJECT.studies)


def test_each_has_a_kind_and_scores_that_are_shares(atlas):
    for table in (atlas.heads, atlas.untrained):
        assert set(table["kind"]) <= set(KINDS)
        assert table["attention_entropy"].notna().all()
        shares = table.filter(regex="(token|induction)_(score|chance)$")
        assert shares.min().min() >= 0
        assert shares.max().max() <= 1 + 1e-5
        assert table["copying_score"].abs().max() <= 1 + 1e-5


def test_models_too_short_for_a_score_have_none(atlas):
    assert atlas.look_up(study="alias")["duplicate_token_score"].isna().all()  # two tokens
    assert atlas.look_up(study="composition")["duplicate_token_score"].notna().all()  # three
    assert atlas.look_up(study="composition")["induction_score"].isna().all()
    assert atlas.look_up(study="chains")["induction_score"].notna().all()  # five


def test_the_control_is_of_models_before_any_training(atlas):
    assert (atlas.untrained["step"] == 0).all()
    assert (atlas.heads["step"] > 0).all()
    runs = {table[RUN].drop_duplicates().shape[0] for table in (atlas.heads, atlas.untrained)}
    assert len(runs) == 2  # those with parents begin with trained parameters
    assert "replay" not in set(atlas.untrained.query("study == 'finetuning'")["condition"])


def test_ablations_say_of_every_split_what_is_held_out(atlas, smoke: Path):
    run = open_run("composition", "shared_per_hop", 0, smoke)
    its = atlas.ablations.query("study == 'composition' and condition == 'shared_per_hop'")
    expected = {name for name in run.dataset.splits if not name.endswith("_validation")}
    assert set(its["split"]) == expected
    trained = set(its[~its["held_out"].astype(bool)]["split"])
    assert trained == set(run.settings["training"]["mixture"])
    # One hop is answered after one application: no head of the second is asked.
    assert set(its[its["split"] == "atomic"]["layer"]) == {0}
    assert set(its[its["split"] == "oo"]["layer"]) == {0, 1}


def test_with_all_heads_it_is_the_model_itself(atlas, smoke: Path):
    run = open_run("grokking", "p59", 0, smoke)
    split = run.dataset.splits["test"]
    assert len(split) <= MOST_QUESTIONS
    logits = run.bridge()(torch.from_numpy(split.tokens))[:, -1]
    loss = F.cross_entropy(logits, torch.from_numpy(split.targets[:, 0])).item()
    its = atlas.ablations.query(
        "study == 'grokking' and condition == 'p59' and seed == 0 and split == 'test'"
    )
    assert its["loss"].tolist() == pytest.approx([loss] * len(its), rel=1e-4)


def test_needed_is_what_the_worst_split_loses(atlas):
    lost = (atlas.ablations["accuracy"] - atlas.ablations["accuracy_without"]).clip(lower=0)
    worst = atlas.ablations.assign(lost=lost).groupby(HEAD)["lost"].max()
    found = atlas.heads.set_index(HEAD)["needed"]
    pd.testing.assert_series_equal(found.sort_index(), worst.sort_index(), check_names=False)


def test_looking_up_what_is_not_there_says_what_is(atlas):
    with pytest.raises(ValueError, match=r"no head with study 'compositon'; there are: \['comp"):
        atlas.look_up(study="compositon")


def test_the_mosaic_shows_every_head_and_says_where_it_is_from(atlas):
    data = pd.read_csv(atlas.folder / "figures/mosaic.csv")
    assert len(data) == len(atlas.heads)
    assert not data.duplicated([*RUN, "layer", "place"]).any()
    origin = json.loads((atlas.folder / "figures/mosaic.json").read_text(encoding="utf-8"))
    assert list(origin["inputs"]) == [f"{name}.parquet" for name in atlas.tables]


def test_the_notebook_lists_every_head(atlas):
    text = (atlas.folder / "notebook.html").read_text(encoding="utf-8")
    assert text.count("<details>") == len(WITH_HEADS)
    assert text.count("data:image/png;base64") == 1
