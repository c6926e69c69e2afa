"""Conditions that are others but for what they say, and what the config adds to a study."""

from __future__ import annotations

import pytest

from onset.workflow.jobs import Jobs
from tests.config_files import CONFIG, STUDY, Files

ADDS = "overrides.composition.adds"
ROW = {"quantity": "accuracy", "published": "nine in ten", "source": "Somebody 2024", "above": 0.5}


@pytest.fixture
def files(tmp_path):
    files = Files.copied(tmp_path)
    files.set(CONFIG, "studies", ["composition"])
    plain = {"label": "wide", "model": {"d_mlp": 512}, "training": {"steps": 2000}}
    files.set(STUDY, "conditions", {"one": {}, "wide": plain})
    files.quote_nothing(STUDY)
    for key in ("comparisons", "smoke.comparisons"):
        files.remove(STUDY, key)
    return files


def variant(**changes):
    return {"variant_of": "wide", **changes}


def test_a_variant_is_the_other_but_for_what_it_says(files):
    files.set(STUDY, "conditions.slow", variant(training={"learning_rate": 1e-4}))
    wide, slow = files.condition("wide"), files.condition("slow")
    assert slow.model == wide.model
    assert slow.training == wide.training.model_copy(update={"learning_rate": 1e-4})
    assert slow.variant_of == "wide"
    assert wide.variant_of is None


def test_it_may_come_before_the_other(files):
    files.set(STUDY, "conditions", {"slow": variant(), "wide": {"model": {"d_mlp": 512}}})
    assert files.condition("slow").model.d_mlp == 512


def test_it_has_the_others_parent_and_surgery_unless_it_says_otherwise(files):
    removal = {
        "name": "removal",
        "what": "largest",
        "fraction": 0.1,
        "source": {"condition": "one"},
    }
    files.set(
        STUDY, "conditions.child", {"parent": {"condition": "one"}, "interventions": [removal]}
    )
    files.set(STUDY, "conditions.twin", {"variant_of": "child"})
    files.set(
        STUDY,
        "conditions.elder",
        {"variant_of": "child", "parent": {"condition": "one", "step": 0}, "interventions": []},
    )
    child, twin, elder = (files.condition(name) for name in ("child", "twin", "elder"))
    assert twin.parent == child.parent
    assert twin.interventions == child.interventions != ()
    assert elder.parent.step == 0
    assert elder.interventions == ()


def test_it_is_run_with_the_configs_seeds(files):
    files.set(STUDY, "conditions.wide.extra_seeds", [7])
    files.set(STUDY, "conditions.slow", variant())
    assert files.condition("wide").extra_seeds == (7,)
    assert files.condition("slow").extra_seeds == ()


def test_a_range_stands_for_its_seeds(files):
    files.set(CONFIG, "seeds", ["0-2"])
    files.set(STUDY, "conditions.wide.extra_seeds", [3, "10-99"])
    assert files.load().seeds == (0, 1, 2)
    assert files.load().runs("composition")["wide"] == (*range(4), *range(10, 100))


def test_its_label_names_both(files):
    files.set(STUDY, "conditions.slow_one", variant())
    files.set(STUDY, "conditions.quick", variant(label="at once"))
    assert files.condition("slow_one").label == "wide: slow one"
    assert files.condition("quick").label == "wide: at once"


def test_what_changes_the_other_changes_the_variant_which_has_the_last_word(files):
    files.set(STUDY, "conditions.slow", variant(training={"learning_rate": 1e-4}))
    files.set(
        CONFIG,
        "overrides.composition.conditions.wide",
        {"training": {"steps": 999, "learning_rate": 1e-2}, "model": {"d_mlp": 64}},
    )
    slow = files.condition("slow")
    assert slow.training.steps == 999
    assert slow.training.learning_rate == 1e-4
    assert slow.model.d_mlp == 64
    files.set(CONFIG, "overrides.composition.conditions.slow", {"training": {"steps": 777}})
    assert files.condition("slow").training.steps == 777


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ("widr", "'widr': there is no such condition; did you mean wide? (allowed: one, wide)"),
        ("slow", "'slow': is a variant itself; (allowed: one, wide)"),
        ("itself", "'itself': is a variant itself"),
    ],
)
def test_it_is_of_a_condition_that_is_none(files, of, says):
    files.set(STUDY, "conditions.slow", variant())
    files.set(STUDY, "conditions.itself", {"variant_of": of})
    assert says in files.problems()[STUDY, "conditions.itself.variant_of"]


def test_what_is_wrong_with_the_other_is_said_once(files):
    files.set(STUDY, "conditions.wide.training.steps", -1)
    files.set(STUDY, "conditions.slow", variant())
    assert [*files.problems()] == [(STUDY, "conditions.wide.training.steps")]


def test_its_own_mistakes_stand_in_its_own_place(files):
    files.set(STUDY, "conditions.slow", variant(training={"steps": -1}))
    assert [*files.problems()] == [(STUDY, "conditions.slow.training.steps")]


def test_notebooks_are_told_of_variants_and_other_jobs_are_not(files):
    jobs = Jobs(files.load())
    assert '"variants"' not in jobs.notebooks.settings("composition")
    alike = files.condition("wide").train_job
    files.set(STUDY, "conditions.slow", variant())
    assert '"variants":{"slow":"wide"}' in Jobs(files.load()).notebooks.settings("composition")
    assert files.condition("slow").train_job == alike


# ---- what a config adds -----------------------------------------------------------------------


def test_a_config_adds_conditions_and_published_values(files):
    files.set(CONFIG, f"{ADDS}.conditions", {"slow": variant(extra_seeds=[8])})
    files.set(CONFIG, f"{ADDS}.reference", {"said": {**ROW, "ours": "slow/oo/accuracy"}})
    project = files.load()
    study = project.studies["composition"]
    assert list(study.conditions) == ["one", "wide", "slow"]
    assert study.variants == {"slow": "wide"}
    assert project.runs("composition")["slow"] == (*project.seeds, 8)
    assert list(study.file.reference)[-1] == "said"


def test_a_config_adds_comparisons(files):
    told = {"name": "barrier", "conditions": ["one", "wide"], "for_each": "pair"}
    files.set(CONFIG, f"{ADDS}.comparisons", {"hill": told})
    files.set(CONFIG, "overrides.composition.comparisons.hill", {"splits": ["oo"]})
    (hill,) = files.load().studies["composition"].comparisons.values()
    assert (hill.name, hill.for_each, hill.splits) == ("barrier", "pair", ("oo",))


def test_overrides_change_what_is_added_as_they_change_anything(files):
    files.set(CONFIG, f"{ADDS}.conditions", {"slow": variant()})
    files.set(CONFIG, "overrides.composition.conditions.slow", {"training": {"steps": 777}})
    assert files.condition("slow").training.steps == 777


@pytest.mark.parametrize(
    ("key", "value", "at", "says"),
    [
        ("conditions.wide", {}, "conditions.wide", "the study has it already"),
        ("reference.delay", ROW, "reference.delay", "the study has it already"),
        ("conditions.slow", {"trainig": {}}, "conditions.slow.trainig", "did you mean training?"),
        (
            "conditions.slow",
            {"training": {"steps": -1}},
            "conditions.slow.training.steps",
            "must be greater than or equal to 0",
        ),
        (
            "conditions.slow",
            {"parent": {"condition": "won"}},
            "conditions.slow.parent",
            "there is no condition 'won'",
        ),
        (
            "conditions.slow",
            {"label": "wide"},
            "conditions.slow.label",
            "is the label of wide, too",
        ),
        ("conditions.slow", {"label": "$x"}, "conditions.slow.label", "$ begins mathematics"),
        (
            "conditions.slow",
            {"variant_of": "won"},
            "conditions.slow.variant_of",
            "there is no such condition",
        ),
        (
            "reference.said",
            {**ROW, "ours": "won/oo/accuracy"},
            "reference.said.ours",
            "there is no condition 'won'",
        ),
        ("reference.said", ROW, "reference.said", "sets nothing of ours beside it"),
        ("reference.said", {"quantity": "it"}, "reference.said.published", "missing"),
        ("figures.more", "A caption.", "figures", "unknown key"),
        ("comparisons.hill", {"name": "barier"}, "comparisons.hill.name", "did you mean barrier?"),
        (
            "comparisons.hill",
            {"name": "barrier", "conditions": ["won"], "for_each": "pair"},
            "comparisons.hill.conditions",
            "there is no condition 'won'",
        ),
    ],
    ids=lambda its: its if isinstance(its, str) else "",
)
def test_mistakes_in_it_are_found_where_they_stand(files, key, value, at, says):
    files.set(CONFIG, f"{ADDS}.{key}", value)
    found = files.problems()
    assert says in found[CONFIG, f"{ADDS}.{at}"]


def test_smoke_settings_add_nothing(files):
    files.set(STUDY, "smoke.adds", {"conditions": {"slow": {}}})
    assert "unknown key" in files.problems()[STUDY, "smoke.adds"]


def test_of_a_study_that_is_not_run_it_must_be_readable(files):
    files.set(CONFIG, "overrides.alias.adds.conditions.slow.trainig", {})
    where = (CONFIG, "overrides.alias.adds.conditions.slow.trainig")
    assert "did you mean training?" in files.problems()[where]


def test_a_notebook_may_compare_what_only_some_configs_declare(files):
    notebook = "workflow/notebooks/composition.py"
    text = (files.root / notebook).read_text()
    assert 'if "loops" in study.reference:' in text
    files.load()
    files.set(CONFIG, f"{ADDS}.reference", {"loops": ROW})
    files.load()
    unasked = text.replace('if "loops" in study.reference:', "if study:")
    files.write(notebook, unasked)
    files.remove(CONFIG, f"{ADDS}.reference.loops")
    assert "compares 'loops' with a published value" in "".join(files.problems().values())
