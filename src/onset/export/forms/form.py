"""What a form consists of, and the code that some forms ship."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

BOOTED = 'TransformerBridge.boot_transformers("{folder}")'
"""the expression that opens `{folder}` if TransformerLens knows the architecture"""


@dataclass(frozen=True)
class Form:
    """What the files of a model hold, except for the parameters of a checkpoint."""

    config: Mapping[str, Any]
    """of `config.json`"""
    auto_class: str
    """what opens it: `AutoModelForCausalLM`, `AutoModel`"""
    tensors: Callable[[Mapping[str, Tensor]], dict[str, Tensor]] = dict
    """gives a checkpoint's parameters the names that they have in this form"""
    code: Mapping[str, str] = field(default_factory=dict)
    """name → text of the files that `transformers` runs"""
    generation: Mapping[str, Any] | None = None
    """of `generation_config.json`; None: the model doesn't generate text"""
    lens: str | None = None
    """the expression that opens `{folder}` in TransformerLens; None: none does"""
    first_token: int = 0
    """token i of the task is token first_token + i of the form's vocabulary"""
    made_of: str | None = None
    """the name of the pretrained model that training began with"""
    base_model: str | None = None
    """its name on the hub, if it has one"""
    tokenizer: Callable[[Path], Any] | None = None
    """saves the pretrained vocabulary's files in a folder; None: tokens are the task's"""

    @property
    def opened(self) -> str:
        """The expression that opens `{folder}` in `transformers`."""
        trust = ", trust_remote_code=True" if self.code else ""
        return f'{self.auto_class}.from_pretrained("{{folder}}"{trust})'


def remote_code(family: str) -> dict[str, str]:
    """The files in `remote/FAMILY`: name → text."""
    folder = Path(__file__).parent / "remote" / family
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


def remote_form(
    family: str, config: Mapping[str, Any], names: tuple[str, str], auto_class: str, **others: Any
) -> Form:
    """A form that ships its own code.

    Args:
        family: whose code it is.
        config: settings of the architecture.
        names: of the class in `configuration_onset.py`, and of the one in `modeling_onset.py`.
        auto_class: what opens it.
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
