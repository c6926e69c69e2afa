"""Models made by hand: parameters that follow from the rules of a world, with no training, one per file.

A module has the name that a condition's `handmade` uses, and

* `STEPS`, a literal: what is done one after the other, each adding something to those before;
* `TASK`, a literal: the task whose worlds it knows;
* `made(up_to, task, model)`, the parameters of a model after a step, given the settings of the task. Where
  the model can't hold them, it raises a ValueError that says what is needed.

Nothing is drawn at random: all seeds begin with the same model, and differ in what it is asked.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "made")
names, load = CATALOGUE.names, CATALOGUE.load
