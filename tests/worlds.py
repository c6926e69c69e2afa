"""Small worlds of every task: those that its own tests, tests/unit/test_TASK.py, have as SMALL_WORLDS."""

from __future__ import annotations

import importlib
from typing import Any

from onset import tasks
from onset.tasks.worlds import AnyTaskSettings, drawn_from_parent, in_words


def small_worlds(task: str) -> list[dict[str, Any]]:
    """Settings of the task; measures are tried on the first."""
    file = f"tests/unit/test_{task}.py"
    try:
        tests = importlib.import_module(f"tests.unit.test_{task}")
    except ModuleNotFoundError:
        raise AssertionError(f"the task {task} has no tests: {file} is missing") from None
    assert hasattr(tests, "SMALL_WORLDS"), f"{file} must have a list SMALL_WORLDS of settings"
    return tests.SMALL_WORLDS


def settings_of(task: str, **changes: Any) -> AnyTaskSettings:
    """Those of the first small world."""
    told = {"name": task, **small_worlds(task)[0], **changes}
    return tasks.load(task).Settings.model_validate(told)


def made_of_nothing() -> dict[str, AnyTaskSettings]:
    """The first small world of each task whose dataset is made of no model, nor with its tokenizer."""
    found = {task: settings_of(task) for task in tasks.names()}
    return {
        task: its for task, its in found.items() if not drawn_from_parent(its) and not in_words(its)
    }
