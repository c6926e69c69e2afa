"""Progress measures, one family per file.

A measure module has `measure(model, parameters, dataset) -> Iterable[Measurement]`. In literals, which are
read without importing it, it says what it yields: `QUANTITIES` (`onset.statistics.quantities`); and what it
can be asked of: `NEEDS`, the ground truth of the task and the traits of task and model that it uses
(`onset.config.traits`); `SPLITS`, those that it asks for by name; `ONLY_WITH`, traits of a model without
which it has no rows.

It may have `at_end(model, parameters, dataset)`, asked once, of the last checkpoint; what that says is then
`measure`'s fourth argument. And it may have `in_loss(model, dataset)`, called once before a
training: it returns the function of the parameters, a differentiable scalar, that the training is told to
add to its loss. Its dataset has the splits that are trained on alone.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "measure")
names, load = CATALOGUE.names, CATALOGUE.load
