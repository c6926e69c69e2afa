"""Multi-layer perceptrons in Hugging Face's form, with code of their own."""

from __future__ import annotations

from onset.export.forms.form import Form, remote_form
from onset.models.mlp.model import MLP

ONLY_AT_FIRST = {"name", "weight_scale"}
"""settings that a trained model no longer depends on"""


def form(model: MLP) -> Form:
    """As `AutoModel` opens it: from `input_ids` to `logits`."""
    told = model.settings.model_dump(mode="json", exclude=ONLY_AT_FIRST)
    return remote_form(
        "mlp",
        {**told, "n_tokens": model.n_tokens, "length": model.length},
        ("OnsetMlpConfig", "OnsetMlp"),
        "AutoModel",
    )
