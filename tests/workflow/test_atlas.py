"""The atlas follows the config: a condition or a study more brings its heads, and nothing else is asked."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from onset.collections.atlas.reading import open_atlas

pytestmark = pytest.mark.slow


def test_a_new_condition_adds_its_heads_and_changes_no_others(finished):
    results = finished.root / "results"
    before = open_atlas(results).heads
    assert before["condition"].unique().tolist() == ["plain", "fast", "child"]
    assert len(before) == 3 * 2 * 2  # conditions, block applications, heads
    # A child begins where its parent ended: no control.
    assert set(open_atlas(results).untrained["condition"]) == {"plain", "fast"}

    finished.set(finished.study, "conditions.wide", {"model": {"n_heads": 4}})
    done = finished.snakemake("--cores", "1", "results/atlas/heads.parquet")
    assert done.returncode == 0, done.stdout + done.stderr
    after = open_atlas(results).heads
    assert len(after.query("condition == 'wide'")) == 2 * 4
    pd.testing.assert_frame_equal(
        after.query("condition != 'wide'").reset_index(drop=True), before, check_exact=True
    )


def test_a_new_study_brings_its_own_heads_and_asks_no_other_model(finished):
    for folder, suffix in (("config/studies", "yaml"), ("workflow/notebooks", "py")):
        path = finished.root / folder
        shutil.copy2(path / f"tiny.{suffix}", path / f"other.{suffix}")
    finished.set(finished.config, "studies", ["tiny", "other"])
    planned = finished.plan()
    assert {"collect_atlas other", "combine_atlas", "notebook_atlas", "pages_atlas"} <= set(planned)
    assert not [job for job in planned if "tiny" in job]


def test_heads_of_another_study_are_refused(finished):
    parts = finished.root / "results/atlas/studies"
    shutil.copy2(parts / "tiny.parquet", parts / "other.parquet")
    settings = '{"collection":"atlas","makes":["heads"],"studies":[{"name":"other"}]}'
    command = ("-m", "onset.stages.combine", "results/atlas", "--settings", settings)
    done = finished.python(*command)
    assert done.returncode == 1
    assert "belongs to tiny, not to other" in done.stderr
    assert "Traceback" not in done.stderr


def test_code_that_cannot_be_read_is_told_in_a_line(fresh):
    fresh.edit("src/onset/collections/atlas/kinds.py", lambda text: text + "\nx = (\n")
    done = fresh.snakemake("-n")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "config/collections/atlas.yaml: code that it uses can't be read:" in said
    assert "'(' was never closed" in said
    assert "notebook_source.py" not in said
