"""The small worlds that models learn, one per file.

A task module has a `Settings` class and `generate(settings, seed)`, which gives a `Dataset` of
sequences or a `VectorDataset`. One whose dataset has streams has `streams(settings, dataset)`, too,
which a training calls with the stored dataset: they can't be stored. What is held out is in no other
split, and no stream draws it; settings for which that can't be are refused. One whose dataset is made
of another run's model has settings that say `from_parent`, and `generate(settings, seed, parent)`; one of
texts, `texts` and `generate(settings, seed, tokenizer)` (`onset.tasks.texts`).

`A_CHILD_MAY_CHANGE` names the settings in which a run may differ from the run that it starts from, because
tokens still mean the same and held-out data still weren't trained on. Without it, none may differ.
"""

from __future__ import annotations

from onset.code.catalogue import Catalogue

CATALOGUE = Catalogue(__name__, "generate")
names, load = CATALOGUE.names, CATALOGUE.load
