"""Causal scrubbing: right hypotheses of compiled models lose nothing, wrong ones do, and broad ones
can't."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.circuits.scrubbed import scrubbed
from onset.circuits import form
from onset.circuits.plans import compiled
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.models.transformer.wiring import INPUTS, LOGITS, Edge, Wiring, part_of
from onset.tasks.programs import generate
from tests.unit.test_programs import PROGRAMS, settings


def asked(program: str, **changes):
    task = settings(program, n_symbols=8, n_train=120, n_test=12, **changes)
    return Wiring.of(*compiled(task)), generate(task, 0).splits["train"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_known_circuits_recover_the_whole_loss(program):
    wiring, split = asked(program)
    found = scrubbed(wiring, split, form.known(program), 0)
    assert found.whole < 0.01
    assert found.nothing > 1
    assert found.recovered > 0.99


@pytest.mark.parametrize("program", ["induction", "reversing", "ioi"])
def test_with_their_roles_exchanged_they_recover_nothing(program):
    wiring, split = asked(program)
    wrong = form.known(program).with_roles_exchanged()
    assert wrong.parts != form.known(program).parts
    assert scrubbed(wiring, split, wrong, 0).recovered < 0.2


def test_there_must_be_roles_to_exchange():
    with pytest.raises(ValueError, match="no two of its parts"):
        form.known("sorting").with_roles_exchanged()


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_edge_is_needed(program):
    """Without one that tells questions apart, the hypothesis is rejected."""
    wiring, split = asked(program)
    circuit = form.known(program)
    for edge in circuit.telling:
        without = _Without(circuit, edge)
        assert scrubbed(wiring, split, without, 0).recovered < 0.95, edge


class _Without:
    """A circuit without one of its edges."""

    def __init__(self, circuit: form.Circuit, edge: Edge) -> None:
        self.all_edges, self.facts = circuit.all_edges - {edge}, circuit.facts


def test_what_parts_carry_can_be_said_wrong():
    """Of indirect objects: where the name comes again varies, and whoever looks for it must know where."""
    wiring, split = asked("ioi")
    circuit = form.known("ioi")
    less = circuit.model_copy(update={"carries": {**circuit.carries, "duplicate": ("clue",)}})
    other = circuit.model_copy(update={"carries": {**circuit.carries, "inhibition": ("answer",)}})
    whole, *found = (scrubbed(wiring, split, its, 0).recovered for its in (circuit, less, other))
    assert whole > 0.99
    assert all(its < 0.9 for its in found)
    with pytest.raises(LookupError, match="no fact is called 'clues'; known are answer, rival"):
        scrubbed(wiring, split, circuit.model_copy(update={"carries": {"mover": ("clues",)}}), 0)


class _Everything:
    """The hypothesis by which every edge matters."""

    def __init__(self, wiring: Wiring) -> None:
        self.all_edges, self.facts = frozenset(wiring.edges), {}


def test_a_hypothesis_by_which_everything_matters_always_passes():
    """In a model that knows nothing, too."""
    wiring, split = asked("ioi")
    assert scrubbed(wiring, split, _Everything(wiring), 0).recovered == pytest.approx(1, abs=1e-5)
    told = Settings(name="transformer", n_layers=2, d_model=12, n_heads=2, d_mlp=16)
    model = build(told, int(split.tokens.max()) + 1, split.tokens.shape[1])
    untrained = Wiring.of(model, model.initial_parameters(0))
    assert scrubbed(untrained, split, _Everything(untrained), 0).recovered == pytest.approx(1)


def test_a_part_by_itself_writes_what_it_writes_in_the_model():
    told = Settings(name="transformer", n_layers=2, d_model=12, n_heads=2, d_mlp=16)
    model = build(told, 9, 6)
    drawing = torch.Generator().manual_seed(0)
    parameters = {
        name: its + 0.1 * torch.randn(its.shape, generator=drawing)
        for name, its in model.initial_parameters(0).items()
    }
    wiring = Wiring.of(model, parameters)
    tokens = torch.from_numpy(np.random.default_rng(0).integers(9, size=(4, 6)))
    run = wiring.run(tokens, (5,))
    written = dict(zip(wiring.writers, run.written[:, 0], strict=True))

    def read(reader: str) -> torch.Tensor:
        its = [written[edge.writer] for edge in wiring.edges if edge.reader == reader]
        return torch.stack(its).sum(0) + wiring.bias_in(reader)

    for part in wiring.writers[2:]:
        readers = [part] if part.startswith("mlp") else [f"{part} {by}" for by in INPUTS]
        assert {part_of(reader) for reader in readers} == {part}
        found = wiring.output(part, {reader: read(reader) for reader in readers}, tokens)
        assert torch.allclose(found, written[part], atol=1e-5), part
    logits = model.unembed(parameters, read(LOGITS)[:, -1])
    assert torch.allclose(logits, run.logits[0, :, 0], atol=1e-5)
