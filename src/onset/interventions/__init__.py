"""Surgery on models at initialisation and during training, one kind per file.

A module has the name that its settings use, and has
`altered(settings, model, parameters, sources, seed) -> Altered`. It is called once: its decision is part
of the state from which interrupted training resumes.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "altered")
names, load = CATALOGUE.names, CATALOGUE.load
