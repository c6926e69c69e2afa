"""A neuron library of a small model that nobody trained, with two neurons of which all is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from onset.collections.neurons.activity import Opened
from onset.collections.neurons.combine import combine
from onset.collections.neurons.facts import facts_of
from onset.collections.neurons.forming import Training, formed
from onset.collections.neurons.layer import Layer
from onset.collections.neurons.look import neurons_of, nulls_of
from onset.collections.neurons.shown import Shown, shown
from onset.collections.subject import Subject
from onset.gallery.study import own_page
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.store.atomic import write_text
from onset.store.layout import RunFolder
from onset.store.origin import Origin
from onset.store.tables import save_table
from onset.tasks import composition
from tests.files import put_on_record

WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7), seed=0
)
TRAINED_ON = ("atomic", "composed_train")
STEPS = [0, 10, 20]
RELATION = WORLD.vocabulary.index("r1")
"""the token that neuron 0 reads"""
PAIR = WORLD.vocabulary.index("r2")
"""neuron 1 reads it at the last position alone"""


def model(**changes) -> Transformer:
    settings = {"n_layers": 1, "d_model": 32, "n_heads": 2, "d_mlp": 8, "norm": "none", **changes}
    return Transformer(Settings(name="transformer", **settings), WORLD.n_tokens, WORLD.length)


def planted(its: Transformer, seed: int = 0) -> Parameters:
    """Random but for two neurons; heads write nothing, and only the last position has an embedding."""
    found = {name: tensor.clone() for name, tensor in its.initial_parameters(seed).items()}
    token = found["tok_embed.weight"]
    token[:, -1] = 0
    found["pos.weight"].zero_()
    found["pos.weight"][-1, -1] = 1
    found["layers.0.attn.o.weight"].zero_()
    into, bias = found["layers.0.mlp.fc_in.weight"], found["layers.0.mlp.fc_in.bias"]
    for neuron, its_token in enumerate((RELATION, PAIR)):
        into[neuron] = 10 * token[its_token] / token[its_token].square().sum()
    into[1, -1] = 10
    bias[0], bias[1] = -7, -16
    return found


def seen_by(its: Transformer) -> Shown:
    return shown(its, WORLD, TRAINED_ON, 0)


def training(its: Transformer, seen: Shown) -> Training:
    """From random parameters to those planted, which are there from the second checkpoint on."""
    found = Training(Subject(RunFolder(Path("results/composition/one/seed_0"))), seen)
    checkpoints = [its.initial_parameters(0), planted(its), planted(its)]
    losses = np.array([2.0, 1.5, 1.0])
    found.__dict__.update(
        steps=STEPS,
        losses=losses,
        loss_formed=formed(STEPS, -losses, 0.0),
        _checkpoints=[Opened.of(its, parameters, seen) for parameters in checkpoints],
    )
    return found


def rows() -> pd.DataFrame:
    """What is collected of it."""
    its = model()
    seen = seen_by(its)
    last = Opened.of(its, planted(its), seen)
    first = Opened.of(its, its.initial_parameters(0), seen)
    layer = Layer.of(seen, facts_of(seen), 0)
    with torch.inference_mode():
        found = [*neurons_of(layer, last, training(its, seen)), *nulls_of(layer, last, first, 0)]
    run = {"study": "composition", "condition": "one", "seed": 0}
    return pd.DataFrame([{**run, **row._asdict()} for row in found])


def made(results: Path, found: pd.DataFrame | None = None) -> Path:
    """The library on disk, with its pages, of what is collected or of other rows. Returns its folder."""
    from onset.collections.neurons.pages import pages

    folder = results / "neurons"
    for name, table in combine(rows() if found is None else found).items():
        columns = {column: table[column].tolist() for column in table}
        save_table(folder / f"{name}.parquet", columns, Origin("neurons", "s", "c"))
    names = [{"name": "composition", "title": "Two hops", "labels": {"one": "as it is"}}]
    write_text(folder / "names.json", json.dumps(names))
    put_on_record(folder)
    for page in pages(folder):
        text = own_page({"title": "The neuron library"}, page.title, page.body)
        write_text(folder / "pages" / f"{page.name}.html", text)
    return folder
