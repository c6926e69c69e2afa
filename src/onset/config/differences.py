"""A study's settings, and how each of its conditions differs from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined, to_jsonable_python

from onset import models, tasks
from onset.analyses.settings import AnalysesSettings
from onset.config.condition import Condition
from onset.config.study import Study
from onset.config.study_file import SECTIONS
from onset.training.settings import CheckpointSettings, TrainingSettings


def base_of(study: Study) -> dict[str, dict[str, Any]]:
    """The settings that all conditions of a study begin with: section → key → value, as JSON has them.

    What the study's file doesn't name has its default. Missing are keys without one, which each condition
    gives for itself, and defaults that concern nothing: the loss where the model's family has its own,
    the first step of a schedule that isn't logarithmic. `measures` are a section with the one key `names`.
    """
    written = {section: _keys(study.base.get(section, {})) for section in SECTIONS}
    return {
        section: _complete(section, written) if section != "measures" else written[section]
        for section in SECTIONS
    }


def differences(base: Mapping[str, Mapping[str, Any]], condition: Condition) -> dict[str, Any]:
    """What a condition has otherwise than its study: `section.key` → value, as JSON has it.

    Of a section whose `name` is another, all that it says; of others, each key with another value than
    the study's, named or default. Parent, what is made by hand, interventions and
    seeds of its own are none of these.

    Args:
        base: `base_of` the study.
        condition: of the study.
    """
    found = {}
    for section in SECTIONS:
        own = _keys(condition.written.get(section, {}))
        another = own.get("name") != base[section].get("name")
        for key, value in own.items():
            if another or key not in base[section] or base[section][key] != value:
                found[section if section == "measures" else f"{section}.{key}"] = value
    return found


def _keys(section: Any) -> dict[str, Any]:
    """A section as keys and values; measures are a bare list."""
    return to_jsonable_python(section if isinstance(section, Mapping) else {"names": section})


def _complete(section: str, written: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A section with its defaults, its keys in the order of their class."""
    family = models.load_settings(written["model"]["name"])
    classes: dict[str, type[BaseModel]] = {
        "task": tasks.load(written["task"]["name"]).Settings,
        "model": family.Settings,
        "training": TrainingSettings,
        "checkpoints": CheckpointSettings,
        "analyses": AnalysesSettings,
    }
    takes = models.load_planning(written["model"]["name"]).TAKES
    idle = {"training": "loss"} if takes == "vectors" else {}
    if written["checkpoints"].get("schedule") != "log":
        idle["checkpoints"] = "first"
    found = {}
    for key, field in classes[section].model_fields.items():
        value = written[section].get(key, field.get_default(call_default_factory=True))
        if value is not PydanticUndefined and (key in written[section] or key != idle.get(section)):
            found[key] = to_jsonable_python(value)
    return found
