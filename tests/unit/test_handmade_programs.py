"""Compiled programs are models made by hand like any other."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from onset import handmade
from onset.circuits.plans import compiled
from onset.config.study import StudyFile
from onset.config.yaml_file import read_yaml
from onset.handmade import programs
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.tasks.programs import generate
from tests.docs.pages import ROOT
from tests.unit.test_programs import PROGRAMS, settings


@pytest.mark.parametrize("program", PROGRAMS)
def test_they_answer_in_a_model_that_is_larger_than_need_be(program):
    task = settings(program, n_symbols=8, n_train=16, n_test=12)
    least = compiled(task)[0].settings
    larger = least.model_copy(
        update={
            "n_layers": least.n_layers + 1,
            "n_heads": least.n_heads + 1,
            "d_model": least.d_model + least.d_head,
        }
    )
    model = build(larger, task.n_tokens, task.length)
    parameters = programs.made("whole", task, model)
    split = generate(task, 0).splits["test"]
    with torch.no_grad():
        logits = model.logits_of_sequences(
            parameters, torch.from_numpy(split.tokens), split.scored, 1
        )
    said = logits.reshape(len(split), -1).argmax(-1)
    assert_close(said, torch.from_numpy(split.targets[:, 0]))


def test_a_model_that_is_too_small_is_told_what_is_needed():
    task = settings("ioi", n_symbols=8, n_train=16, n_test=4)
    small = Settings(name="transformer", n_layers=1, d_model=8, n_heads=1, norm="none")
    with pytest.raises(ValueError, match="n_layers: 3 at least"):
        programs.made("whole", task, build(small, task.n_tokens, task.length))


def test_the_study_compiles_all_of_them_into_the_smallest_models():
    study = StudyFile.model_validate(read_yaml(ROOT / "config/studies/circuits.yaml"))
    there = {}
    for condition in study.conditions.values():
        if not condition.handmade:
            continue
        assert condition.handmade.name in handmade.names()
        task = programs.Settings.model_validate(condition.task)
        least = compiled(task)[0].settings
        there[task.program] = {**study.model, **condition.model}
        assert Settings.model_validate(there[task.program]) == least
    assert set(there) == set(PROGRAMS)
