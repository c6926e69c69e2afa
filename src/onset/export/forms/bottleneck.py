"""Bottleneck networks in Hugging Face's form, with code of their own."""

from __future__ import annotations

from onset.export.forms.form import Form, remote_form
from onset.models.bottleneck.model import Bottleneck


def form(model: Bottleneck) -> Form:
    """As `AutoModel` opens it: from `inputs` to `outputs` and `hidden`."""
    told = model.settings.model_dump(mode="json", exclude={"name", "weight_scale"})
    return remote_form(
        "bottleneck",
        {**told, "d_in": model.d_in, "d_out": model.d_out},
        ("OnsetBottleneckConfig", "OnsetBottleneck"),
        "AutoModel",
    )
