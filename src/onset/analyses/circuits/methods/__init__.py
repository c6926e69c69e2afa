"""Ways to find a circuit, one per file.

A method has `score_edges(patched, seed) -> scores`, a score per edge of `patched.wiring.edges`: how much
the answer needs it, and with which sign, in any unit. It may ask `patched` whatever it likes; how many
runs of the model that takes is counted there. The analysis `discovery` grades all of them.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "score_edges")
names, load = CATALOGUE.names, CATALOGUE.load
