"""Surgery on models at initialisation and during training, one kind per file.

A module is called as its settings are, and has `altered(settings, model, parameters, sources, seed) ->
Altered`. It is asked once: what it decides is part of the state that an interrupted training goes on from.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "altered")
names, load = CATALOGUE.names, CATALOGUE.load
