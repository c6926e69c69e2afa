"""Completeness and minimality of circuits: in models of which it is known what they need."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.circuits import completeness
from onset.analyses.circuits.completeness import halved, incompleteness, needed, worst
from onset.analyses.circuits.methods import chance, edge_pruning
from onset.analyses.circuits.patched import Patched
from onset.circuits import form
from onset.circuits.plans import compiled
from onset.tasks.programs import generate
from tests.unit.test_discovery import compiled_patched, patched
from tests.unit.test_programs import settings


@pytest.fixture(scope="module")
def its() -> Patched:
    return compiled_patched("induction")


def edges_of(its: Patched, chosen) -> torch.Tensor:
    return torch.tensor([edge in chosen for edge in its.wiring.edges])


@pytest.fixture(scope="module")
def known(its):
    return edges_of(its, form.known("induction").telling)


@pytest.fixture(scope="module")
def halves(known):
    return halved(known, 4, np.random.default_rng(0))


def test_half_of_the_circuit_is_knocked_out_and_nothing_else(known):
    sets = halved(known, 400, np.random.default_rng(0))
    assert not sets[:, ~known].any()
    assert sets[:, known].float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_a_known_circuit_is_complete_and_all_of_it_is_needed(its, known, halves):
    assert incompleteness(its, known, halves, halves).max().item() < 0.02
    assert worst(its, known) < 0.05
    nothing = torch.zeros_like(halves[:1])
    assert needed(its, known, known, nothing) == 1
    idle = edges_of(its, {edge for edge in its.wiring.edges if "0.3" in edge.writer})
    assert idle.any()
    assert needed(its, known, idle, torch.cat([nothing, halves])) == 0


def test_the_whole_model_is_a_complete_circuit(its):
    everything = torch.ones(its.n_edges, dtype=torch.bool)
    sets = halved(everything, 3, np.random.default_rng(0))
    assert incompleteness(its, everything, sets, sets).tolist() == pytest.approx([0, 0, 0])
    assert worst(its, everything) == pytest.approx(0)


def test_what_lacks_an_edge_is_incomplete(its, known):
    lacking = known.clone()
    lacking[its.wiring.edges.index(("head 1.0", "logits"))] = False
    assert worst(its, lacking) > 0.9


def test_an_edge_may_be_needed_only_once_another_is_knocked_out(monkeypatch):
    """Either of two edges is enough: only by a set that has the other is it seen that one is needed."""
    model = patched()

    def shares(kept, begin=0):
        return torch.maximum(kept[:, 0], kept[:, 1])

    monkeypatch.setattr(model, "shares", shares)
    circuit = torch.zeros(model.n_edges, dtype=torch.bool)
    circuit[:2] = True
    nothing = torch.zeros_like(circuit)[None]
    second = nothing.clone()
    second[0, 1] = True
    assert needed(model, circuit, circuit, nothing) == 0
    assert needed(model, circuit, circuit, torch.cat([nothing, second])) == 1 / 2
    # A circuit with one of both misses the backup, which is seen once it is knocked out.
    alone = circuit.clone()
    alone[1] = False
    assert incompleteness(model, alone, nothing, nothing).item() == 0
    assert worst(model, alone) == 1


def test_what_the_analysis_says_of_a_compiled_model():
    task = settings("induction", n_symbols=8, n_train=40, n_test=12)
    model, parameters = compiled(task)
    with torch.inference_mode():
        rows = list(completeness.analyse(model, parameters, generate(task, 0), 0))
    found = {row.measure: row.value for row in rows}
    assert set(found) == set(completeness.QUANTITIES)
    assert found["incomplete_at_random"] <= found["incomplete_at_most"] + 1e-6 < 0.1
    assert found["incomplete_elsewhere"] > 0.3
    assert found["needed_in_circuit"] == 1
    assert found["needed_outside"] < 0.5


@pytest.mark.parametrize("method", [chance, edge_pruning])
def test_no_null_begins_as_embeddings_do(method, monkeypatch):
    """A generator of torch with the run's seed draws the same numbers as the model's first weights."""
    monkeypatch.setattr(edge_pruning, "N_STEPS", 2)

    def refuse(*_):
        raise AssertionError("a stream of its own is drawn from")

    its = patched()
    one, other = (method.score_edges(its, seed) for seed in (0, 1))
    assert not torch.equal(one, other)
    monkeypatch.setattr(torch, "Generator", refuse)
    assert torch.equal(one, method.score_edges(its, 0))
