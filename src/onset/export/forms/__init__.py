"""Models in Hugging Face's form, by name of their family.

A family has a module here, with `form(model)`. Where an architecture of `transformers` itself is the same
function, it is used; otherwise the form brings the files that `transformers` runs with
`trust_remote_code=True`, from `remote/FAMILY`. They import nothing from Onset, and are tested against the
family's own functions. They don't lie with the family, where every file counts as its code: after an edit
everything would be trained again.
"""

from __future__ import annotations

import importlib

from onset.export.forms.form import Form
from onset.models.batch import AnyModel


def form_of(model: AnyModel) -> Form:
    """The form of a model that `onset.models.build` made, by its family's module."""
    return importlib.import_module(f"{__name__}.{model.settings.name}").form(model)
