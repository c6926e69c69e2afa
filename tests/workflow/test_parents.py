"""A run with a parent waits for it and starts from its weights."""

import pytest
import torch

from onset.artefacts import read_checkpoint, read_checkpoint_index
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
