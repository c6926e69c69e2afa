"""What the notebook of circuits asks of its runs: found on a compiled model, and made by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from onset.analyses.circuits import completeness, discovery
from onset.circuits.form import known
from onset.circuits.plans import compiled
from onset.figures.circuit_graph import plot_graphs
from onset.notebook.circuits import COMPILED, COMPLETE, GRADED, GRADES, METHODS, Circuits
from onset.notebook.known_circuits import HYPOTHESES, KNOWN, KnownCircuits
from onset.notebook.name_circuit import LEAD, RIDDLES, STORIES, NameCircuit
from onset.notebook.study import NotebookStudy
from onset.statistics.name_heads import MOVER
from onset.statistics.name_parts import LOOKS, PREVIOUS
from onset.statistics.rows import where
from onset.tasks.language.riddle_kinds import KINDS
from onset.tasks.programs import generate
from tests.unit.test_programs import settings

PROGRAM, SEEDS = "program_sorting", (0, 1)
STEPS = (0, 10, 20, 30)
COLUMNS = ["condition", "seed", "measure", "split", "step", "layer", "head", "component", "value"]


def rows_of(found: list[dict], kind: str = "share") -> pd.DataFrame:
    return pd.DataFrame(found).reindex(columns=COLUMNS).assign(kind=kind)


def study_of(folder: Path, *names: str, **tables: object) -> NotebookStudy:
    its = NotebookStudy(folder, names, list(SEEDS), labels={name: name.upper() for name in names})
    vars(its).update(tables)
    return its


@pytest.fixture(scope="module")
def circuits(tmp_path_factory) -> Circuits:
    task = settings("sorting", n_symbols=8, n_train=16, n_test=12)
    model, parameters = compiled(task)
    found = [
        {"condition": PROGRAM, "seed": seed, "step": 0, **row._asdict()}
        for seed in SEEDS
        for row in discovery.analyse(model, parameters, generate(task, seed), seed)
    ]
    run = SimpleNamespace(model=model, parameters=lambda: parameters)
    closer = pd.DataFrame(found).assign(kind="real")
    folder = tmp_path_factory.mktemp("circuits")
    return Circuits(study_of(folder, PROGRAM, closer=closer, first={PROGRAM: run}))


class TestCircuits:
    def test_all_methods_are_graded(self, circuits):
        assert circuits.methods == METHODS
        grades = circuits.grades()
        assert set(grades["quantity"]) == set(GRADES)
        best = where(grades, method="exhaustive", quantity="edges_auc")
        assert best["mean"].item() == 1
        assert {"seed_0", "seed_1"} <= set(grades)

    def test_the_table_has_a_row_per_method(self, circuits):
        found = circuits.graded_table()
        assert found["method"].tolist() == list(METHODS.values())
        assert (found["CMD"] != "").all()
        assert list(found)[2:] == list(GRADES.values())
        assert set(found["model"]) == {GRADED[COMPILED]}

    def test_each_grade_of_a_model_has_a_panel(self, circuits):
        panels = circuits.panels(COMPILED, "two_layers")
        assert panels["cmd", COMPILED] == "CMD: compiled"
        assert panels["circuit_recall", "two_layers"] == "recall: two layers"

    def test_one_method_beside_another(self, circuits):
        more = circuits.graded_more("cmd", "chance", "exhaustive", PROGRAM, "test")
        assert (more > 0).all()
        assert list(more.index) == list(SEEDS)
        assert circuits.graded("edges_auc", "exhaustive", PROGRAM, "test").eq(1).all()
        assert circuits.graded("edges_auc", "exhaustive", "another", "test").empty
        assert circuits.recall_on_compiled("exhaustive").between(0, 1).all()

    def test_what_so_many_edges_keep(self, circuits):
        """All of them keep all, whatever the method; the first few only if they are the right ones."""
        for method in ("exhaustive", "chance"):
            kept = circuits.kept_by(method, 1.0, PROGRAM, "test")
            assert kept.to_dict() == pytest.approx(dict.fromkeys(SEEDS, 1.0))
        few = [circuits.kept_by(its, 0.1, PROGRAM, "test") for its in ("exhaustive", "chance")]
        assert (few[0] > few[1]).all()

    def test_answers_follow_the_subspace_that_is_asked_for(self, tmp_path):
        rows = [
            {"condition": "one", "seed": seed, "split": "ioi", "measure": measure, "component": rank,
             "layer": layer, "value": rank / 10 + layer / 100 + seed / 1000}
            for seed in SEEDS for measure in ("aligned", "aligned_placebo") for rank in (1, 4)
            for layer in (0, 1)
        ]  # fmt: skip
        its = Circuits(study_of(tmp_path, "one", closer=rows_of(rows)))
        assert its.followed(4, 1, "one", "ioi").to_dict() == pytest.approx({0: 0.41, 1: 0.411})

    def test_what_is_asked_of_circuits_is_that_of_the_split_with_the_riddle(self, tmp_path):
        rows = [
            {"condition": "one", "seed": seed, "split": split, "measure": measure, "value": value}
            for seed in SEEDS for measure in COMPLETE for split, value in (("ioi", 0.5), ("other", 9))
        ]  # fmt: skip
        found = Circuits(study_of(tmp_path, "one", closer=rows_of(rows))).completed()
        assert dict(zip(found["measure"], found["mean"], strict=True)) == dict.fromkeys(
            COMPLETE, 0.5
        )
        assert COMPLETE.keys() == completeness.QUANTITIES.keys()

    def test_each_number_of_dimensions_has_a_panel(self):
        titles = Circuits.subspaces([1, 16])
        assert titles["program_ioi", 1] == "compiled: 1 dimension"
        assert titles["three_layers", 16] == "trained: 16 dimensions"

    def test_the_true_circuit_and_one_that_was_found(self, circuits):
        true, found = circuits.true(PROGRAM, "test"), circuits.found(PROGRAM, "test", "exhaustive")
        assert len(true) == len(known("sorting").all_edges)
        assert (true["weight"].abs() > 0).all()
        both = [set(zip(*(its[c] for c in ("writer", "reader", "by")), strict=True))
                for its in (found, true)]  # fmt: skip
        assert both[0] <= both[1]
        assert circuits.found_by(["exhaustive"], PROGRAM, "test")[METHODS["exhaustive"]].equals(
            found
        )
        parts = circuits.parts(PROGRAM)
        assert parts[-1] == "logits"
        assert len(plot_graphs({"found": found, "true": true}, parts).axes) == 2


class TestKnownCircuits:
    @pytest.fixture
    def its(self, tmp_path) -> KnownCircuits:
        """At step 10 everything that is measured is 1, with the wrong circuit 0; half an edge too many."""
        measures = ("scrubbed_recovered", "exchanged_recovered", "everything_recovered")
        rows = [
            {"comparison": f"{which}_sorting", "condition": PROGRAM, "seed": seed, "step": step,
             "measure": measure, "value": step / 10 - (which == "wrong") - measure.endswith("sion") / 2}
            for which in ("known", "wrong") for seed in SEEDS for step in (0, 10)
            for measure in (*measures, *KNOWN)
        ]  # fmt: skip
        comparisons = pd.DataFrame(rows).assign(kind="real")
        return KnownCircuits(study_of(tmp_path, PROGRAM, comparisons=comparisons))

    def test_what_hypotheses_recover_in_the_end(self, its):
        means = its.recovered().set_index("hypothesis")["mean"]
        assert means.to_dict() == {
            "circuit": 1, "exchanged": 1, "everything": 1, "other task": 0
        }  # fmt: skip
        assert its.recovered_by("other task", PROGRAM)["value"].tolist() == [0, 0]

    def test_what_matters_is_held_against_the_known_circuit_and_no_other(self, its):
        means = its.known_edges().set_index("quantity")["mean"]
        assert means.to_dict() == {"known_precision": 0.5, "known_recall": 1}

    def test_the_table_has_both(self, its):
        table = its.recovered_table({PROGRAM: "sorting"})
        assert list(table) == ["model", *HYPOTHESES.values(), *KNOWN.values()]
        assert table["another task's circuit"].item().startswith("0.00")
        assert table[KNOWN["known_precision"]].item().startswith("0.50")


def measured() -> pd.DataFrame:
    """A head looks at previous tokens at step 10, another moves the name at 20; the lead comes at 30."""
    found = []
    for seed in SEEDS:
        for step in STEPS:
            run = {"condition": "one", "seed": seed, "step": step}
            for split in ("ioi", "three_names"):
                there = split == "ioi"
                for layer in (0, 1):
                    looks = dict.fromkeys(LOOKS.values(), 0.1)
                    looks |= {"end_to_right": 0.5 * (step >= 20 and there), "end_to_rival": 0.0}
                    looks["to_previous"] = 0.9 if step >= 10 else 0.1
                    looks["writes_lead"] = 2.0 * (step >= 20 and there)
                    found += [
                        {**run, "split": split, "layer": layer, "head": 0, "measure": m, "value": v}
                        for m, v in looks.items()
                    ]
            lead = 4.0 if step >= 30 else 0.0
            found.append({**run, "split": "ioi", "measure": "rival_lead", "value": lead})
            found.append({**run, "split": "test", "measure": "loss", "value": 3 - step / 30})
    return rows_of(found)


@pytest.fixture
def names(tmp_path) -> NameCircuit:
    study = study_of(tmp_path, "one", measures=measured())
    return NameCircuit(study, ("one",), "ioi", "three_names")


class TestNameCircuit:
    def test_parts_are_there_before_the_lead(self, names):
        lags = names.drawn_lags(["one"]).set_index("part")
        assert lags.loc[PREVIOUS, "mean"] == pytest.approx(-20)
        assert lags.loc[MOVER, "mean"] == pytest.approx(-10)
        assert np.isnan(lags.loc["duplicate token", "mean"])
        shown = names.with_a_mean(lags)
        assert shown.loc["duplicate token", ["low", "high"]].isna().all()
        assert shown.loc[PREVIOUS].equals(lags.loc[PREVIOUS])

    def test_curves_have_their_null(self, names):
        curves = names.curves("logits", ["one"])
        last = curves[curves["step"] == STEPS[-1]].set_index(["measure", "part"])["mean"]
        assert last["part", MOVER] == 2
        assert last["null", MOVER] == 0

    def test_what_comes_at_once_is_sharper(self, names):
        sharp = names.drawn_sharpness().set_index("what")["mean"]
        assert sharp[LEAD] < sharp[STORIES]

    def test_one_part_takes_so_many_times_the_steps_of_another(self, names):
        assert names.later(MOVER, PREVIOUS, "one")["at"].tolist() == pytest.approx([3, 3])
        never = names.later(MOVER, "duplicate token", "one")
        assert never["at"].isna().all()
        assert (never["before"] < 1).all()

    def test_a_share_of_the_lead_is_lost_in_the_end(self, tmp_path):
        rows = [
            {"comparison": "repair", "condition": "one", "seed": seed, "step": step, "measure": m,
             "value": v * (step + seed)}
            for seed in SEEDS for step in (0, 10)
            for m, v in {"repair_lead": 4.0, "repair_lost_lead": 1.0, "repair_by_heads": 9.0}.items()
        ]  # fmt: skip
        study = study_of(tmp_path, "one", comparisons=pd.DataFrame(rows))
        its = NameCircuit(study, ("one",), "ioi", "three_names").lost_share("repair", "one")
        assert its.to_dict() == dict.fromkeys(SEEDS, 0.25)

    def test_a_lead_that_does_not_come_is_not_sharp(self, tmp_path):
        rows = measured()
        rows.loc[rows["measure"] == "rival_lead", "value"] *= 0.01
        its = NameCircuit(study_of(tmp_path, "one", measures=rows), ("one",), "ioi", "three_names")
        assert set(its.drawn_sharpness()["what"]) == {STORIES}

    def test_every_kind_of_riddle_has_a_name(self):
        assert tuple(RIDDLES) == KINDS

    def test_kinds_of_riddles_with_what_is_new_in_them(self, tmp_path):
        splits = (
            "ioi",
            "ioi_new_names",
            "pronoun",
            "pronoun_new_template",
            "pronoun_swapped",
            "test",
        )
        found = [
            {"condition": "one", "seed": seed, "step": step, "split": split, "measure": "above_rival",
             "value": step / 100}
            for seed in SEEDS for step in (0, 50) for split in splits
        ]  # fmt: skip
        study = study_of(tmp_path, "one", measures=rows_of(found))
        its = NameCircuit(study, ("one",), "ioi", "three_names").answered("one")
        assert set(zip(its["riddle"], its["new"], strict=True)) == {
            ("ioi", ""), ("ioi", "_new_names"), ("pronoun", ""), ("pronoun", "_new_template")
        }  # fmt: skip
        assert its["mean"].eq(0.5).all()

    def test_classes_are_told_run_by_run(self, tmp_path):
        """Another head moves the name in each run."""
        told = {"head_effect": 1.0, "attention_to_right": 0.8, "attention_to_rival": 0.1,
                "attention_to_repeat": 0.1}  # fmt: skip
        found = []
        for seed in SEEDS:
            run = {"condition": "one", "seed": seed, "step": 30, "split": "ioi"}
            found.append({**run, "measure": "answer_lead", "value": 2.0})
            for head in (0, 1):
                its = told if head == seed else dict.fromkeys(told, 0.0)
                found += [
                    {**run, "layer": 1, "head": head, "measure": m, "value": v}
                    for m, v in its.items()
                ]
        study = study_of(tmp_path, "one", closer=rows_of(found))
        classes = NameCircuit(study, ("one",), "ioi", "three_names").classes(["one"])
        means = classes.set_index("class")["mean"]
        assert means[MOVER] == 1
        assert means.drop(MOVER).eq(0).all()
