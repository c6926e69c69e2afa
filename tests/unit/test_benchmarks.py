"""What the benchmarks compare computes the same."""

from __future__ import annotations

import pytest
import torch

from benchmarks import evaluation
from benchmarks.einsum import EinsumTransformer
from benchmarks.instances import alone
from benchmarks.plain_measures import PlainMeasures
from benchmarks.tools import CHANGED, CIRCUITS, works_of_tools
from onset import measures
from onset.comparisons.changes import tools
from onset.comparisons.changes.versions import Asked, Version
from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.models.batch import Questions
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.notebook.diffing_words import TOOLS
from onset.tasks import changed_facts, modular_addition, superposition
from tests.unit.test_config import CONFIG, ROOT

MEASURES = (
    "prediction", "circle", "fourier_weights", "fourier_neurons", "keys_ablated", "clock_or_pizza",
    "weight_norm",
)  # fmt: skip
KEYS = [2, 5]


def test_the_einsum_implementation_is_the_reference_model():
    torch.manual_seed(0)
    plain = EinsumTransformer(n_tokens=12, length=3, d_model=16, n_heads=4, d_mlp=32)
    settings = Settings(
        name="transformer", d_model=16, n_heads=4, d_mlp=32, norm="none",
        tied_embeddings=False, attention_biases=False, weights="normal",
    )  # fmt: skip
    model = build(settings, 12, 3)
    parameters = model.initial_parameters(0)
    heads = {"q": plain.attention.W_Q, "k": plain.attention.W_K, "v": plain.attention.W_V}
    parameters |= {f"layers.0.attn.{n}.weight": w.flatten(0, 1) for n, w in heads.items()}
    parameters |= {
        "tok_embed.weight": plain.W_E.T,
        "pos.weight": plain.W_pos,
        "layers.0.attn.o.weight": plain.attention.W_O,
        "layers.0.mlp.fc_in.weight": plain.mlp.W_in,
        "layers.0.mlp.fc_in.bias": plain.mlp.b_in,
        "layers.0.mlp.fc_out.weight": plain.mlp.W_out,
        "layers.0.mlp.fc_out.bias": plain.mlp.b_out,
        "head.weight": plain.W_U.T,
    }
    tokens = torch.cartesian_prod(torch.arange(11), torch.arange(11), torch.tensor([11]))
    found = model.logits(parameters, [Questions(tokens.numpy(), scored=(2,))])
    torch.testing.assert_close(found, plain(tokens)[:, -1], atol=1e-5, rtol=1e-4)


def test_an_instance_alone_is_one_of_the_grid():
    grid = superposition.Settings(
        name="superposition", n_features=3, densities=[1.0, 0.5, 0.1], importances=[0.5], restarts=4
    )
    one = alone(grid)
    assert one.grid == [(0.5, 0.5)]
    assert (one.n_features, one.d_in) == (3, 3)


@pytest.fixture
def adding():
    """A model of modular addition, its parameters and its world."""
    its = Settings(
        name="transformer", d_model=16, n_heads=4, d_mlp=32, norm="none", tied_embeddings=False,
        weights="normal", attention_biases=False,
    )  # fmt: skip
    task = modular_addition.Settings(name="modular_addition", p=13, train_fraction=0.5)
    dataset = modular_addition.generate(task, seed=0)
    model = build(its, dataset.n_tokens, dataset.length)
    with torch.inference_mode():
        parameters = model.initial_parameters(0)
        # No neuron that only one pair excites: all frequencies have the same share in it.
        parameters["layers.0.mlp.fc_in.bias"] += 1
    return model, parameters, dataset


def by_ours(model, parameters, dataset) -> dict[tuple, float]:
    with torch.inference_mode():
        modules = [measures.load(name) for name in MEASURES]
        rows = evaluation.measurements(modules, model, parameters, dataset, KEYS)
        return {(m.measure, m.split, m.component): m.value for m in rows}


def test_measures_of_a_cached_run_are_ours(adding):
    model, parameters, dataset = adding
    cached = evaluation.CachedTransformer(model.settings, model.n_tokens, model.length)
    found = by_ours(cached, parameters, dataset)
    assert found == pytest.approx(by_ours(*adding), rel=1e-4, abs=1e-5)


def test_measures_written_twice_say_the_same(adding):
    """Ours, and those written from the papers with TransformerLens and FFTs: every number."""
    model, parameters, dataset = adding
    plain = PlainMeasures(model, dataset, KEYS)(parameters)
    assert plain == pytest.approx(by_ours(*adding), rel=1e-4, abs=1e-5)


def test_the_measures_written_twice_are_the_studys():
    project = load_project(read_yaml(ROOT / CONFIG), ROOT)
    assert project.condition("grokking", "p113").measures == MEASURES


def test_every_tool_of_the_league_table_is_timed_at_what_it_does():
    """The halves of a crosscoder are read off it and take no time of their own."""
    told = {"n_entities": 20, "n_relations": 4, "new": 0.3, "old_trained": 0.8, "entities": 0.2}
    world = changed_facts.generate(changed_facts.Settings(name="changed_facts", **told), seed=0)
    its = Settings(
        name="transformer", n_layers=1, n_loops=2, readout="per_hop", d_model=16, n_heads=2, d_mlp=8
    )
    model = build(its, *world.sizes)
    before, after = (Version(model, model.initial_parameters(seed)) for seed in (0, 1))
    asked = Asked.of(world.splits)
    with torch.inference_mode():
        works = works_of_tools(
            before, after, asked, asked, {"latents": 8, "active": 2, "updates": 2}
        )
        assert set(works) == TOOLS.keys() - {"halves"}
        scores = tools.scores(before, after, asked, seed=0)
        for name in ("kl", "norm", "means"):
            assert works[name]().tolist() == pytest.approx(scores[name].tolist())
        for name in ("crosscoder", "dictionary"):
            assert works[name]().shape == (len(asked), 8)


def test_what_is_timed_is_there():
    project = load_project(read_yaml(ROOT / CONFIG), ROOT)
    assert set(CIRCUITS) <= set(project.studies["circuits"].conditions)
    assert CHANGED in project.studies["diffing"].conditions
