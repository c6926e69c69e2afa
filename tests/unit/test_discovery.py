"""Methods that find circuits: on models where what they should find can be worked out."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
import torch

from onset import analyses
from onset.analyses.circuits import discovery, edge_stability, methods
from onset.analyses.circuits.grading import area, first_of, graded, told_apart
from onset.analyses.circuits.methods import eap_ig, edge_pruning
from onset.analyses.circuits.patched import Asked, Patched
from onset.circuits import form
from onset.circuits.plans import compiled
from onset.config.wants import loaded_by
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.models.transformer.wiring import Wiring
from onset.tasks.programs import generate
from tests.docs.pages import ROOT, blocks
from tests.unit.test_programs import PROGRAMS, settings

TASK = settings("sorting")
WORLD = generate(TASK, 0)
CPU = torch.device("cpu")
((SPLIT, ASKED),) = Asked.of_splits(WORLD, CPU, most=8)


def patched(instead: str = "twin", **changes) -> Patched:
    """A model with random weights, in double precision."""
    told = {"name": "transformer", "n_layers": 2, "d_model": 12, "n_heads": 2, "d_mlp": 16}
    model = build(Settings.model_validate({**told, **changes}), *WORLD.sizes)
    parameters = {name: its.double() for name, its in model.initial_parameters(0).items()}
    return Patched(Wiring.of(model, parameters), ASKED, instead)


def score(method: str, its: Patched) -> torch.Tensor:
    return methods.load(method).score_edges(its, 0).detach().double()


def compiled_patched(program: str, **told) -> Patched:
    task = settings(program, n_symbols=8, n_train=40, n_test=12)
    ((_, asked),) = Asked.of_splits(generate(task, 0), CPU)
    return Patched(Wiring.of(*compiled(task, **told)), asked)


def test_names_are_the_modules():
    assert methods.names() == [
        *("acdc", "chance", "eap", "eap_ig", "edge_pruning", "exhaustive", "magnitude"),
        "node_patching",
    ]


def test_questions_are_of_splits_with_twins_and_not_for_choosing():
    assert SPLIT == "test"
    split, other = WORLD.splits["test"], WORLD.splits["test_swapped"]
    assert (ASKED.tokens.numpy() == split.tokens[:8]).all()
    assert (ASKED.twins.numpy() == other.tokens[:8]).all()
    assert (ASKED.rival.numpy() == other.targets[:8, 0]).all()


def test_a_method_of_ones_own_is_a_module():
    """The page's, to the letter."""
    path = "src/onset/analyses/circuits/methods/difference.py"
    (block,) = (its for its in blocks(ROOT / "docs/circuits.md") if its.about == path)
    assert block.mark == "file"
    mine: dict = {"__name__": "difference"}
    exec(compile(block.text, block.about, "exec"), mine)
    its = patched()
    found = mine["score_edges"](its, 0)
    differs = (its.own.written[:, 0] - its.other).flatten(1).norm(dim=1)
    assert len(found) == its.n_edges
    assert found[0].item() == pytest.approx(differs[0].item())
    assert graded(its, found).kept[its.n_edges] == pytest.approx(1)


def test_an_edit_of_a_method_runs_its_studies_analyses_again():
    folder = "onset.analyses.circuits.methods"
    assert loaded_by(analyses, "discovery") == [f"{folder}.{name}" for name in methods.names()]
    assert loaded_by(analyses, "attention") == []


class TestPatched:
    def test_what_is_kept_is_a_share_of_the_lead(self):
        its = patched()
        nothing, everything = torch.zeros(1, its.n_edges), torch.ones(1, its.n_edges)
        assert its.shares(torch.cat([nothing, everything])).tolist() == pytest.approx([0, 1])

    def test_the_twin_has_the_opposite_lead(self):
        """What is right for one is the rival for the other."""
        its, own = patched(), patched()
        own.asked = Asked(ASKED.twins, ASKED.tokens, ASKED.rival, ASKED.right)
        assert its.nothing == pytest.approx(-own.whole)

    @pytest.mark.parametrize("instead", ["mean", "nothing"])
    def test_other_things_can_be_carried_instead(self, instead):
        its = patched(instead)
        own = its.own.written[:, 0]
        expected = own.mean(1, keepdim=True) if instead == "mean" else torch.zeros(1)
        assert torch.equal(its.other, expected.expand_as(own).to(own))

    def test_likeness_is_least_where_nothing_is_kept_and_most_where_all_is(self):
        its = patched()
        its.merit = "likeness"
        kept = torch.tensor([0.0, 0.5, 1.0])[:, None].expand(3, its.n_edges)
        first, half, last = its.merits(kept).tolist()
        assert first < half < last == pytest.approx(0, abs=1e-12)
        own, other = (
            run.logits[0, :, 0].log_softmax(-1)
            for run in (its.own, its.wiring.run(ASKED.twins, (ASKED.twins.shape[1] - 1,)))
        )
        divergence = torch.nn.functional.kl_div(other, own, reduction="batchmean", log_target=True)
        assert first == pytest.approx(-divergence.item())

    def test_runs_are_counted(self):
        counts = {
            "exhaustive": patched().n_edges,
            "eap": 3,
            "eap_ig": 3 * eap_ig.N_STEPS,
            "edge_pruning": 3 * edge_pruning.N_STEPS,
            "chance": 0,
        }
        for method, count in counts.items():
            its = patched()
            its.whole, its.nothing  # noqa: B018, known beforehand
            score(method, its)
            assert its.n_runs == count, method


class TestAttribution:
    def test_in_a_linear_model_it_is_exact(self):
        """With attention that is given, and no norms or neurons, everything is linear in every edge."""
        given = [
            {"layer": layer, "head": head, "looks_at": "previous_token"}
            for layer in (0, 1)
            for head in (0, 1)
        ]
        its = patched(norm="none", d_mlp=0, given_attention=given)
        found, true = score("eap", its), score("exhaustive", its)
        assert torch.allclose(found, true, atol=1e-9)
        assert true.abs().max() > 0.01
        queries = torch.tensor([edge.reader.endswith("query") for edge in its.wiring.edges])
        assert not true[queries].any()

    def test_it_is_the_derivative(self):
        its = patched()
        small = 1e-5
        kept = torch.ones(its.n_edges, its.n_edges, dtype=torch.double)
        kept -= small * torch.eye(its.n_edges)
        slopes = (its.whole - its.merits(kept)) / small
        assert torch.allclose(score("eap", its), slopes, atol=1e-4, rtol=1e-3)
        assert slopes.abs().max() > 0.01

    def test_integrated_gradients_add_up_to_the_whole_difference(self, monkeypatch):
        monkeypatch.setattr(eap_ig, "N_STEPS", 200)
        its = patched()
        found = score("eap_ig", its)
        of_tokens = torch.tensor([edge.writer == "tokens" for edge in its.wiring.edges])
        whole = its.whole - its.nothing
        assert found[of_tokens].sum().item() == pytest.approx(whole, rel=0.02)

    def test_where_attention_is_sharp_gradients_vanish_and_integrated_ones_do_not(self):
        its = compiled_patched("induction", sharpness=30.0)
        query = its.wiring.edges.index(("tokens", "head 1.0 query"))
        assert score("exhaustive", its)[query] > 1
        assert abs(score("eap", its)[query]) < 1e-6
        assert score("eap_ig", its)[query] > 0.01


def test_nodes_are_worth_the_sum_of_what_they_write():
    its = patched()
    by_edge, by_node = score("eap", its), score("node_patching", its)
    edges = its.wiring.edges
    total = {
        part: sum(s for s, edge in zip(by_edge.tolist(), edges, strict=True) if edge.writer == part)
        for part in its.wiring.writers
    }
    for edge, found in zip(edges, by_node.tolist(), strict=True):
        ends = [total[edge.writer], *([total[edge.part]] if edge.part in total else [])]
        assert found == pytest.approx(min(ends, key=abs), abs=1e-6)


def test_magnitudes_are_of_what_is_read():
    its = patched(norm="none")
    found = score("magnitude", its)
    edge = its.wiring.edges.index(("tokens", "head 0.1 value"))
    weight = its.wiring.parameters["layers.0.attn.v.weight"][6:]
    differs = (its.own.written[0, 0] - its.other[0]) @ weight.T
    assert found[edge].item() == pytest.approx(differs.norm().item())
    positions = [i for i, one in enumerate(its.wiring.edges) if one.writer == "positions"]
    assert not found[positions].any()


class TestGrading:
    def test_areas_are_those_under_lines(self):
        assert area(np.array([0, 0.5, 1]), np.array([0.0, 1.0, 1.0])) == 0.75

    def test_the_first_edges_are_kept(self):
        order = torch.tensor([2, 0, 1])
        assert first_of(order, np.array([0, 1, 3])).tolist() == [[0, 0, 0], [0, 0, 1], [1, 1, 1]]

    def test_the_right_order_is_better_than_its_reverse(self):
        its = compiled_patched("ioi")
        scores = score("exhaustive", its).float()
        right, wrong = graded(its, scores), graded(its, 1 / (1 + scores.abs()))
        assert right.cpr > wrong.cpr + 0.5
        assert right.cmd < wrong.cmd - 0.5
        assert right.kept[its.n_edges] == pytest.approx(1)
        assert right.kept[0] == pytest.approx(0, abs=1e-5)

    def test_scores_tell_apart_by_size(self):
        true = np.array([True, False, True])
        assert told_apart(torch.tensor([-3.0, 1.0, 2.0]), true) == 1
        assert told_apart(torch.tensor([0.0, 1.0, 0.5]), true) == 0


def _found(program: str, analysis: ModuleType = discovery) -> dict[str, float]:
    task = settings(program, n_symbols=8, n_train=40, n_test=12)
    model, parameters = compiled(task)
    with torch.inference_mode():
        rows = list(analysis.analyse(model, parameters, generate(task, 0), 0))
    assert {row.split for row in rows} == {"test"}
    return {row.measure: row.value for row in rows if row.component is None}


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(its, marks=() if its in ("induction", "ioi") else pytest.mark.slow)
        for its in PROGRAMS
    ],
)
def test_in_compiled_models_what_matters_is_the_known_circuit(program):
    """Greedy pruning finds it, too; random edges don't."""
    known = form.known(program).telling
    found = _found(program)
    assert found["edges_that_matter"] == len(known)
    for method in ("exhaustive", "acdc"):
        assert found[f"{method}_circuit_recall"] == 1, method
        assert found[f"{method}_edges_auc"] > 0.999, method
    assert found["exhaustive_circuit_precision"] == 1
    assert found["exhaustive_circuit_size"] == len(known)
    assert found["chance_circuit_size"] > 3 * len(known)
    assert found["edge_pruning_edges_auc"] > 0.95
    assert found["magnitude_circuit_size"] > found["exhaustive_circuit_size"]
    assert found["exhaustive_cpr"] > found["chance_cpr"]
    assert found["exhaustive_cmd"] < found["chance_cmd"]


def test_ways_to_ask_agree_on_what_can_differ():
    """In a compiled model, edges that are constant matter by nothing instead, and by no question's."""
    circuit = form.known("induction")
    found = _found("induction", edge_stability)
    assert found["edges_matter"] == found["edges_matter_by_likeness"] == len(circuit.telling)
    assert found["same_edges_by_likeness"] == found["same_edges_by_other_twins"] == 1
    assert found["edges_matter_by_nothing"] == len(circuit.all_edges)
    assert found["same_edges_by_nothing"] == len(circuit.telling) / len(circuit.all_edges)
