"""A training goes on from any of its checkpoints to the same bits, whatever there is to remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any, Literal, get_args, get_origin

import pytest
import torch
from pydantic import BaseModel, TypeAdapter, ValidationError

from onset import interventions, models
from onset.interventions.settings import InterventionSettings
from onset.measures.fourier import fourier_weights
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.runs.source import Source
from onset.store.origin import Origin
from onset.tasks import features, modular_addition
from onset.training.interventions import Altered, Intervention
from onset.training.loop import train
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState
from tests.unit.test_interventions import MODEL, WORLD, Known
from tests.unit.test_interventions import TASK as INDUCTION
from tests.unit.test_training import assert_same_bits
from tests.unit.test_vectors import WORLD as VECTORS
from tests.unit.test_vectors import Line

ORIGIN = Origin("study/condition/seed_0", settings="abc", code="def")
KEPT = (0, 2, 3, 5)
SETTINGS = TrainingSettings(
    steps=6, batch_size=8, mixture={"fresh": 1.0}, learning_rate=1e-2, weight_decay=0.5
)


def assert_an_interruption_leaves_no_trace(
    tmp_path, model=MODEL, world=WORLD, settings=SETTINGS, **how: Any
) -> TrainingState:
    """Trained through, and once from what each checkpoint left on the disk."""

    def trained(start: TrainingState, keep: Callable[[TrainingState], None]) -> TrainingState:
        return train(model, world, settings, KEPT, 0, start, keep, **how)

    beginning = TrainingState(0, model.initial_parameters(0))
    whole = trained(beginning, lambda state: state.save(tmp_path / str(state.step), ORIGIN))
    for step in KEPT:
        start = TrainingState.load(tmp_path / str(step), ORIGIN, "cpu")
        assert start is not None
        assert start.step == step
        assert_same_bits(trained(start, lambda state: None), whole)
    return whole


# ---- surgery: every module, every option that its settings have -----------------------------------

OTHERS = {
    "fraction": (None, 0.2), "step": (None, 0), "parameters": (("*",), ("layers.*",)),
    "frequencies": (1, 2), "shared": (None, 1),
}  # fmt: skip
"""of options that aren't a choice from a list: some values of each"""
GIVEN = {"source": {"condition": "base"}}


def variants(kind: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """All settings of a kind that are valid."""
    options = {
        name: _values(name, field.annotation)
        for name, field in kind.model_fields.items()
        if name not in (*GIVEN, "before_step")
    }
    for values in product(*options.values()):
        given = dict(zip(options, values, strict=True))
        try:
            kind.model_validate({**GIVEN, **given}, strict=False)
        except ValidationError:
            continue
        yield given


def _values(name: str, annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if annotation is bool:
        return False, True
    return OTHERS[name]  # a new kind of option: say here which values are tried


KINDS = {
    get_args(k.model_fields["name"].annotation)[0]: k
    for k in get_args(get_args(InterventionSettings)[0])
}
VARIANTS = [its for name in interventions.names() for its in variants(KINDS[name])]


def test_all_interventions_have_settings_and_are_tried():
    assert set(KINDS) == set(interventions.names()) == {its["name"] for its in VARIANTS}


def intervention(given: dict[str, Any]) -> Intervention:
    its = TypeAdapter(InterventionSettings).validate_python({**GIVEN, **given}, strict=False)
    of_sums = given["name"] == "planting"
    model = transformer(ADDITION) if of_sums else MODEL

    def altered(parameters):
        sources = [KnownSums()] if of_sums else [Known(seed=1), Known(seed=2)]
        return interventions.load(its.name).altered(its, model, parameters, sources, 0)

    return altered


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("given", VARIANTS, ids=lambda given: "-".join(map(str, given.values())))
def test_what_surgery_decided_is_not_decided_again(tmp_path, given, before):
    its = {before: [intervention(given)]}
    where = CASES["a full batch"] if given["name"] == "planting" else {}
    assert_an_interruption_leaves_no_trace(tmp_path, interventions=its, **where)


def test_several_operations_at_several_times(tmp_path):
    largest = {"name": "removal", "what": "largest", "fraction": 0.2, "null": True}
    its = {
        0: [intervention(largest), intervention({"name": "removal", "what": "pair"})],
        3: [intervention(largest), intervention({"name": "transplant", "heads": "pair"})],
    }
    assert_an_interruption_leaves_no_trace(tmp_path, interventions=its)


class TestByChance:
    """Surgery that never decides the same twice."""

    def test_it_is_asked_once(self, tmp_path):
        asked = []

        def any_half(parameters) -> Altered:
            asked.append(1)
            mask = torch.rand(parameters["tok_embed.weight"].shape) < 0.5
            values = parameters["tok_embed.weight"].masked_fill(mask, 1.5)
            return Altered({"tok_embed.weight": values}, {"tok_embed.weight": mask})

        end = assert_an_interruption_leaves_no_trace(tmp_path, interventions={0: [any_half]})
        assert len(asked) == 1
        held = end.held["tok_embed.weight"]
        assert (end.parameters["tok_embed.weight"][held] == 1.5).all()

    def test_what_is_written_into_frozen_rows_stays_there(self, tmp_path):
        world = replace(WORLD, new_tokens=(3, 5))
        settings = SETTINGS.model_copy(update={"trainable": {"tok_embed.weight": "new_tokens"}})

        def ones(parameters) -> Altered:
            return Altered({"tok_embed.weight": torch.ones_like(parameters["tok_embed.weight"])})

        for before in (0, 3):
            end = assert_an_interruption_leaves_no_trace(
                tmp_path, world=world, settings=settings, interventions={before: [ones]}
            )
            assert (end.parameters["tok_embed.weight"][:3] == 1).all()
            assert (end.parameters["tok_embed.weight"][3] != 1).any()

    def test_what_is_written_over_held_entries_is_held(self, tmp_path):
        def set_to(value: float, hold: bool) -> Intervention:
            def altered(parameters) -> Altered:
                its = torch.full_like(parameters["pos.weight"], value)
                mask = {"pos.weight": torch.ones_like(its, dtype=torch.bool)}
                return Altered({"pos.weight": its}, mask if hold else {})

            return altered

        its = {0: [set_to(0.0, hold=True)], 3: [set_to(2.0, hold=False)]}
        end = assert_an_interruption_leaves_no_trace(tmp_path, interventions=its)
        assert (end.parameters["pos.weight"] == 2).all()


# ---- what else there is to remember --------------------------------------------------------------

ADDITION = modular_addition.Settings(name="modular_addition", p=11, train_fraction=0.5)
SPARSE = features.Settings(
    name="features", n_features=12, n_dimensions=6, active=2.0, n_parents=2, n_children=2, n_test=16
)
SLOW = TrainingSettings.model_validate({**SETTINGS.model_dump(), "slow_gradients": {}})
FULL = SETTINGS.model_copy(update={"batch_size": None, "mixture": {"train": 1.0}})
DENSE = SETTINGS.model_copy(update={"mixture": {"train": 1.0}, "gradient_clip": 0.1})


def transformer(task: Any, **changes: Any) -> Transformer:
    given = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 16, **changes}
    return Transformer(TransformerSettings(**given), task.n_tokens, task.length)


def dictionary(kind: str, **changes: Any):
    given = {"kind": kind, "n_latents": 8, "sparsities": [1.0, 2.0], "revival": 0.1, **changes}
    return models.build({"name": "dictionary", **given}, 6, 6)


def gini(parameters) -> torch.Tensor:
    return -fourier_weights.in_loss(transformer(ADDITION), SUMS)(parameters)


SUMS, SPARSE_SUMS = modular_addition.generate(ADDITION, 0), features.generate(SPARSE, 0)


class KnownSums(Source):
    """A run on sums that has learnt nothing."""

    dataset = SUMS

    def __init__(self) -> None:
        object.__setattr__(self, "seed", 1)

    def parameters(self, step=None):
        return transformer(ADDITION).initial_parameters(self.seed)


CASES: dict[str, dict[str, Any]] = {
    "dropout": {"model": transformer(INDUCTION, dropout=0.3)},
    "slow gradients": {"settings": SLOW},
    "a full batch": {"model": transformer(ADDITION), "world": SUMS, "settings": FULL},
    "a measure in the loss": {
        "model": transformer(ADDITION), "world": SUMS, "settings": FULL, "in_loss": [gini],
    },
    "a family that acts after updates": {"model": Line(), "world": VECTORS, "settings": DENSE},
    "what it must not touch": {
        "model": Line(), "world": VECTORS, "settings": DENSE,
        "interventions": {3: [lambda p: Altered(p, {"weight": torch.eye(2, 3, dtype=torch.bool)})]},
    },
    "dictionaries": {"model": dictionary("l1"), "world": SPARSE_SUMS, "settings": DENSE},
    "dictionaries of batches": {
        "model": dictionary("batch_topk"), "world": SPARSE_SUMS, "settings": DENSE,
    },
    "dictionaries with thresholds": {
        "model": dictionary("jump_relu"), "world": SPARSE_SUMS, "settings": DENSE,
    },
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_nothing_else_is_forgotten(tmp_path, case):
    assert_an_interruption_leaves_no_trace(tmp_path, **CASES[case])


def test_slow_gradients_forget_what_is_held(tmp_path):
    settings = SETTINGS.model_copy(update={"slow_gradients": SLOW.slow_gradients})
    everything = {
        n: torch.ones_like(p, dtype=torch.bool) for n, p in MODEL.initial_parameters(0).items()
    }
    its = {3: [lambda parameters: Altered(parameters, everything)]}
    end = assert_an_interruption_leaves_no_trace(tmp_path, settings=settings, interventions=its)
    assert end.log["gradient_norm"][2] > 0
    assert end.log["gradient_norm"][3:] == [0, 0, 0]
