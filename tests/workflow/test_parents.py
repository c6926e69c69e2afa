"""Runs that start from others, or are changed with others in view, wait for them."""

import pytest
import torch

from onset.runs.artefacts import read_checkpoint, read_checkpoint_index
from onset.store.layout import RunFolder

pytestmark = pytest.mark.slow

LAST = 10


def parameters(project, condition: str, step: int) -> dict[str, torch.Tensor]:
    return read_checkpoint(RunFolder(project.root / f"results/tiny/{condition}/seed_0"), step)


def differing(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> list[str]:
    """The parameters that aren't the same to the last bit."""
    assert one.keys() == other.keys()
    return [name for name in one if not torch.equal(one[name], other[name])]


def test_training_waits_for_the_parent(fresh):
    planned = fresh.plan()
    parent = "results/tiny/plain/seed_0/checkpoints/index.json"
    assert parent in planned["train tiny/child/0"]
    assert parent not in planned["train tiny/fast/0"]


def test_training_starts_from_the_parents_last_weights(finished):
    last = parameters(finished, "plain", LAST)
    assert differing(parameters(finished, "child", 0), last) == []
    assert differing(parameters(finished, "child", LAST), last) != []


def test_without_a_parent_training_starts_from_the_seeds_own_weights(finished):
    first = parameters(finished, "plain", 0)
    assert differing(parameters(finished, "fast", 0), first) == []
    assert differing(parameters(finished, "child", 0), first) != []


@pytest.mark.parametrize("step", [0, 5])
def test_training_starts_from_the_parents_step(finished, step):
    finished.set(finished.study, "conditions.child.parent", {"condition": "plain", "step": step})
    index = "results/tiny/child/seed_0/checkpoints/index.json"
    done = finished.snakemake("--cores", "1", index)
    assert done.returncode == 0, done.stderr
    assert differing(parameters(finished, "child", 0), parameters(finished, "plain", step)) == []
    folder = RunFolder(finished.root / "results/tiny/child/seed_0")
    parent = read_checkpoint_index(folder)["settings"]["parent"]
    assert (parent["run"], parent["step"]) == ("tiny/plain/seed_0", step)


PRUNED = {
    "name": "removal",
    "what": "largest",
    "fraction": 0.25,
    "before_step": 5,
    "source": {"condition": "plain"},
}


def test_an_intervention_waits_for_what_it_looks_at(fresh):
    fresh.set(fresh.config, "seeds", [0, 1, 2])
    source = {"condition": "plain", "seeds_on": [1]}
    fresh.set(fresh.study, "conditions.pruned", {"interventions": [{**PRUNED, "source": source}]})
    planned = fresh.plan()
    assert checkpoints_read(planned["train tiny/pruned/0"]) == {"plain/seed_1"}
    assert checkpoints_read(planned["train tiny/pruned/2"]) == {"plain/seed_0"}
    on_a_gpu = fresh.plan("--config", "device=cuda")
    assert {"train_tiny_pruned_0", "train_tiny_pruned_2", "train_tiny_plain"} <= set(on_a_gpu)


def test_an_intervention_waits_for_all_runs_that_it_looks_at(fresh):
    fresh.set(fresh.config, "seeds", [0, 1, 2])
    task = {"name": "induction", "n_symbols": 16, "length": 24, "segment": [4, 12]}
    fresh.set(fresh.study, "task", {**task, "n_train": 8, "n_test": 8})
    fresh.set(fresh.study, "training.mixture", {"fresh": 1.0})
    fresh.set(fresh.study, "analyses", {"names": []})
    source = {"condition": "plain", "seeds_on": [0, 1]}
    heads = {"name": "transplant", "heads": "least_inductive", "source": source}
    fresh.set(fresh.study, "model", {"name": "transformer", "d_model": 16, "n_heads": 2})
    fresh.set(fresh.study, "conditions.moved", {"interventions": [heads]})
    planned = fresh.plan()
    assert checkpoints_read(planned["train tiny/moved/0"]) == {"plain/seed_0", "plain/seed_1"}
    assert checkpoints_read(planned["train tiny/moved/2"]) == {"plain/seed_2", "plain/seed_0"}


def checkpoints_read(inputs: list[str]) -> set[str]:
    """The runs whose checkpoints a job waits for, without the study."""
    indexes = [path.split("/") for path in inputs if path.endswith("checkpoints/index.json")]
    return {f"{condition}/{seed}" for _, _, condition, seed, *_ in indexes}


def test_an_intervention_takes_place_and_holds(finished):
    """In a run of the whole DAG: what was largest at the end of the source is zero from step 5 on."""
    finished.set(finished.study, "conditions.pruned", {"interventions": [PRUNED]})
    index = "results/tiny/pruned/seed_0/checkpoints/index.json"
    done = finished.snakemake("--cores", "1", index)
    assert done.returncode == 0, done.stderr
    before, after = (parameters(finished, "pruned", step) for step in (5, LAST))
    assert differing(before, parameters(finished, "plain", 5)) == []
    name = "layers.0.mlp.fc_in.weight"
    last = parameters(finished, "plain", LAST)[name].abs()
    largest = last >= last.ravel().topk(last.numel() // 4).values.min()
    assert (after[name][largest] == 0).all()
    assert (before[name][largest] != 0).all()
    assert (after[name][~largest] != 0).all()
