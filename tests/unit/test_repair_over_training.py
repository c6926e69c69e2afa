"""What is made up for at a checkpoint is what the analysis at the end finds."""

from __future__ import annotations

import pytest
import torch

from onset.analyses.heads import self_repair
from onset.comparisons.heads import repair_over_training
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.tasks.dataset import VALIDATION
from onset.tasks.language import riddles
from tests.members import made
from tests.unit.test_comparisons import compared

TASK = riddles.Settings(name="riddles", length=40, n_topics=2, n_train=4, n_test=24)
WORLD = riddles.generate(TASK, 0)
MODEL = build(
    Settings(name="transformer", n_layers=2, d_model=16, n_heads=4, d_mlp=0, tied_embeddings=False),
    *WORLD.sizes,
)
STEPS = {0: MODEL.initial_parameters(0), 10: MODEL.initial_parameters(1)}
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, int], float]:
    rows = compared(repair_over_training, [made(MODEL, STEPS, WORLD)], split="ioi")
    assert {row.found.split for row in rows} == {"ioi"}
    return {(row.found.measure, row.step): row.found.value for row in rows}


def test_each_checkpoint_has_all_that_is_declared(found):
    declared = repair_over_training.QUANTITIES
    assert set(found) == {(name, step) for name in declared for step in STEPS}


def test_it_is_what_self_repair_finds(found):
    world = WORLD.only(("ioi", f"ioi{VALIDATION}"))
    with torch.inference_mode():
        rows = list(self_repair.analyse(MODEL, STEPS[10], world, 0))
    theirs = {row.measure: row.value for row in rows}
    for part in ("lost_directly", "lost_lead", "by_heads", "by_negative_heads", "by_norm"):
        assert found[f"repair_{part}", 10] == pytest.approx(theirs[f"mean_{part}"], abs=1e-5)


def test_what_is_lost_is_written_by_others_or_gone(found):
    parts = [name for name in repair_over_training.QUANTITIES if name.startswith("repair_by")]
    for step in STEPS:
        back = sum(found[name, step] for name in parts)
        lost, lead = (found[f"repair_lost_{its}", step] for its in ("directly", "lead"))
        assert lost - back == pytest.approx(lead, abs=1e-4)
