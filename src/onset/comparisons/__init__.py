"""Looks at several finished runs, or at several checkpoints of one, together; one method a file.

A comparison module has `compare(members) -> Iterable[Compared]`, given the runs that stand together, each a
`Member` (`onset.comparisons.member`), in the order of the study's file; its annotation says of which kind
of world they are. Literals, which are read without importing it, say what it yields and what it can be
asked of: `QUANTITIES`, `NEEDS` and `SPLITS`, as those of measures; `TOGETHER`, which is `"checkpoints"` of
one run, `"two runs"`, or `"runs"`, two or more of them; `ALIKE`, settings (`SECTION.KEY`) that must be the
same in all runs that are compared (for lists, the length must be); and `OPTIONS`, numbers and texts of its
own with their defaults, which a study may set otherwise: `compare` takes them by name. An option that is a
list names modules of the packages in `LOADS`, which the comparison loads by name.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "compare")
names, load = CATALOGUE.names, CATALOGUE.load
