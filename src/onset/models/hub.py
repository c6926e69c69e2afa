"""Models in Hugging Face's form, by name of their family. Apart from all that trainings depend on.

A family has `hub.py` with `form(model)`. Where an architecture of `transformers` itself is the same
function, it is used; otherwise the form brings the files that `transformers` runs with
`trust_remote_code=True`, from the family's folder `remote/`. They import nothing from Onset, and are tested
against the family's own functions.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from onset import models
from onset.models.batch import AnyModel

_BOOT = 'TransformerBridge.boot_transformers("{folder}")'


@dataclass(frozen=True)
class Form:
    """What the files of a model hold, but for the parameters of a checkpoint."""

    config: Mapping[str, Any]
    """of `config.json`"""
    auto_class: str
    """what opens it: `AutoModelForCausalLM`, `AutoModel`"""
    tensors: Callable[[Mapping[str, Tensor]], dict[str, Tensor]] = dict
    """a checkpoint's parameters by the form's names"""
    code: Mapping[str, str] = field(default_factory=dict)
    """name → text of the files that `transformers` runs"""
    generation: Mapping[str, Any] | None = None
    """of `generation_config.json`; None: it continues no text"""
    lens: str | None = None
    """the expression that opens it in TransformerLens, of `{folder}`; None: none does"""
    first_token: int = 0
    """token i of the task is token first_token + i of the form's vocabulary"""
    made_of: str | None = None
    """the pretrained model that training began with"""
    tokenizer: Callable[[Path], Any] | None = None
    """saves the pretrained vocabulary's files in a folder; None: tokens are the task's"""

    @property
    def opened(self) -> str:
        """The expression that opens it in `transformers`, of `{folder}`."""
        trust = ", trust_remote_code=True" if self.code else ""
        return f'{self.auto_class}.from_pretrained("{{folder}}"{trust})'


def form_of(model: AnyModel) -> Form:
    """The form of a model that `build` made, by its family's `hub.py`."""
    return importlib.import_module(f"{models.__name__}.{model.settings.name}.hub").form(model)


def remote_code(family: str) -> dict[str, str]:
    """The files in a family's folder `remote/`: name → text."""
    folder = Path(__file__).parent / family / "remote"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


def remote_form(
    family: str, config: Mapping[str, Any], names: tuple[str, str], auto_class: str, **others: Any
) -> Form:
    """A form that brings its own code.

    Args:
        family: whose code it is.
        config: what the architecture is made of.
        names: of the class in `configuration_onset.py`, and of that in `modeling_onset.py`.
        auto_class: that opens it.
        others: further fields of the form.
    """
    of_config, of_model = names
    auto = {
        "AutoConfig": f"configuration_onset.{of_config}",
        auto_class: f"modeling_onset.{of_model}",
    }
    told = {
        "model_type": f"onset_{family}",
        "architectures": [of_model],
        "auto_map": auto,
        "dtype": "float32",
        **config,
    }
    return Form(told, auto_class, code=remote_code(family), **others)


def booted() -> str:
    """The expression that opens an architecture which TransformerLens knows, of `{folder}`."""
    return _BOOT
