"""Ways to tell lies from truths, one per file; a study names those that it wants.

A detector has `score_lies(case, seed) -> scores`: for each exchange of `case.asked`, how much it is held to
be a lie, in any unit; or one score for each layer, if it looks at states. It may look at everything in the
case (`onset.comparisons.deception.case`), and knows neither what is true of what it judges nor which kinds
of deception there are. The comparison `detection` grades it.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "score_lies")
names, load = CATALOGUE.names, CATALOGUE.load
