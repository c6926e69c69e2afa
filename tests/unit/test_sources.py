"""Files and options of a call: which wins, and which is blamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from onset.config import ConfigError, project_of
from onset.config.sources import read_options, read_sources
from tests.unit.test_config import CONFIG, STUDY, files  # noqa: F401 - a fixture


def given(root: Path, *options: str, **texts: str):
    """The project of a call with files of these texts, in this order, and these options."""
    paths = [root / f"{name}.yaml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    return project_of(read_sources(root, paths, options), root)


def said(root: Path, *options: str, **texts: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        given(root, *options, **texts)
    return [str(problem) for problem in refused.value.problems]


def test_later_files_win_and_options_over_all(files):  # noqa: F811
    one, two = "threads: 2\npaper: false\nseeds: [1]\n", "threads: 3\nseeds: [2]\n"
    settings = given(files.root, "seeds=[3]", one=one, two=two).settings
    assert (settings.paper, settings.threads, settings.seeds) == (False, 3, (3,))
    assert settings.studies == ("composition",)


def test_mappings_are_merged(files):  # noqa: F811
    one = "overrides: {composition: {training: {steps: 2500, batch_size: 8}}}\n"
    project = given(files.root, "overrides={composition: {training: {steps: 2000}}}", one=one)
    training = project.condition("composition", "one").training
    assert (training.steps, training.batch_size) == (2000, 8)


def test_the_last_that_says_it_is_blamed(files):  # noqa: F811
    files.set(CONFIG, "threads", 0)
    assert said(files.root) == ["config/config.yaml: threads: 0: must be greater than 0"]
    assert said(files.root, one="threads: -1\n")[0].startswith("one.yaml: threads: -1: ")
    assert said(files.root, "threads=-2", one="threads: -1\n")[0].startswith(
        "--config threads: -2: "
    )
    assert said(files.root, "threads=2", "seeds=[x]") == [
        "--config seeds.0: 'x': must be a whole number"
    ]
    files.remove(CONFIG, "seeds")
    assert said(files.root, "threads=1") == ["config/config.yaml: seeds: this key is missing"]


def test_overrides_are_blamed_to_the_key(files):  # noqa: F811
    options = ["overrides={composition: {training: {steps: -1}}}"]
    one = "overrides: {composition: {model: {n_heads: 0}}}\n"
    lines = said(files.root, *options, one=one)
    assert [line.partition(": ")[0] for line in lines] == [
        "one.yaml",
        "--config overrides.composition.training.steps",
    ]
    assert lines[0].startswith("one.yaml: overrides.composition.model.n_heads: 0: ")


def test_all_that_cannot_be_read_is_told(files):  # noqa: F811
    files.write(CONFIG, "")
    lines = said(files.root, "seeds=[0", one="- 1\n")
    assert lines == [
        "config/config.yaml: it is empty; expected keys and values",
        "one.yaml: expected keys and values",
        "--config seeds=[0: a bracket isn't closed",
    ]


def test_a_file_that_asks_for_code_is_refused(files):  # noqa: F811
    lines = said(files.root, one="__use_yte__: true\nseeds: ?[0]\n")
    assert lines[0].startswith("one.yaml: __use_yte__: with this key Snakemake runs Python")
    assert said(files.root, "__use_yte__=true")[0].startswith("--config __use_yte__: ")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("a=3", 3),
        ("a=1e-3", 0.001),
        ("a=false", False),
        ("a=True", True),
        ("a=", None),
        ("a=x=y", "x=y"),
        ("a='0400'", "0400"),
        ("a=[0, 1]", [0, 1]),
        ("a=['x', 'y']", ["x", "y"]),
        ("a={'b': 'c'}", {"b": "c"}),
        ("a={b: {c: 2}}", {"b": {"c": 2}}),
    ],
)
def test_an_option_is_read_like_a_file(option, value):
    read = read_options([option])
    assert read == {"a": value}
    assert type(read["a"]) is type(value)


def test_a_key_that_appears_twice_is_refused():
    with pytest.raises(ConfigError, match="seeds appears twice in this call"):
        read_options(["seeds=[0]", "seeds=[2]"])
    assert read_options(["overrides={a: 1}", "overrides={b: 2}"]) == {"overrides": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("a=0400", "--config a=0400: 0400: not read alike"),
        ("seeds=[0,", "--config seeds=[0,: a bracket isn't closed"),
        ("1]", "--config 1]: expected KEY=VALUE; a value with blanks goes in quotes"),
        ("a b=1", "--config a b=1: a key is letters, digits and _"),
        ("a=" + "[" * 99, f"--config a={'[' * 55}...: more than 40 nested brackets or levels"),
        (
            "training.steps=5",
            "--config training.steps=5: a key has no dots; what is set within a study is written "
            "--config 'overrides={STUDY: {training: {steps: 5}}}'",
        ),
        (
            "alias.training.steps=5",
            "--config alias.training.steps=5: a key has no dots; what is set within a study "
            "is written --config 'overrides={alias: {training: {steps: 5}}}'",
        ),
        (
            "overrides.alias.training.steps=5",
            "--config overrides.alias.training.steps=5: a key has no dots; what is set within a study "
            "is written --config 'overrides={alias: {training: {steps: 5}}}'",
        ),
    ],
)
def test_an_option_that_cannot_be_read(option, says):
    with pytest.raises(ConfigError) as refused:
        read_options([option])
    (problem,) = refused.value.problems
    assert str(problem).startswith(says)


def test_a_quoted_number_stays_text(files):  # noqa: F811
    """As in a study's file: it isn't read a second time."""
    assert said(files.root, one="threads: '3'\n") == [
        "one.yaml: threads: '3': must be a whole number"
    ]
    files.set(STUDY, "conditions.one.label", "3")
    assert given(files.root).condition("composition", "one").label == "3"
