"""Datasets as Parquet files: whatever reads them finds all that the world holds."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load

from onset import tasks
from onset.export.datasets import WORLD, dataset_files, table_name
from onset.tasks.dataset import Dataset
from onset.tasks.worlds import World
from tests.worlds import made_of_nothing

SETTINGS = made_of_nothing()


@pytest.fixture(params=SETTINGS)
def world(request) -> World:
    return tasks.load(request.param).generate(SETTINGS[request.param], 0)


def read(content: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(content))


def as_array(column: pd.Series) -> np.ndarray:
    """Lists in lists as an array."""
    return np.array(
        [np.array(its.tolist()) if isinstance(its, np.ndarray) else its for its in column]
    )


def test_nothing_of_a_world_is_lost(world):
    files = dataset_files(world)
    arrays, _ = world.to_arrays()
    others = load(files[WORLD]) if WORLD in files else {}
    found = {}
    for name, split in world.splits.items():
        table = read(files[table_name(name)])
        assert len(table) == len(split) > 0
        for column in table:
            found[f"{name}/{column.replace('truth_', 'truth/', 1)}"] = as_array(table[column])
    for name, array in arrays.items():
        its = found.get(name)
        if its is None:
            its = others[name.replace("world.truth/", "truth/")]
        np.testing.assert_array_equal(its, array, err_msg=name)


def test_sequences_can_be_read(world):
    if not isinstance(world, Dataset):
        assert not {"text", "answers"} & set(read(dataset_files(world)[table_name("test")]))
        return
    for name, split in world.splits.items():
        row = read(dataset_files(world)[table_name(name)]).iloc[0]
        assert row["text"].split() == [world.vocabulary[token] for token in split.tokens[0]]
        assert row["answers"].split() == [world.vocabulary[token] for token in split.targets[0]]
        assert tuple(row["scored"]) == split.scored
        assert row["hops"] == split.hops


def test_the_same_data_are_the_same_bytes(world):
    assert dataset_files(world) == dataset_files(world)
