"""What a study's file and its notebook call alike: what one of them doesn't know is told in planning."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest

from onset.config.name_patterns import Hole, matches
from onset.config.notebook_source import read_notebook_source
from onset.notebook.parameters import Parameters
from tests.config_files import CONFIG, ROOT, Files

ALIAS, GROKKING, SIMPLEST, SUPERPOSITION = (
    f"config/studies/{name}.yaml" for name in ("alias", "grokking", "simplest", "superposition")
)


@pytest.fixture
def files(tmp_path):
    return Files.copied(tmp_path)


class Bad(NamedTuple):
    name: str
    file: str
    path: str
    value: Any
    key: str
    says: tuple[str, ...]


def bad(name: str, file: str, path: str, value: Any, *says: str, key: str | None = None) -> Bad:
    return Bad(name, file, path, value, path if key is None else key, says)


PUBLISHED = {"quantity": "q", "published": "p", "source": "s", "above": 0.5}
NAMES = [
    bad("parameter", SIMPLEST, "notebook.levle", 0.95, "no such parameter", "did you mean level?"),
    bad("figure", ALIAS, "figures.dose", "A caption.", "draws no such figure",
        "did you mean doses?"),
    bad("table", ALIAS, "tables.acuracy", "A caption.", "makes no such table",
        "did you mean accuracy?"),
    bad("figure of a table's name", ALIAS, "figures.accuracy", "A caption.", "no such figure"),
    bad("published", SUPERPOSITION, "reference.capacity_wied", PUBLISHED, "nothing of ours beside it",
        "did you mean capacity_wide?"),
    bad("a mean beside it", ALIAS, "reference.tied", PUBLISHED | {"ours": "tied/odo/accuracy"},
        "there is no split 'odo' in tied; did you mean ood?", key="reference.tied.ours"),
    bad("no mean beside it", ALIAS, "reference.tied", PUBLISHED | {"ours": "accuracy"},
        "a mean is called condition/split/quantity", key="reference.tied.ours"),
    bad("published and known", GROKKING, "reference.generalized", PUBLISHED,
        "did you mean generalised?"),
    bad("published where nothing is", ALIAS, "reference.chance", PUBLISHED,
        "sets nothing of ours beside it; (allowed: none)"),
    bad("split in the answer", ALIAS, "answer", "In {tied/odo/accuracy} of cases.",
        "as a mean: there is no split 'odo' in tied; did you mean ood?"),
    bad("condition in the answer", ALIAS, "answer", "In {teid/ood/accuracy} of cases.",
        "saves no number 'teid/ood/accuracy'", "no condition 'teid'; did you mean tied?"),
    bad("quantity in the answer", ALIAS, "answer", "In {tied/ood/acuracy} of cases.",
        "'tied/ood/acuracy': nothing measures 'acuracy' in tied; did you mean accuracy?"),
    bad("quantity of no split in the answer", ALIAS, "answer", "A cosine of {tied//base_cosin}.",
        "nothing measures 'base_cosin' in tied"),
    bad("condition of a number in the answer", GROKKING, "answer", "At {p95/generalised}.",
        "no number 'p95/generalised'", "conditions: p113, p59"),
    bad("number in the answer", GROKKING, "answer", "With {memorized_auc}.",
        "no number 'memorized_auc'; did you mean memorised_auc?"),
    bad("condition in the abstract", ALIAS, "abstract", "In {teid/ood} of cases.",
        "did you mean untrained/ood?"),
    bad("a brace in the abstract", ALIAS, "abstract", "In {tied/ood of cases.", "no counterpart"),
    bad("nothing in the answer", ALIAS, "answer", "In {} of cases.", "no number ''"),
    bad("an open brace", ALIAS, "answer", "In {tied/ood/accuracy of cases.", "a { has no counterpart"),
    bad("a brace too many", ALIAS, "answer", "In {tied/ood/accuracy}} of cases.", "a } has no counterpart"),
]  # fmt: skip
VALUES = [
    bad("text", SIMPLEST, "notebook.level", "high", "'high': must be a number"),
    bad("too much", SIMPLEST, "notebook.level", 1.5, "1.5: must be less than or equal to 1"),
    bad("a list", SIMPLEST, "notebook.level", [0.5], "[0.5]: must be a number"),
    bad("nothing", SIMPLEST, "notebook.level", None, "null: must be a number"),
    bad("the wrong order", GROKKING, "notebook.generalised_at", 0.999,
        "must be generalised_at <= memorised_at, and generalised_at is 0.999, memorised_at is 0.99"),
    bad("no checkpoint", GROKKING, "notebook.known_at", 301,
        "no condition has a checkpoint at step 301; the nearest are 300 and "),
    bad("part of a step", GROKKING, "notebook.known_at", 300.5, "must be a whole number"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*NAMES, *VALUES], ids=lambda case: case.name)
def test_a_mistake_is_named(files, case):
    files.set(CONFIG, "studies", [case.file.split("/")[-1].removesuffix(".yaml")])
    files.set(case.file, case.path, case.value)
    problems = files.problems()
    assert list(problems) == [(case.file, case.key)]
    for fragment in case.says:
        assert fragment in problems[case.file, case.key]


@pytest.mark.parametrize(
    ("file", "path", "key", "says"),
    [
        (SIMPLEST, "notebook.level", "notebook", "the parameter level of"),
        (ALIAS, "figures.doses", "figures", "draws doses, which isn't declared here"),
        (ALIAS, "tables.accuracy", "tables", "makes accuracy, which isn't declared here"),
        (ALIAS, "conditions.untied", "answer", "there is no condition 'untied'"),
        (
            GROKKING,
            "reference.restricted",
            "reference",
            "compares 'restricted' with a published value",
        ),
        (GROKKING, "reference", "reference", "that isn't declared here; (allowed: none)"),
    ],
)
def test_what_is_gone_is_missed(files, file, path, key, says):
    files.set(CONFIG, "studies", [file.split("/")[-1].removesuffix(".yaml")])
    files.remove(file, path)
    assert says in files.problems()[file, key]


def test_published_values_need_a_verdict(files):
    files.set(CONFIG, "studies", ["alias"])
    path = "workflow/notebooks/alias.py"
    text = (files.root / path).read_text(encoding="utf-8")
    files.write(path, text.replace("study.verdict()", ""))
    assert "sets nothing beside it (study.verdict)" in files.problems()[ALIAS, "reference"]


@pytest.mark.parametrize(
    ("mean", "says"),
    [
        ("{tied}{odo}{accuracy}", "there is no split 'odo' in tied; did you mean ood?"),
        ("{teid}{ood}{accuracy}", "there is no condition 'teid'; did you mean tied?"),
        ("{tied}\n{ood}%\n{new_nam_accuracy}", "did you mean new_name_accuracy?"),
    ],
)
def test_a_mean_that_the_paper_asks_for_in_vain_is_told_with_its_line(files, mean, says):
    files.set(CONFIG, "studies", ["alias"])
    (files.root / "paper/sections").mkdir(parents=True)
    files.write("paper/sections/alias.tex", "First.\n% \\onsetmean{alias}{a}{b}{c}\n")
    files.load()
    text = f"100\\,\\%\nof \\onsetmean{{alias}}{mean}, \\onsetmean{{sae}}{{no}}{{such}}{{study}}"
    files.write("paper/sections/alias.tex", text)
    assert says in files.problems()["paper/sections/alias.tex:2", ""]
    files.set(CONFIG, "paper", value=False)
    files.load()


def test_a_condition_that_the_notebook_asks_for_by_name(files):
    files.set(CONFIG, "studies", ["induction"])
    file = "config/studies/induction.yaml"
    files.remove(file, "conditions.finite_data")
    files.remove(file, "smoke.conditions.finite_data")
    assert "asks for the condition 'finite_data'" in files.problems()[file, "conditions"]


def test_the_point_that_all_grids_go_through(files):
    files.set(CONFIG, "studies", ["simplest"])
    files.remove(SIMPLEST, "conditions.base")
    assert "asks for the condition 'base'" in files.problems()[SIMPLEST, "conditions"]


def test_a_notebook_of_analyses_where_there_are_none(files):
    files.set(CONFIG, "studies", ["alias"])
    files.set(ALIAS, "analyses", {})
    assert "no condition has any" in files.problems()[ALIAS, "analyses.names"]


def test_a_notebook_that_is_no_python(files):
    files.set(CONFIG, "studies", ["alias"])
    files.write("workflow/notebooks/alias.py", "x = (\n")
    said = files.problems()[ALIAS, ""]
    assert "its notebook can't be read: " in said
    assert "'(' was never closed" in said


def test_names_are_judged_beside_faulty_conditions(files):
    files.set(CONFIG, "studies", ["simplest"])
    files.set(SIMPLEST, "notebook.levle", 0.95)
    files.set(SIMPLEST, "training.steps", "many")
    assert (SIMPLEST, "notebook.levle") in files.problems()


class TestParameters:
    """The cell is the declaration."""

    @pytest.mark.parametrize(
        ("kind", "fits", "does_not"),
        [
            ("Fraction", 0.5, 2),
            ("PositiveInt", 3, 0),
            ("list[Fraction]", [0, 1], [0, 2]),
            ("dict[str, PositiveFloat]", {"tied": 0.1}, {"tied": -1}),
            ("Condition", "tied", "teid"),
            ("dict[str, Condition]", {"one": "tied"}, {"one": "teid"}),
            ("Checkpoint", 20, 21),
            ("PositiveInt | None", None, "none"),
            ("bool", True, "yes"),
        ],
    )
    def test_a_value_is_of_its_kind(self, kind, fits, does_not):
        its = Parameters.of(f"x: {kind} = 0")
        context = {"conditions": ["tied"], "steps": {20}}
        assert list(its.problems({"x": fits}, **context)) == []
        ((place, said),) = its.problems({"x": does_not}, **context)
        assert place[0] == "x"
        assert said

    def test_a_kind_that_there_is_not(self):
        with pytest.raises(ValueError, match="no kind of parameter: Fractoin"):
            list(Parameters.of("x: Fractoin = 0").problems({"x": 0}))

    def test_orders_are_of_what_is_told(self):
        its = Parameters.of("low = 0\nhigh = 1\nassert 0 <= low < high")
        assert list(its.problems({"low": 0.1, "high": 0.2})) == []
        ((_, said),) = its.problems({"low": 0.3, "high": 0.2})
        assert said == "must be 0 <= low < high, and low is 0.3, high is 0.2"

    def test_what_is_asked_together_is_judged_part_by_part(self):
        its = Parameters.of("low = 0\nhigh = 1\nassert low < high and -1 < high < 1")
        assert not its.refused
        ((place, said),) = its.problems({"low": 0.99, "high": 0.5})
        assert (place, said) == (("low",), "must be low < high, and low is 0.99, high is 0.5")

    def test_nothing_cannot_be_compared(self):
        its = Parameters.of("low: Fraction | None = 0\nassert low < 1")
        assert [said for _, said in its.problems({"low": None})] == [
            "must be low < 1, and low is null"
        ]

    @pytest.mark.parametrize(
        ("test", "says"),
        [
            ("level <= levle", "levle is no parameter (parameters: level)"),
            ("0 < 1", "it names no parameter"),
            ("level", "compares parameters and numbers"),
            ("level + 1 < 2", "compares parameters and numbers"),
            ("level < 1 or level > 3", "compares parameters and numbers"),
            ("level in (1, 2)", "compares parameters and numbers"),
            ("0 < level and not level", "compares parameters and numbers"),
        ],
    )
    def test_an_assert_that_cannot_be_judged_is_refused_with_its_line(self, files, test, says):
        assert says in Parameters.of(f"level = 1\nassert {test}").refused[0]
        files.set(CONFIG, "studies", ["simplest"])
        path = files.root / "workflow/notebooks/simplest.py"
        before, line, after = path.read_text().partition("level: Fraction = 0.95\n")
        files.write("workflow/notebooks/simplest.py", f"{before}{line}assert {test}\n{after}")
        said = files.problems()[SIMPLEST, ""]
        n = before.count("\n") + 2
        assert said.startswith(f"workflow/notebooks/simplest.py: line {n}: assert ")

    def test_every_parameter_of_our_notebooks_says_what_it_is_to_be(self):
        for path in sorted((ROOT / "workflow/notebooks").glob("*.py")):
            its = read_notebook_source(path).parameters
            told = {"study_name", "results", "code"}
            assert all(kind for name, kind in its.kinds.items() if name not in told), path.name


class TestReading:
    """What is known of names without running anything."""

    def read(self, tmp_path, code: str):
        path = tmp_path / "notebook.py"
        path.write_text(code)
        return read_notebook_source(path)

    CELL = '# %% tags=["parameters"]\nlevel = 1\n'

    @pytest.mark.parametrize(
        ("code", "known"),
        [
            (CELL + "# %%\nx = 2\n", ["level"]),
            ('# %% [markdown]\n# See the cell with tags=["parameters"].\n\n' + CELL, ["level"]),
            (CELL + '# %%\n# See the cell with tags=["parameters"].\nx = 2\n', ["level"]),
            ('# %% One [of many] tags=["a", "parameters"]\nlevel = 1\n', ["level"]),
            ('# %% tags=["parameters"]', []),
            (CELL + CELL, None),
            ('# %% [markdown] tags=["parameters"]\n# level = 1\n', None),
            ('# %%\nx = ["parameters"]\n', None),
            ('# %% tags=[\n# "parameters"]\nlevel = 1\n', None),
        ],
    )
    def test_the_parameters_are_those_of_the_one_cell_that_is_tagged(self, tmp_path, code, known):
        found = self.read(tmp_path, code).parameters
        assert (None if found is None else list(found.kinds)) == known

    @pytest.mark.parametrize(
        ("code", "known"),
        [
            ('numbers = {"a": 1}\nnumbers["b"] = 2\nnumbers |= {"c": 3}', {"a", "b", "c"}),
            ('numbers = {f"n_{k}": 1 for k in ("x", "y")}', {"n_x", "n_y"}),
            (
                'numbers = {}\nfor part, keys in {"task": ("p",), "model": ("d", "h")}.items():\n'
                "    numbers |= {key: 1 for key in keys}",
                {"p", "d", "h"},
            ),
            (
                'KINDS = [c for c in ("one", "two") if c in conditions]\nnumbers = {}\n'
                'for kind in [*KINDS, "three"]:\n    numbers[f"{kind}/least"] = 1',
                {"one/least", "two/least", "three/least"},
            ),
            (
                'KINDS = [k for k in ("one", "two", "three") if k != "two"]\n'
                "numbers = {kind: 1 for kind in KINDS}",
                {"one", "three"},
            ),
            ('numbers = {"a" if tied else "b": 1}', {"a", "b"}),
            (
                'if many:\n    name = "a"\nelse:\n    name = "b"\nnumbers = {}\nnumbers[name] = 1',
                {"a", "b"},
            ),
        ],
    )
    def test_text_and_loops_over_text_are(self, tmp_path, code, known):
        found = self.read(tmp_path, code + "\nstudy.save_numbers(numbers)\n").numbers
        assert {pattern[0] if len(pattern) == 1 else "".join(pattern) for pattern in found} == known

    def test_of_data_only_what_it_is_of(self, tmp_path):
        found = self.read(
            tmp_path,
            'numbers = {f"{row.condition}/{row.split}_half": 1 for row in rows}\n'
            "study.save_numbers(numbers)\n",
        ).numbers
        assert found == [(Hole.CONDITION, "/", Hole.SPLIT, "_half")]
        holes = {Hole.CONDITION: ["tied"], Hole.SPLIT: ["id"]}
        assert matches(found, "tied/id_half", holes)
        assert not matches(found, "tied/ood_half", holes)

    def test_calls_of_the_library_say_what_they_make(self, tmp_path):
        found = self.read(
            tmp_path,
            'study.rows_figure("contrast", rows)\nstudy.summary_table("accuracy", columns)\n'
            'study.verdict({"sharing": summary_of_seeds(values)})\n'
            "study.save_numbers(\n"
            '    say.named(rows, "{condition}/{split}_half")\n'
            '    | study.quoted_settings("task.n_values", condition="tied")\n'
            '    | {"chance": "0.1"}\n)\nstudy.settings["tied"]\nstudy.setting("task.p", "free")\n',
        )
        assert found.always == {("figures", "contrast"), ("tables", "accuracy")}
        assert found.published == [("sharing",)]
        half = (Hole.CONDITION, "/", Hole.SPLIT, "_half")
        assert found.numbers == [half, ("n_values",), ("chance",)]
        assert found.conditions == {"tied", "free"}

    def test_what_rows_are_chosen_by_is_known_of_their_columns(self, tmp_path):
        found = self.read(
            tmp_path,
            'MEASURES = ["dead", "dense"]\nstudy.save_numbers(\n'
            '    say.named(where(rows, measure=MEASURES), "{condition}/{measure}")\n'
            '    | say.named(complete(rows, kind=["a", "b"], dose=[0, 1]), "{kind}/at/{dose}")\n)\n',
        ).numbers
        of_conditions = [(Hole.CONDITION, "/", "dead"), (Hole.CONDITION, "/", "dense")]
        assert found == [*of_conditions, *((its, "/at/", Hole.MEASURE) for its in "ab")]

    def test_what_is_computed_is_not_judged(self, tmp_path):
        found = self.read(tmp_path, "study.save_numbers(made_elsewhere())\n").numbers
        assert matches(found, "any/thing", {})

    @pytest.mark.parametrize("path", sorted((ROOT / "workflow/notebooks").glob("*.py")))
    def test_our_notebooks_name_all_their_figures_and_tables(self, path):
        """Nothing of theirs is beyond judgement."""
        found = read_notebook_source(path)
        for pattern in (*found.figures, *found.tables, *found.published):
            assert all(isinstance(part, str) for part in pattern)
        assert (Hole.ANY,) not in found.numbers

    def test_the_numbers_that_the_paper_quotes_are_known(self):
        """What is saved must never be refused: the paper's names are known to be right."""
        names = {path.stem for path in (ROOT / "workflow/notebooks").glob("*.py")}
        quoted = set()
        for path in (ROOT / "paper/sections").glob("*.tex"):
            quoted |= set(re.findall(r"\\onset\w*\{(\w+)/([^{}#]+)\}", path.read_text()))
        asked = {(study, name) for study, name in quoted if study in names}
        assert len(asked) > 100
        for study, name in sorted(asked):
            found = read_notebook_source(ROOT / f"workflow/notebooks/{study}.py")
            assert matches(found.numbers, name, {}), (study, name)
