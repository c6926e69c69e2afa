"""Models in Hugging Face's form, by name of their family.

Each family has a module here, with `form(model)`. If an architecture of `transformers` computes the same
function, the form uses it; otherwise it ships the files in `remote/FAMILY`, which `transformers` runs with
`trust_remote_code=True`. They import nothing from Onset, and are tested against the family's own functions.
They aren't in the family's package, because every file there counts as its code: after an edit, everything
would be trained again.
"""

from __future__ import annotations

import importlib

from onset.export.forms.form import Form
from onset.models.batch import AnyModel


def form_of(model: AnyModel) -> Form:
    """The form of a model from `onset.models.build`, according to its family's module."""
    return importlib.import_module(f"{__name__}.{model.settings.name}").form(model)
