"""Sparse autoencoders in Hugging Face's form, with code of their own."""

from __future__ import annotations

from onset.export.forms.form import Form, remote_form
from onset.models.dictionary.model import Dictionary

_ARCHITECTURE = {"kind", "n_latents", "sparsities"}


def form(model: Dictionary) -> Form:
    """As `AutoModel` opens it: from `inputs` to `latents` and `reconstructed`."""
    told = model.settings.model_dump(mode="json", include=_ARCHITECTURE)
    return remote_form(
        "dictionary",
        {**told, "d_in": model.n_dimensions},
        ("OnsetDictionaryConfig", "OnsetDictionary"),
        "AutoModel",
    )
