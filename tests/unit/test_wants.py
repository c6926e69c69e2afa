"""Every measure and analysis of every world: refused in planning, or rows of finite numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any, get_args

import pytest
import torch

from onset import analyses, comparisons, measures, models, tasks
from onset.code import missing
from onset.code.missing import refuse_missing_imports
from onset.code.syntax import SourceError
from onset.config.quantities import declared_by
from onset.config.traits import KNOWN, OF_MODELS, OF_WORLDS, traits_of_model
from onset.config.wants import wants
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.statistics.kinds import KINDS
from onset.statistics.quantities import quantity_of
from onset.tasks.worlds import kind_of, length_of, sizes_of, truth_of
from onset.training.settings import Extent
from tests import checkpoints
from tests.worlds import made_of_nothing, settings_of, small_worlds

_SMALL = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 16}
SEQUENCES = {
    "one layer": _SMALL,
    "two layers": {**_SMALL, "n_layers": 2},
    "looped": {**_SMALL, "n_loops": 4, "readout": "per_hop"},
    "attention only": {**_SMALL, "n_layers": 2, "d_mlp": 0},
    "no norms": {**_SMALL, "norm": "none", "positions": "none"},
    "smeared": {**_SMALL, "n_layers": 2, "smeared_keys": True, "tied_embeddings": False},
    "pretrained": {"name": "pretrained", "first_token": 5},
}
_TWINS = {"name": "dictionary", "n_latents": 20}
VECTORS = {
    "bottleneck": {"name": "bottleneck", "n_inputs": 2, "d_hidden": 1},
    "one network": {"name": "bottleneck", "n_inputs": 8, "d_hidden": 4, "tied": False},
    "factors": {"name": "factors", "n_signs": 2, "width": 4, "scales": [0.1]},
    "l1": {**_TWINS, "kind": "l1", "sparsities": [0.1, 0.1]},
    "topk": {**_TWINS, "kind": "topk", "sparsities": [2, 4]},
}
NOTHING_BEFORE_TRAINING = {
    "completeness",
    "edge_stability",
    "formula",
    "paths_to_movers",
    "self_repair",
}
"""of an untrained model no frequency is a key, and it may answer no question, or move names in its only
layer, before which nothing is, and after which nothing"""
ROUNDING = 1e-5

WORLDS = made_of_nothing()
AT_ONCE = ("two layers", "l1", "one network", "factors")
"""models that are tried whenever tests are run"""


def _fits(world: Any, told: dict[str, Any]) -> bool:
    """Whether planning would let such a model of vectors be trained there."""
    settings = models.load_settings(told["name"]).Settings.model_validate(told)
    return not models.load_planning(told["name"]).problems(settings, *sizes_of(world))


PAIRS = [
    pytest.param(world, name, marks=() if name in AT_ONCE else pytest.mark.slow)
    for world, settings in WORLDS.items()
    for name in (SEQUENCES if kind_of(settings) == "sequences" else VECTORS)
    if name != "pretrained" or world in ("composition", "induction")  # they take their time
    if kind_of(settings) == "sequences" or _fits(settings, VECTORS[name])
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Of a pretrained model that is large enough for all worlds."""
    folder = tmp_path_factory.mktemp("pretrained") / "checkpoint"
    return checkpoints.save("pythia", folder, rows=400, positions=16)


@pytest.mark.parametrize(("world", "model"), PAIRS)
def test_what_planning_lets_pass_has_rows(world, model, checkpoint):
    task = WORLDS[world]
    chosen = (SEQUENCES if kind_of(task) == "sequences" else VECTORS)[model]
    if model == "pretrained":
        chosen = {**chosen, "checkpoint": str(checkpoint)}
    settings = models.load_settings(chosen["name"]).Settings.model_validate(chosen)
    dataset = tasks.load(world).generate(task, 0)
    its = models.build(chosen, *dataset.sizes)
    parameters = its.initial_parameters(0)
    asked = 0
    for package in (measures, analyses):
        for name in package.names():
            wanted = wants(package, name)
            if any(wanted.unfit(task, settings)) or name in NOTHING_BEFORE_TRAINING:
                continue
            if set(wanted.only_with) - set(traits_of_model(settings)):
                continue
            rows = list(_asked(package, name, its, parameters, dataset))
            assert rows, name
            assert all(math.isfinite(row.value) for row in rows), name
            _are_as_declared(package, name, rows)
            asked += 1
    assert asked > 1


def _are_as_declared(package: ModuleType, name: str, rows: Sequence[Measurement]) -> None:
    """Each row's name is declared, and its value one that its kind can have."""
    declared = declared_by(package, name)
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row.measure, []).append(row.value)
    for measure, its in values.items():
        kind = KINDS[quantity_of(measure, declared).kind]
        assert kind.low - ROUNDING <= min(its), (name, measure)
        assert max(its) <= kind.high + ROUNDING, (name, measure)


def _asked(package: ModuleType, name: str, model: Any, parameters: Any, dataset: Any) -> Any:
    module = package.load(name)
    with torch.inference_mode():
        if package is analyses:
            return list(module.analyse(model, parameters, dataset, 0))
        end = [module.at_end(model, parameters, dataset)] if hasattr(module, "at_end") else []
        return list(module.measure(model, parameters, dataset, *end))


@pytest.mark.parametrize(
    ("package", "name", "world", "says"),
    [
        (measures, "circle", "composition", "pairs of numbers to be added modulo an odd p"),
        (measures, "head_scores", "alias", "sequences in which segments come again"),
        (measures, "fourier_weights", "alias", "the task alias, as it is set, has none"),
        (measures, "context_share", "alias", "segments come again"),
        (measures, "commonest_answer", "chains", "the task chains has no composed_train"),
        (measures, "commonest_end", "alias", "asks for the splits atomic, hops2_seen"),
        (measures, "position_reading", "alias", "the task alias has no test"),
        (analyses, "backups", "alias", "segments come again"),
        (analyses, "formula", "reversal", "odd p"),
        (analyses, "circuit_edges", "modular_addition", "segments come again"),
    ],
)
def test_what_does_not_fit_a_world_is_refused(package, name, world, says):
    said = "; ".join(wants(package, name).unfit(settings_of(world), None))
    assert says in said


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("fourier_neurons", {"d_mlp": 0}, "fourier_neurons needs MLP neurons"),
        ("circuit_edges", {"n_layers": 2, "norm": "none"}, "needs layer norms"),
        ("circuit_edges", {"n_layers": 2, "smeared_keys": True}, "nothing that TransformerLens"),
        ("circuit_edges", {}, "two or more block applications"),
    ],
)
def test_what_does_not_fit_a_model_is_refused(name, changes, says):
    package = measures if name in measures.names() else analyses
    world = settings_of("modular_addition" if package is measures else "induction")
    model = models.load_settings("transformer").Settings(**{**_SMALL, **changes})
    assert says in "; ".join(wants(package, name).unfit(world, model))


def test_an_even_modulus_has_no_frequencies_of_ours():
    even = settings_of("modular_addition", p=14)
    assert any(wants(measures, "circle").unfit(even, None))


@pytest.mark.parametrize("world", WORLDS)
def test_a_task_tells_which_split_carries_which_truth(world):
    task = settings_of(world)
    dataset = tasks.load(world).generate(task, 0)
    assert dataset.sizes == sizes_of(task)
    for name, split in dataset.splits.items():
        optional = {
            its for its in ("candidates", "familiar") if getattr(split, its, None) is not None
        }
        carried = set(split.truth) | optional
        if kind_of(task) == "sequences":
            assert carried == set(truth_of(task, name)), name
            assert split.tokens.shape[1] == length_of(task, name), name


def test_needs_are_words_that_someone_has():
    """A slip in one of them would refuse everything."""
    told = ({"name": name, **its} for name in tasks.names() for its in small_worlds(name))
    worlds = (tasks.load(its["name"]).Settings.model_validate(its) for its in told)
    known = {fact for its in worlds for fact in its.truth}
    known |= {"token", *KNOWN}
    for package in (measures, analyses, comparisons):
        for name in package.names():
            its = wants(package, name)
            assert set(its.needs) <= known, name
            assert set(its.only_with) <= OF_MODELS.keys(), name


def test_families_whose_heads_can_be_asked_for_open_in_transformer_lens():
    for name in models.names():
        settings = models.load_settings(name).Settings.model_construct(name=name, sparsities=())
        if {"heads", "residual_stream"} & set(traits_of_model(settings)):
            assert inspection.has_bridge(name), name


def test_every_trait_is_someones_need():
    asked = {
        need
        for package in (measures, analyses, comparisons)
        for name in package.names()
        for need in (*wants(package, name).needs, *wants(package, name).only_with)
    } | {*get_args(Extent), "tokenizer"}  # what parts of a training, and tasks of texts, need
    assert asked & KNOWN.keys() == {*OF_WORLDS, *OF_MODELS}


def test_declarations_are_tuples_of_words():
    """A lone string would be read as its letters."""
    for package in (measures, analyses, comparisons):
        for name in package.names():
            its = wants(package, name)
            for words in (its.needs, its.splits, its.only_with):
                assert isinstance(words, tuple), name
                assert all(len(word) > 1 for word in words), name


_MEASURE = "def measure(model, parameters, dataset):"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (_MEASURE, None),
        ("def measure(model, parameters):", "line 2: measure must take model, parameters and"),
        ("NEEDS = 'bridge'\ndef measure(model, parameters, dataset):", "NEEDS must be words in"),
        (f"ONLY_WITH = ['laiers']\n{_MEASURE}", "ONLY_WITH: .* 'laiers'; did you mean layers?"),
        (f"import nowhere.at_all\n{_MEASURE}", "line 2: there is no module nowhere to import"),
        (f"from nowhere import it\n{_MEASURE}", "line 2: there is no module nowhere to import"),
        (f"{_MEASURE}\n    import nowhere", "line 3: there is no module nowhere to import"),
        (f"from onset.no import it\n{_MEASURE}", "line 2: there is no module onset.no to import"),
        (
            f"from onset.measures.measurement import Measurment\n{_MEASURE}",
            "onset.measures.measurement has no Measurment to import; did you mean Measurement?",
        ),
        (f"try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n{_MEASURE}", None),
        (f"import torch, numpy.linalg\nfrom onset import models\n{_MEASURE}", None),
    ],
)
def test_a_measure_as_a_newcomer_writes_it(tmp_path, monkeypatch, source, says):
    path = tmp_path / "mine.py"
    quantities = "QUANTITIES = {'its': {'kind': 'share', 'label': 'its'}}"
    path.write_text(f"{quantities}\n{source}\n    yield 1\n")
    monkeypatch.setattr(measures.CATALOGUE, "source", lambda name: path)
    if says is None:
        assert wants(measures, f"a_newcomers {source}").kind is None
        return
    with pytest.raises(SourceError, match=says):
        wants(measures, f"a_newcomers {source}")


def test_what_a_helper_lacks_is_told_of_the_measure(tmp_path, monkeypatch):
    """By file and line of the helper."""
    monkeypatch.setattr(missing, "_missing_in", lambda module: f"{module}: line 1: it lacks x")
    path = tmp_path / "mine.py"
    path.write_text(f"from onset.measures.answers import asking\n{_MEASURE}\n    yield 1\n")
    with pytest.raises(SourceError, match="it lacks x"):
        refuse_missing_imports(path)


class TestSplits:
    """Analyses that are confined to some splits."""

    @pytest.mark.parametrize(
        ("name", "splits", "says"),
        [
            (
                "patching",
                ["atomic"],
                "has nothing to look at in atomic (allowed: composed_train, id",
            ),
            ("patching", ["oo_validation"], "nothing to look at in oo_validation"),
            ("patching", ["atomic", "oo"], None),
            ("frozen_attention", ["atomic"], None),
        ],
    )
    def test_there_must_be_something_to_look_at(self, name, splits, says):
        said = wants(analyses, name).unfit_for_splits(settings_of("composition"), splits)
        assert (says is None and said is None) or says in said

    def test_those_that_are_asked_for_by_name_must_be_there(self):
        said = wants(analyses, "formula").unfit_for_splits(
            settings_of("modular_addition"), ["test"]
        )
        assert said == "formula asks for the splits train, test; add train"
