"""What the config no longer asks for is listed, with its size, and left where it is."""

import re

import pytest

pytestmark = pytest.mark.slow


def listed(project, *arguments: str) -> dict[str, float]:
    """What is listed, with its megabytes."""
    before = sorted((project.root / "results").rglob("*"))
    done = project.python("-m", "onset.workflow.commands.orphans", *arguments)
    assert done.returncode == 0, done.stderr
    assert sorted((project.root / "results").rglob("*")) == before
    found = {
        folder: float(size) for size, folder in re.findall(r"(\S+) MB  (results.*)", done.stdout)
    }
    assert f"in {len(found)} places" in done.stdout
    return found


def put(project, *runs: str) -> None:
    """Runs of half a megabyte."""
    for run in runs:
        file = project.root / "results" / run / "checkpoints/step_0000000.safetensors"
        file.parent.mkdir(parents=True)
        file.write_bytes(bytes(500_000))


def test_nothing_after_a_whole_run(finished):
    assert listed(finished) == {}


def test_removed_conditions_seeds_and_studies(fresh):
    put(fresh, "tiny/plain/seed_0", "tiny/plain/seed_1", "tiny/renamed/seed_0")
    put(fresh, "gone/plain/seed_0", "gone/plain/seed_1")
    assert listed(fresh) == {
        "results/gone": 1.0,
        "results/tiny/plain/seed_1": 0.5,
        "results/tiny/renamed/seed_0": 0.5,
    }


def test_a_conditions_own_seeds_are_no_orphans(fresh):
    put(fresh, "tiny/plain/seed_1", "tiny/fast/seed_1")
    fresh.set(fresh.study, "conditions.fast.extra_seeds", [1])
    assert list(listed(fresh)) == ["results/tiny/plain/seed_1"]


def test_other_folders_of_results_are_no_orphans(fresh):
    put(fresh, "smoke/tiny/renamed/seed_0", "tuning/wide/tiny/plain/seed_100")
    for folder in ("logs/gone/plain", "paper", "benchmarks"):
        (fresh.root / "results" / folder).mkdir(parents=True)
    assert listed(fresh) == {}
    other = fresh.root / "config/other.yaml"
    other.write_text("results: results/smoke\n")
    assert list(listed(fresh, "--configfile", "config/other.yaml")) == [
        "results/smoke/tiny/renamed/seed_0"
    ]


def test_heads_of_a_study_that_is_gone_are_listed(fresh):
    for study in ("tiny", "gone"):
        table = fresh.root / f"results/atlas/studies/{study}.parquet"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_bytes(bytes(10**6))
    assert listed(fresh) == {"results/atlas/studies/gone.parquet": 1.0}


def test_the_view_of_a_condition_that_is_gone_is_listed(fresh):
    put(fresh, "tiny/plain/seed_0", "tiny/renamed/seed_0")
    for condition in ("plain", "renamed"):
        (fresh.root / f"results/tiny/{condition}/views.json").write_bytes(bytes(10**6))
    assert listed(fresh) == {
        "results/tiny/renamed/seed_0": 0.5,
        "results/tiny/renamed/views.json": 1.0,
    }


def test_a_wrong_config_is_told(fresh):
    done = fresh.python("-m", "onset.workflow.commands.orphans", "--configfile", "config/none.yaml")
    said = "1 problem in the config:\n  config/none.yaml: there is no such file\n"
    assert (done.returncode, done.stderr) == (1, said)
    fresh.set(fresh.config, "seeds", [])
    done = fresh.python("-m", "onset.workflow.commands.orphans")
    assert done.returncode == 1
    assert "in the config:\n" in done.stderr
    assert "Traceback" not in done.stderr
