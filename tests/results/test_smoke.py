"""What a smoke run left behind is complete, readable and consistent."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from onset.results import open_run, open_study
from onset.statistics.wording import format_interval
from onset.training.batches import questions_of
from tests.results.conftest import PAPER

pytestmark = pytest.mark.smoke

STUDIES = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))["studies"]
STUDY = yaml.safe_load(Path("config/studies/composition.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study(smoke: Path):
    return open_study("composition", smoke, list(STUDY["conditions"]), [0])


def test_every_run_is_whole_and_describes_itself(study):
    for run in study.runs:
        assert {"task", "model", "training", "measures", "seed"} <= set(run.settings)
        assert run.steps[0] == 0
        assert run.steps[-1] == run.settings["training"]["steps"] == len(run.training_log)
        assert sorted(run.measures["step"].unique()) == run.steps
        assert not run.folder.training_state.exists()


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_said_of_which_kind_every_number_is(smoke, name):
    study = open_study(name, smoke)
    for rows in (study.measures, study.analyses, study.comparisons):
        assert rows.empty or rows["kind"].notna().all()


@pytest.mark.parametrize("name", STUDIES)
def test_ours_stands_beside_every_published_number(smoke, name):
    """A finding that comes out empty loses its row without a word, as it may where it isn't run."""
    study = yaml.safe_load(Path(f"config/studies/{name}.yaml").read_text(encoding="utf-8"))
    # What rows look up themselves may not be there in so small a run. In it no head is of that class, no
    # seed has both latents, no head brings a carry, no neuron is described or found again, circuits are
    # looked for in some of the compiled programs only and in no subspace, and no comparison of diffing has
    # both kinds of training on new facts alone.
    none_here = {
        "inhibition_attention",
        "matryoshka_absorption",
        "below",
        "congruent",
        "universal",
        "acdc_on_reversing",
        "acdc_on_counting",
        "one_direction",
        "forgets_less",
    }
    rows = study.get("reference", {}).items()
    asked = {row["quantity"] for key, row in rows if "ours" not in row and key not in none_here}
    path = smoke / name / "reference.csv"
    found = pd.read_csv(path)["quantity"].tolist() if path.exists() else []
    assert asked <= set(found)


def test_summary_has_every_condition_and_the_promised_columns(study):
    summary = pd.read_csv(study.folder / "summary.csv")
    said_of_each = ["condition", "split", "measure", "kind", "digits"]
    assert list(summary) == [*said_of_each, "n_seeds", "mean", "low", "high"]
    assert {name.split(".")[0] for name in summary["measure"]} <= study.quantities.keys()
    of_runs = [its for its in summary["condition"].unique() if ":" not in its]
    assert of_runs == list(STUDY["conditions"])
    compared = {its for its in summary["condition"] if ":" in its}
    names = study.comparisons[["comparison", "condition"]].drop_duplicates()
    assert compared == {":".join(its) for its in names.itertuples(index=False)}
    assert (summary["n_seeds"] == 1).all()
    assert {"loss", "accuracy", "weight_norm"} <= set(summary["measure"])
    assert summary["mean"].notna().all()


def test_a_condition_with_seeds_of_its_own_has_them_in_its_intervals(smoke: Path):
    summary = pd.read_csv(smoke / "grokking/summary.csv")
    n_seeds = summary[summary["measure"] == "accuracy"].groupby("condition")["n_seeds"].unique()
    assert n_seeds.pop("p59").tolist() == [3]
    assert {int(n) for its in n_seeds for n in its} == {1}


def test_what_surgery_removes_is_missing_from_the_first_checkpoint_to_the_last(smoke: Path):
    run = open_run("induction", "pair_removed", 0, smoke)
    d_head = run.model.settings.d_head
    for step in (run.steps[0], run.steps[-1]):
        parameters = run.parameters(step)
        for layer in (0, 1):
            empty = (parameters[f"layers.{layer}.attn.o.weight"] == 0).all(0)
            assert empty.sum() == d_head
    whole = open_run("induction", "two_layers", 0, smoke).parameters()
    assert not (whole["layers.1.attn.o.weight"] == 0).all(0).any()
    assert run.settings["interventions"][0]["name"] == "removal"


def test_a_stream_is_trained_on_and_not_kept(smoke: Path):
    run = open_run("induction", "two_layers", 0, smoke)
    assert "fresh" in run.settings["training"]["mixture"]
    assert "fresh" not in run.dataset.splits
    assert not run.dataset.streams


def test_a_grid_of_networks_is_one_run(smoke: Path):
    run = open_run("superposition", "two_features", 0, smoke)
    task = run.settings["task"]
    n = len(task["densities"]) * len(task["importances"]) * task["restarts"]
    assert run.parameters()["encode.weight"].shape == (n, 1, 2)
    assert run.dataset.kind == "vectors"
    losses = run.measures[run.measures["measure"] == "loss"]
    assert len(losses) == n * len(run.steps)
    with pytest.raises(ValueError, match="TransformerLens opens transformers"):
        run.bridge()
    with pytest.raises(ValueError, match="is about vectors, which have no names"):
        run.tokens("x0")


def test_models_learn_what_is_trained(study):
    loss = study.measures.query("measure == 'loss' and split == 'atomic'")
    for _, of_run in loss.groupby(["condition", "seed"]):
        assert of_run["value"].iloc[-1] < 0.8 * of_run["value"].iloc[0]


def test_any_checkpoint_opens_in_transformer_lens(study):
    for condition in STUDY["conditions"]:
        run = open_run("composition", condition, 0, study.folder.parent)
        split = run.dataset.splits["oo"]
        for step in (0, run.steps[-1]):
            bridge = run.bridge(step)
            tokens = torch.from_numpy(split.tokens)
            logits, cache = bridge.run_with_cache(tokens)
            states = run.model.residual_stream(run.parameters(step), tokens)
            torch.testing.assert_close(
                cache["blocks.1.hook_resid_post"], states[-1], atol=2e-5, rtol=1e-4
            )
            torch.testing.assert_close(
                logits, run.model.unembed(run.parameters(step), states[-1]), atol=2e-5, rtol=1e-4
            )


def test_a_model_is_asked_by_name(study):
    run = open_run("composition", "shared_per_hop", 0, study.folder.parent)
    split = run.dataset.splits["oo"]
    names = [run.dataset.vocabulary[token] for token in split.tokens[0]]
    tokens = run.tokens(" ".join(names))
    assert tokens.tolist() == split.tokens[:1].tolist()
    said = run.likeliest(run.bridge()(tokens)[0, -1])
    own = run.model.logits(run.parameters(), [questions_of(split)])[0].softmax(-1)
    assert said["probability"][0] == pytest.approx(own.max().item(), rel=1e-4)
    assert said["answer"][0] == run.dataset.vocabulary[own.argmax()]


@pytest.mark.parametrize("name", STUDY["figures"])
def test_a_figure_comes_with_its_data_and_its_origin(study, name: str):
    path = study.folder / "figures" / name
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    data = pd.read_csv(path.with_suffix(".csv"))
    assert len(data)
    assert set(data.get("condition", ())) <= set(STUDY["conditions"])
    origin = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert set(origin["settings"]) == set(STUDY["conditions"])
    of_runs = {f"{name}/seed_0/{kind}.parquet" for name in origin["settings"]
               for kind in ("measures", "analyses")}  # fmt: skip
    assert set(origin["inputs"]) == of_runs | {
        f"comparisons/{its}.parquet" for its in STUDY["comparisons"]
    }
    assert re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]{16}", origin["code"])


def test_figure_and_table_agree_with_the_summary(study):
    summary = pd.read_csv(study.folder / "summary.csv").query("measure == 'accuracy'")
    contrast = pd.read_csv(study.folder / "figures/contrast.csv")
    table = pd.read_csv(study.folder / "tables/accuracy.csv", dtype=str).set_index("condition")
    for row in summary.itertuples():
        if row.split in ("id", "oi", "io", "oo"):
            drawn = contrast.query(f"condition == '{row.condition}' and split == '{row.split}'")
            assert drawn["mean"].item() == pytest.approx(row.mean, abs=1e-5)
            assert table.loc[_label(row.condition), row.split] == format_interval(row)


def _label(condition: str) -> str:
    return STUDY["conditions"][condition]["label"]


def test_training_logs_tell_step_loss_speed_and_time_left(smoke: Path):
    """However short they are: the last step is always told."""
    logs = sorted(smoke.glob("logs/*/*/seed_*/train.log"))
    assert {log.parts[-4] for log in logs} == set(STUDIES)
    for log in logs:
        run = open_run(*log.parts[-4:-2], int(log.parts[-2].removeprefix("seed_")), smoke)
        if not run.settings["training"]["steps"]:
            continue  # a model that is looked at as it comes
        said = r"step (\d+)/\1  loss \d+\.\d+  \d+ steps/s  0:00 left"
        assert re.search(said, log.read_text()), log


def test_the_rendered_notebook_shows_all_conditions_and_figures(smoke: Path):
    text = (smoke / "composition/notebook.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64") == len(STUDY["figures"])
    for condition in STUDY["conditions"].values():
        assert condition["label"] in text


def test_no_notebook_warns(smoke: Path):
    pages = sorted(smoke.glob("*/notebook.html"))
    assert len(pages) == len(STUDIES) + 1  # and the atlas
    for page in pages:
        assert "Warning" not in page.read_text(encoding="utf-8"), page


def test_nothing_is_left_to_do(smoke: Path):
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", "config/smoke.yaml"]
    if not PAPER:
        command += ["--config", "paper=false"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "Nothing to be done" in result.stdout + result.stderr
