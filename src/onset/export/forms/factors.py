"""Products of factors in Hugging Face's form, with code of their own."""

from __future__ import annotations

from onset.export.forms.form import Form, remote_form
from onset.models.factors.model import Factors

ONLY_AT_FIRST = {"name", "start", "given"}
"""settings that a trained model no longer depends on"""


def form(model: Factors) -> Form:
    """As `AutoModel` opens it: from `inputs` to `outputs`."""
    told = model.settings.model_dump(mode="json", exclude=ONLY_AT_FIRST)
    return remote_form(
        "factors",
        {**told, "d_in": model.d_in, "d_out": model.d_out},
        ("OnsetFactorsConfig", "OnsetFactors"),
        "AutoModel",
    )
