"""Which runs stand together, by what a study declares; and what is refused before any work."""

from __future__ import annotations

import pytest

from onset.config.groups import groups_of
from onset.config.quoted import wrong_with_mean
from tests.config_files import CONFIG, NOTEBOOK, PLAIN_NOTEBOOK, STUDY, Files

PATCHING = {"name": "checkpoint_patching", "checkpoints": 3}
OTHERS = "patched_other_accuracy"


@pytest.fixture
def files(tmp_path) -> Files:
    files = Files.copied(tmp_path)
    files.set(CONFIG, "studies", ["composition"])
    files.set(CONFIG, "seeds", [0, 1])
    for key in ("answer", "abstract", "holds", "figures", "tables", "reference", "smoke"):
        files.remove(STUDY, key)
    files.write(NOTEBOOK, PLAIN_NOTEBOOK)
    conditions = {
        "one": {},
        "wide": {"model": {"d_mlp": 512}},
        "child": {"parent": {"condition": "one", "step": 50}},
    }
    files.set(STUDY, "conditions", conditions)
    return files


def groups(files: Files, **declared) -> dict[str, list[str]]:
    """Group → `condition/seed` of its runs."""
    files.set(STUDY, "comparisons", {"look": {**PATCHING, **declared}})
    project = files.load()
    study = project.studies["composition"]
    found = groups_of(study, study.comparisons["look"], project.all_runs)
    return {
        its.name: [
            "/".join(
                filter(None, (m.study if m.study != study.name else "", m.condition, str(m.seed)))
            )
            + (f"@{m.step}" if m.step is not None else "")
            for m in its.members
        ]
        for its in found
    }


@pytest.fixture
def any_group(monkeypatch):
    """A module that looks at whatever stands together."""
    from onset.config import comparisons

    monkeypatch.setattr(comparisons, "_unfit_together", lambda *_: iter(()))


class TestGroups:
    def test_each_run_by_itself(self, files):
        found = groups(files)
        assert found["one.seed_0"] == ["one/0"]
        assert len(found) == 6

    def test_patterns_take_in_what_fits_in_the_order_of_the_study(self, files):
        assert list(groups(files, conditions=["w*", "one"])) == [
            "one.seed_0", "one.seed_1", "wide.seed_0", "wide.seed_1"
        ]  # fmt: skip

    def test_all_seeds_of_a_condition(self, files, any_group):
        found = groups(files, for_each="condition", conditions=["one", "wide"])
        assert found == {"one": ["one/0", "one/1"], "wide": ["wide/0", "wide/1"]}

    def test_conditions_at_a_seed(self, files, any_group):
        found = groups(files, for_each="seed", conditions=["one", "wide"])
        assert found == {"seed_0": ["one/0", "wide/0"], "seed_1": ["one/1", "wide/1"]}

    def test_pairs_of_conditions_at_a_seed(self, files, any_group):
        found = groups(files, for_each="pair")
        assert found["one-wide.seed_1"] == ["one/1", "wide/1"]
        assert len(found) == 3 * 2

    def test_all_runs(self, files, any_group):
        assert groups(files, for_each="study", conditions=["one", "wide"]) == {
            "all": ["one/0", "one/1", "wide/0", "wide/1"]
        }

    def test_a_run_and_its_parent_at_the_step_that_it_began_with(self, files, any_group):
        found = groups(files, conditions=["child"], beside="parent")
        assert found["child.seed_1"] == ["child/1", "one/1@50"]

    def test_a_run_and_another_condition(self, files, any_group):
        found = groups(files, conditions=["wide"], beside="one")
        assert found["wide.seed_0"] == ["wide/0", "one/0"]

    def test_a_run_of_another_study(self, files, any_group):
        files.set(CONFIG, "studies", ["composition", "finetuning"])
        found = groups(files, conditions=["one"], beside="finetuning/stage_one")
        assert found["one.seed_0"] == ["one/0", "finetuning/stage_one/0"]

    def test_a_run_and_what_its_interventions_look_at(self, files, any_group):
        removal = {"name": "removal", "what": "largest", "fraction": 0.1}
        source = {"condition": "one", "seeds_on": [1]}
        cut = {"interventions": [{**removal, "source": source}]}
        files.set(STUDY, "conditions.cut", cut)
        found = groups(files, conditions=["cut"], beside="source")
        assert found["cut.seed_1"] == ["cut/1", "one/0"]

    def test_seeds_that_only_some_have(self, files, any_group):
        files.set(STUDY, "conditions.one.extra_seeds", [7])
        found = groups(files, for_each="seed", conditions=["one", "wide"])
        assert list(found) == ["seed_0", "seed_1"]  # alone there is nothing to compare
        found = groups(files, for_each="condition", conditions=["one"])
        assert found == {"one": ["one/0", "one/1", "one/7"]}

    def test_some_of_the_seeds(self, files, any_group):
        """The first of each condition's; if there are fewer, all of them."""
        files.set(STUDY, "conditions.one.extra_seeds", [7])
        both = {"conditions": ["one", "wide"]}
        assert list(groups(files, seeds=1, **both)) == ["one.seed_0", "wide.seed_0"]
        found = groups(files, seeds=2, for_each="condition", **both)
        assert found == {"one": ["one/0", "one/1"], "wide": ["wide/0", "wide/1"]}
        assert groups(files, seeds=9, **both) == groups(files, **both)

    def test_a_partner_needs_no_other_seeds(self, files, any_group):
        files.set(STUDY, "conditions.one.extra_seeds", [7])
        found = groups(files, conditions=["one"], beside="wide", seeds=2)
        assert list(found) == ["one.seed_0", "one.seed_1"]

    def test_the_config_may_change_some_keys(self, files):
        files.set(CONFIG, "overrides.composition.comparisons", {"look": {"checkpoints": 2}})
        files.set(STUDY, "comparisons", {"look": {**PATCHING, "conditions": ["one"]}})
        its = files.load().studies["composition"].comparisons["look"]
        assert (its.checkpoints, its.conditions) == (2, ("one",))


BAD = [
    ("unknown module", {"name": "checkpoint_patchin"}, "name", "did you mean checkpoint_patching?"),
    ("unknown key", {"sides": "all"}, "sides", "unknown key"),
    ("unknown grouping", {"for_each": "runs"}, "for_each", "did you mean run?"),
    ("unknown condition", {"conditions": ["onee"]}, "conditions", "did you mean one?"),
    ("no seed", {"seeds": 0}, "seeds", "must be greater than 0"),
    ("empty pattern", {"conditions": ["x*"]}, "conditions", "there is no condition 'x*'"),
    ("no name at all", {"conditions": ["One"]}, "conditions.0", "or a pattern with *"),
    ("unknown split", {"splits": ["oi", "id_"]}, "splits",
     "one, wide, child: there is no split 'id_'; did you mean id?"),
    ("a split for choosing settings", {"splits": ["id", "oo_validation"]}, "splits",
     "one, wide, child: nothing is looked at in oo_validation (allowed: atomic, composed_train, id,"),
    ("a switch for a number", {"options": {"most_questions": True}}, "options.most_questions",
     "true: must be like its default, 128"),
    ("a fraction for a whole number", {"options": {"most_questions": 1.5}}, "options.most_questions",
     "1.5: must be a whole number, like its default, 128"),
    ("none at all", {"options": {"most_questions": -5}}, "options.most_questions",
     "-5: must be more than 0, like its default, 128"),
    ("no size", {"name": "learning_coefficient", "options": {"pull": 0.0}}, "options.pull",
     "0.0: must be more than 0, like its default, 300.0"),
    ("nothing for an option", {"options": {"most_questions": None}}, "options.most_questions",
     "null: must be true or false, a whole number, a valid number, text or a list"),
    ("a helper", {"name": "member"}, "name",
     "src/onset/comparisons/member.py is no comparison: it defines no function compare"),
    ("one checkpoint", {"checkpoints": 1}, "checkpoints", "looks at several: give 2 or more"),
    ("seeds of it", {"for_each": "condition"}, "for_each", "looks at the checkpoints of one run"),
    ("something beside", {"beside": "wide", "conditions": ["one"]}, "beside", "of one run"),
    ("unknown option", {"options": {"most": 4}}, "options.most", "(allowed: most_questions)"),
    ("an option of no kind", {"options": {"most_questions": [1]}}, "options.most_questions",
     "[1]: must be true or false, a whole number, a valid number or text"),
    ("no second condition", {"name": "same_heads", "for_each": "pair", "conditions": ["wide"]},
     "conditions", "the only one taken in is wide"),
    ("odd option", {"options": {"most_questions": "4"}}, "options.most_questions", "default, 128"),
    ("another world", {"name": "same_features", "for_each": "condition"}, "conditions",
     "one, wide, child: same_features asks of vectors, and the task composition has sequences"),
    ("one run alone", {"name": "same_heads"}, "for_each", "for_each: run with something beside it"),
    ("no truth", {"name": "same_heads", "for_each": "pair"}, "conditions",
     "one, wide, child: same_heads needs"),
    ("no parent", {"name": "same_heads", "beside": "parent"}, "beside", "without parent: one, wide;"),
    ("no source", {"name": "same_heads", "beside": "source"}, "beside",
     "without interventions, and so no source: one, wide, child;"),
    ("no such partner", {"name": "same_heads", "beside": "wid"}, "beside", "did you mean wide?"),
    ("no such study", {"name": "same_heads", "beside": "alias/tied"}, "beside",
     "the study 'alias' isn't in `studies`"),
    ("itself", {"name": "same_heads", "beside": "one", "conditions": ["one"]}, "conditions",
     "takes in no condition but the one"),
    ("beside too many", {"name": "same_features", "for_each": "seed", "beside": "one"}, "beside",
     "is for each run, or for each condition"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "key", "says"), [its[1:] for its in BAD], ids=[b[0] for b in BAD]
)
def test_what_is_refused(files, declared, key, says):
    files.set(STUDY, "comparisons", {"look": {**PATCHING, **declared}})
    found = files.problems()
    assert says in found[STUDY, f"comparisons.look.{key}"]


def test_names_that_would_be_mistaken(files):
    files.set(STUDY, "comparisons", {"one": PATCHING})
    assert "is the name of a condition" in files.problems()[STUDY, "comparisons.one"]
    files.set(STUDY, "comparisons", {"seed_look": PATCHING})
    assert "folders of runs" in files.problems()[STUDY, "comparisons.seed_look"]
    files.set(STUDY, "comparisons", {})
    files.set(STUDY, "conditions.comparisons", {})
    assert "in its folder lie" in files.problems()[STUDY, "conditions.comparisons"]


def test_an_override_of_no_comparison(files):
    files.set(STUDY, "comparisons", {"look": PATCHING})
    files.set(CONFIG, "overrides.composition.comparisons", {"loook": {"checkpoints": 2}})
    said = files.problems()[CONFIG, "overrides.composition.comparisons.loook"]
    assert "did you mean look?" in said


def test_smoke_settings_of_no_comparison_are_told_in_any_run(files):
    files.set(STUDY, "comparisons", {"look": PATCHING})
    files.set(STUDY, "smoke", {"comparisons": {"loook": {"checkpoints": 2}}})
    assert "did you mean look?" in files.problems()[STUDY, "smoke.comparisons.loook"]


def test_an_override_that_is_wrong(files):
    files.set(STUDY, "comparisons", {"look": PATCHING})
    files.set(CONFIG, "overrides.composition.comparisons", {"look": {"checkpoints": 0}})
    assert (CONFIG, "overrides.composition.comparisons.look.checkpoints") in files.problems()


def test_a_partner_that_lacks_a_seed(files):
    files.set(STUDY, "conditions.one.extra_seeds", [7])
    declared = {**PATCHING, "name": "same_heads", "conditions": ["one"], "beside": "wide"}
    files.set(STUDY, "comparisons", {"look": declared})
    assert (
        "wide isn't run with the seeds 7 of one"
        in files.problems()[STUDY, "comparisons.look.beside"]
    )


class TestQuoted:
    """Means of comparisons that texts ask for."""

    @pytest.fixture
    def study(self, files):
        looks = {**PATCHING, "conditions": ["one"], "splits": ["id", "oo"]}
        files.set(STUDY, "comparisons", {"look": looks})
        return files.load().studies["composition"]

    def test_one_that_there_will_be(self, study):
        its = ("look:one", "id", f"{OTHERS}.layer_1.position_0")
        assert wrong_with_mean(study, *its) == ""

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            (("lok:one", "id", OTHERS), "no comparison 'lok'; did you mean look?"),
            (("look:wide", "id", OTHERS), "look takes in no condition 'wide'"),
            (("look:one", "oi", OTHERS), "look looks at no split 'oi'"),
            (("look:one", "id", OTHERS[:-1]), f"did you mean {OTHERS}?"),
            (("look:one", "id", f"{OTHERS}.3"), ".layer_N, .head_N, .position_N, .component_N"),
            (("look:one", "id", f"{OTHERS}.position_0.layer_1"), "in this order: .layer_N"),
            (("look:one", "id", "accuracy"), "nothing measures 'accuracy' in look:one"),
        ],
    )
    def test_one_that_there_will_not_be(self, study, name, says):
        assert says in wrong_with_mean(study, *name)

    @pytest.mark.parametrize(
        ("declared", "there", "not_there"),
        [
            ({"beside": "one"}, ["wide:one", "child:one"], ["wide:child", "wide:onne"]),
            ({"beside": "one", "for_each": "condition"}, ["wide:one"], ["wide:child"]),
            ({"conditions": ["child"], "beside": "parent"}, ["child:one"], ["child:wide"]),
            ({"beside": "finetuning/stage_one"}, ["one:finetuning:stage_one"], ["one:stage_one"]),
            ({"for_each": "pair"}, ["one:wide", "wide:child"], ["wide:wide", "one:chld"]),
            ({}, ["one"], ["one:wide"]),
        ],
    )
    def test_what_stands_beside_it(self, files, any_group, declared, there, not_there):
        files.set(CONFIG, "studies", ["composition", "finetuning"])
        files.set(STUDY, "comparisons", {"look": {**PATCHING, **declared}})
        study = files.load().studies["composition"]
        for its in there:
            assert wrong_with_mean(study, f"look:{its}", "", OTHERS) == ""
        for its in not_there:
            one, other = its.split(":", 1)
            said = wrong_with_mean(study, f"look:{its}", "", OTHERS)
            assert f"look sets no {other!r} beside {one}" in said

    def test_an_answer_may_quote_it(self, files):
        files.set(STUDY, "comparisons", {"look": {**PATCHING, "conditions": ["one"]}})
        files.set(STUDY, "answer", "In {look:one/id/patched_other_accuracy} of cases.")
        files.load()
        files.set(STUDY, "answer", "In {look:wide/id/patched_other_accuracy} of cases.")
        said = files.problems()[STUDY, "answer"]
        assert "'look:wide/id/patched_other_accuracy': look takes in no condition 'wide'" in said


WRONG = [
    ({"name": "checkpoint_patchin"}, "name", "did you mean checkpoint_patching?"),
    ({"conditions": ["all"]}, "conditions", "there is no condition 'all'"),
    ({"splits": ["iid"]}, "splits", "there is no split 'iid'"),
]


@pytest.mark.parametrize(("declared", "key", "says"), WRONG, ids=lambda its: str(its)[:30])
def test_what_is_wrong_with_it_is_not_blamed_on_texts_that_quote_it(files, declared, key, says):
    files.set(STUDY, "comparisons", {"look": {**PATCHING, "conditions": ["one"], **declared}})
    files.set(STUDY, "answer", "In {look:one/id/patched_other_accuracy} of cases.")
    (files.root / "paper/sections").mkdir(parents=True)
    asked = "\\onsetmean{composition}{look:one}{id}{patched_other_accuracy}"
    files.write("paper/sections/composition.tex", asked)
    ((place, said),) = files.problems().items()
    assert place == (STUDY, f"comparisons.look.{key}")
    assert says in said


def test_two_that_declare_one_quantity_in_different_ways(files, monkeypatch):
    from onset.config import quantities

    declared = quantities.declared_by

    def other(package, name):
        if name == "checkpoint_patching":
            return {"accuracy": {"kind": "ratio", "label": "something else"}}
        return declared(package, name)

    monkeypatch.setattr(quantities, "declared_by", other)
    files.set(STUDY, "comparisons", {"look": PATCHING})
    said = "prediction and checkpoint_patching both yield accuracy"
    assert said in files.problems()[STUDY, "measures"]
