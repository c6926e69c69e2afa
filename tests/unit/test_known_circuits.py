"""Compiled transformers run their programs, by the edges that are declared and by no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
import yaml
from pydantic import ValidationError

from onset.analyses.circuits.scrubbed import scrubbed
from onset.circuits import form
from onset.circuits.plans import compiled, compiled_into
from onset.config.study import StudyFile
from onset.config.yaml_file import read_yaml
from onset.models.transformer.model import build
from onset.models.transformer.wiring import Edge, Wiring
from onset.tasks.programs import generate
from onset.tasks.twins import twin_of
from tests.docs.pages import ROOT, blocks
from tests.unit.test_programs import PROGRAMS, settings

N = 24
"""questions that edges are patched on"""
LEAST = 0.01
"""of the lead: an edge that counts"""


def compiled_world(program: str):
    task = settings(program, n_symbols=8, n_train=40)
    world = generate(task, 0)
    return *compiled(task), world


def leads(logits: torch.Tensor, split) -> torch.Tensor:
    """Of the right answer over its rival, mean over questions, by variant."""
    right, rival = (
        torch.from_numpy(its)[:N] for its in (split.targets[:, 0], split.truth["rival"])
    )
    last = logits[:, :, -1]
    each = torch.arange(N)
    return (last[:, each, right] - last[:, each, rival]).mean(1)


def effects(program: str, other: str) -> dict[Edge, float]:
    """Of the lead, what is lost when an edge carries what it carries in the twin, or nothing."""
    model, parameters, world = compiled_world(program)
    wiring, split = Wiring.of(model, parameters), world.splits["test"]
    tokens, twins = (
        torch.from_numpy(world.splits[name].tokens[:N]) for name in ("test", twin_of("test"))
    )
    scored = split.scored
    carried = wiring.run(twins, scored).written[:, 0] if other == "twin" else None
    whole = leads(wiring.run(tokens, scored).logits, split).item()
    patched = leads(
        wiring.run(tokens, scored, 1 - torch.eye(len(wiring.edges)), carried).logits, split
    )
    lost = 1 - patched / whole
    return dict(zip(wiring.edges, lost.tolist(), strict=True))


@pytest.mark.parametrize("program", PROGRAMS)
def test_compiled_models_are_always_right(program):
    model, parameters, world = compiled_world(program)
    for name, split in world.splits.items():
        tokens = torch.from_numpy(split.tokens)
        logits = Wiring.of(model, parameters).run(tokens, split.scored).logits[0, :, 0]
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(split.targets[:, 0]))
        assert (logits.argmax(-1).numpy() == split.targets[:, 0]).all(), name
        assert loss < 0.01, name


@pytest.mark.parametrize("program", PROGRAMS)
def test_patching_every_edge_finds_the_known_circuit(program):
    """With the twin's: those that can tell questions apart. With nothing: all."""
    circuit = form.known(program)
    found = effects(program, "twin")
    assert {edge for edge, its in found.items() if abs(its) > LEAST} == circuit.telling
    found = effects(program, "nothing")
    assert {edge for edge, its in found.items() if abs(its) > LEAST} == circuit.all_edges


@pytest.mark.parametrize("program", PROGRAMS)
def test_idle_parts_are_active_and_have_large_weights(program):
    model, parameters, world = compiled_world(program)
    wiring = Wiring.of(model, parameters)
    tokens = torch.from_numpy(world.splits["test"].tokens)
    run = wiring.run(tokens, world.splits["test"].scored)
    sizes = dict(zip(wiring.writers, run.written.flatten(1).norm(dim=1).tolist(), strict=True))
    used = {edge.writer for edge in form.known(program).all_edges}
    assert min(size for part, size in sizes.items() if part not in used) > 1


def test_a_larger_model_can_hold_a_program_and_a_smaller_one_says_what_it_lacks():
    task = settings("ioi", n_symbols=8, n_train=40)
    model, _ = compiled(task)
    changes = {"n_layers": 4, "n_heads": model.settings.n_heads + 2, "d_mlp": 32}
    changes["d_model"] = model.settings.d_head * changes["n_heads"]
    larger = build(model.settings.model_copy(update=changes), *_sizes(task))
    split = generate(task, 0).splits["test"]
    wiring = Wiring.of(larger, compiled_into(larger, task))
    logits = wiring.run(torch.from_numpy(split.tokens), split.scored).logits[0, :, 0]
    assert (logits.argmax(-1).numpy() == split.targets[:, 0]).all()
    smaller = {"n_layers": 2, "norm": "layer", "d_mlp": 4}
    model = build(model.settings.model_copy(update=smaller), *_sizes(task))
    with pytest.raises(ValueError, match="needs norm: none, n_layers: 3 at least, d_mlp: 8"):
        compiled_into(model, task)


def _sizes(task) -> tuple[int, int]:
    return task.n_tokens, task.length


def test_what_a_circuit_says():
    circuit = form.known("induction")
    assert circuit.constant_edges == {
        Edge("positions", "head 0.0 query"),
        Edge("positions", "head 0.0 key"),
    }
    assert circuit.telling == {
        Edge("tokens", "head 0.0 value"),
        Edge("tokens", "head 1.0 query"),
        Edge("head 0.0", "head 1.0 key"),
        Edge("tokens", "head 1.0 value"),
        Edge("head 1.0", "logits"),
    }
    with pytest.raises(LookupError, match="there are counting, induction, ioi"):
        form.known("inductions")


def test_a_part_may_be_several_heads():
    circuit = form.Circuit.model_validate(
        {
            "title": "Two movers",
            "parts": {"mover": ["head 0.0", "head 0.1"]},
            "edges": {"mover": {"value": ["tokens"]}, "logits": ["mover"]},
        }
    )
    assert circuit.all_edges == {
        *(Edge("tokens", f"head 0.{i} value") for i in (0, 1)),
        *(Edge(f"head 0.{i}", "logits") for i in (0, 1)),
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"parts": {"one": ["head 0"]}}, "should match pattern '^(head"),
        ({"edges": {"two": ["tokens"]}}, "'two' is none of the parts, one"),
        ({"edges": {"logits": ["two"]}}, "'two' is none of the parts"),
        ({"edges": {"one": ["tokens"]}}, "one has the inputs query, key, value"),
        ({"edges": {"logits": {"key": ["one"]}}}, "logits has a list of what it reads"),
        ({"carries": {"two": ["answer"]}}, "carries: 'two' is none of the parts"),
        ({"constant": {"logits": ["tokens"]}}, "no edge from tokens to logits"),
    ],
)
def test_what_is_no_circuit_is_refused(changes, says):
    right = {
        "title": "One head",
        "parts": {"one": ["head 0.0"]},
        "edges": {"one": {"value": ["tokens"]}, "logits": ["one"]},
    }
    with pytest.raises(ValidationError, match=re.escape(says)):
        form.Circuit.model_validate({**right, **changes})


def test_a_circuit_of_ones_own_is_a_file(tmp_path, monkeypatch):
    """The page's, to the letter: its file, and the comparison that asks for it."""
    edits = {its.about: its for its in blocks(ROOT / "docs/circuits.md") if its.mark != "in"}
    path = "src/onset/circuits/known/broad_induction.yaml"
    monkeypatch.setattr(form, "_FOLDER", tmp_path)
    (tmp_path / Path(path).name).write_text(edits[path].text, encoding="utf-8")
    its = form.known("broad_induction")
    assert form.names() == ["broad_induction"]
    monkeypatch.undo()
    assert form.known("induction").all_edges < its.all_edges
    # The study takes it, and everything that it names is there.
    study = read_yaml(ROOT / "config/studies/circuits.yaml")
    study["comparisons"] |= yaml.safe_load(edits["config/studies/circuits.yaml comparisons"].text)
    asked = StudyFile.model_validate(study).comparisons["known_broadly"]
    assert asked.options["circuit"] == Path(path).stem
    assert set(asked.conditions) <= set(study["conditions"])
    # Of a model that has it, it misses nothing.
    model, parameters, world = compiled_world("induction")
    wiring = Wiring.of(model, parameters)
    assert scrubbed(wiring, world.splits["test"], its, 0).recovered == pytest.approx(1, abs=0.05)


def test_the_study_holds_every_known_circuit_against_its_own_model():
    comparisons = StudyFile.model_validate(
        read_yaml(ROOT / "config/studies/circuits.yaml")
    ).comparisons
    asked = {
        name: its.options["circuit"]
        for name, its in comparisons.items()
        if its.name == "known_circuit"
    }
    assert set(asked.values()) <= set(form.names())
    own = {name: its for name, its in asked.items() if name.startswith("known_")}
    assert own == {f"known_{name}": name for name in form.names()}
    wrong = {name.removeprefix("wrong_"): its for name, its in asked.items() if name not in own}
    assert wrong
    assert all(program != its for program, its in wrong.items())
