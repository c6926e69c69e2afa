"""Closer looks at a checkpoint, one method per file; most of them use TransformerLens's tools.

An analysis module has `analyse(model, parameters, dataset, seed) -> Iterable[Measurement]`, where
`seed` is the run's and chooses what is random; one that looks at the run which the dataset is made of
has `parent`, an `onset.runs.source.Source`, as a further parameter. Literals say what it yields and what it
can be asked of, as those of measures do: `QUANTITIES`, `NEEDS` and `SPLITS`; and in `LOADS` the packages of
which it loads all modules by name itself.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "analyse")
names, load = CATALOGUE.names, CATALOGUE.load
