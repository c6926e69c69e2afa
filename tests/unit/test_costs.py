"""Who pays what: known logs give known core-minutes, and what became dearer is seen."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import costs
from benchmarks.logs import Job, jobs_in
from onset.store.logs import DONE
from setup.packages import ROOT

LOGS = {
    "one/plain/seed_0/train.log": ("train", 100.0, 20.0),
    "one/plain/seed_1/train.log": ("train", 50.0, 10.0),
    "one/notebook.log": ("notebook", 59.0, 1.0),
    "one_more/plain/seed_0/train.log": ("train", 30.0, 0.0),
    "one_more/comparisons/x/all/compare.log": ("compare", 6.0, 0.0),
    "heads/one.log": ("collect", 12.0, 0.0),
    "heads_notebook.log": ("notebook", 18.0, 0.0),
    "train_one_more_fast.log": ("train", 90.0, 0.0),
    "paper.log": ("paper", 6.0, 0.0),
}
"""stage, seconds of work and of start-up"""
MINUTES = {
    ("one", "train"): 3.0,
    ("one", "notebook"): 1.0,
    ("one_more", "train"): 2.0,
    ("one_more", "compare"): 0.1,
    ("heads", "collect"): 0.2,
    ("heads", "notebook"): 0.3,
    (costs.OF_ALL, "paper"): 0.1,
}


def write(results: Path, ended: int = 1_000_000, times: float = 1.0) -> None:
    """The logs of a reproduction: all its jobs took so many times as long as `LOGS` says."""
    for name, (stage, work, start_up) in LOGS.items():
        log = results / "logs" / name
        log.parent.mkdir(parents=True, exist_ok=True)
        said = DONE % (stage, work * times, start_up * times)
        log.write_text(f"2026-01-02 03:04:05,678 begins\n2026-01-02 03:05:05,678 {said}\n")
        os.utime(log, (ended - len(name), ended - len(name)))
    os.utime(log, (ended, ended))


def found(results: Path, threads: int = 1) -> dict[tuple[str, str], float]:
    table = costs.costs(jobs_in(results / "logs"), threads)
    return {(its.study, its.stage): its.core_minutes for its in table.itertuples()}


def bench(results: Path, capsys) -> tuple[pd.DataFrame, str]:
    target = results / "benchmarks/costs.csv"
    costs.main(results, 1, target)
    return pd.read_csv(target), capsys.readouterr().out


def row(table: pd.DataFrame, study: str, stage: str) -> pd.Series:
    (its,) = [r for _, r in table.iterrows() if (r["study"], r["stage"]) == (study, stage)]
    return its


def test_each_job_counts_for_its_study_and_stage(tmp_path):
    write(tmp_path)
    assert found(tmp_path) == pytest.approx(MINUTES)


def test_computing_stages_count_with_their_threads(tmp_path):
    write(tmp_path)
    more = {its: n * (1 if its[1] in ("notebook", "paper") else 4) for its, n in MINUTES.items()}
    assert found(tmp_path, threads=4) == pytest.approx(more)


def test_what_failed_or_is_no_jobs_is_left_out(tmp_path):
    write(tmp_path)
    (tmp_path / "logs/one/plain/seed_0/evaluate.log").write_text(
        "2026-01-02 03:04:05,678 evaluate: no such file\n"
    )
    (tmp_path / "logs/benchmark_startup.log").write_text("stage,jobs\n")
    (tmp_path / "logs/one/settings_notebook.log").touch()
    assert found(tmp_path) == pytest.approx(MINUTES)


def test_computing_stages_are_those_whose_rules_take_the_configs_threads():
    computing = set()
    for file in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for rule in re.split(r"^ *rule\b", file.read_text(encoding="utf-8"), flags=re.MULTILINE):
            stage = re.search(r"-m onset\.(?:workflow\.launch |stages\.)(\w+)", rule)
            if stage and "threads: project.settings.threads" in rule:
                computing.add(stage[1])
    assert computing == costs.COMPUTING


def test_sums_are_those_of_their_rows(tmp_path, capsys):
    write(tmp_path)
    table, said = bench(tmp_path, capsys)
    (name,) = [its for its in table.columns if its.startswith("1970")]
    assert name == "1970-01-12T134640Z"
    assert row(table, "one", "all")[name] == pytest.approx(4.0)
    assert row(table, "all", "train")[name] == pytest.approx(5.0)
    assert row(table, "all", "all")[name] == pytest.approx(sum(MINUTES.values()), abs=0.01)
    assert row(table, "all", "all")["jobs"] == len(LOGS)
    assert table["ratio"].isna().all()
    assert list(table["study"])[-1] == "all"
    assert "dearer" not in said


def test_the_matrix_has_the_dearest_study_first(tmp_path):
    write(tmp_path)
    lines = costs.matrix(costs.costs(jobs_in(tmp_path / "logs"), 1)).splitlines()
    stages = {"train", "notebook", "collect", "compare", "paper", "all"}
    assert set(lines[0].split()) == stages
    assert [line.split()[0] for line in lines[1:3]] == ["one", "one_more"]
    assert lines[-1].split()[0] == "all"
    assert lines[-1].split()[-1] == "6.7"


def test_measuring_the_same_reproduction_again_adds_none(tmp_path, capsys):
    write(tmp_path)
    first, _ = bench(tmp_path, capsys)
    again, _ = bench(tmp_path, capsys)
    pd.testing.assert_frame_equal(first, again)
    assert len(list((tmp_path / "benchmarks/costs").iterdir())) == 1


def test_a_regression_is_seen(tmp_path, capsys):
    write(tmp_path)
    bench(tmp_path, capsys)
    write(tmp_path, ended=2_000_000, times=1.5)
    table, said = bench(tmp_path, capsys)
    before, last = (its for its in table.columns if its.startswith("1970"))
    its = row(table, "one", "train")
    assert (its[before], its[last], its["ratio"]) == pytest.approx((3.0, 4.5, 1.5))
    lines = [line for line in said.splitlines() if line.startswith("dearer")]
    assert lines == [
        f"dearer than in {before}: one, notebook: 1.50 times, 0.5 core-minutes more",
        f"dearer than in {before}: one, train: 1.50 times, 1.5 core-minutes more",
        f"dearer than in {before}: one_more, train: 1.50 times, 1.0 core-minutes more",
    ]


def test_more_runs_are_no_regression(tmp_path, capsys):
    write(tmp_path)
    bench(tmp_path, capsys)
    write(tmp_path, ended=2_000_000)
    for seed in (2, 3):
        log = tmp_path / f"logs/one/plain/seed_{seed}/train.log"
        log.parent.mkdir()
        log.write_text("2026-01-02 03:05:05,678 " + DONE % ("train", 90.0, 0.0) + "\n")
        os.utime(log, (1, 1))
    table, said = bench(tmp_path, capsys)
    assert row(table, "one", "train")["ratio"] == pytest.approx(1.0)
    assert row(table, "one", "train")["jobs"] == 4
    assert "dearer" not in said


def test_another_machine_is_no_regression(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(costs, "machine", lambda: "fast")
    write(tmp_path)
    bench(tmp_path, capsys)
    monkeypatch.setattr(costs, "machine", lambda: "slow")
    write(tmp_path, ended=2_000_000, times=3.0)
    table, said = bench(tmp_path, capsys)
    assert table["ratio"].isna().all()
    assert "dearer" not in said


def test_only_the_last_few_stand_beside_each_other_and_all_are_kept(tmp_path, capsys):
    for number in range(6):
        write(tmp_path, ended=1_000_000 + 86_400 * number)
        table, _ = bench(tmp_path, capsys)
    shown = [its for its in table.columns if its.startswith("1970")]
    kept = sorted(path.stem for path in (tmp_path / "benchmarks/costs").iterdir())
    assert len(kept) == 6
    assert shown == kept[2:]


def test_what_is_no_longer_made_stays_in_its_column(tmp_path, capsys):
    write(tmp_path)
    bench(tmp_path, capsys)
    write(tmp_path, ended=2_000_000)
    (tmp_path / "logs/one_more/comparisons/x/all/compare.log").unlink()
    table, _ = bench(tmp_path, capsys)
    before, last = (its for its in table.columns if its.startswith("1970"))
    its = row(table, "one_more", "compare")
    assert its[before] == pytest.approx(0.1)
    assert pd.isna(its[last])
    assert its["jobs"] == 0


def test_without_logs_it_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="run `make reproduce` first"):
        costs.main(tmp_path, 1, tmp_path / "benchmarks/costs.csv")


def test_a_log_is_read_as_the_stages_write_it(tmp_path):
    write(tmp_path)
    jobs = list(jobs_in(tmp_path / "logs"))
    assert Job(Path("paper.log"), "paper", 6.0, 0.0) in jobs
    assert len(jobs) == len(LOGS)
