"""A run's dataset as Parquet files that `datasets` and anything else can read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save

from onset.tasks.dataset import Dataset, Split
from onset.tasks.vectors import VectorDataset, VectorSplit
from onset.tasks.worlds import World

WORLD = "world.safetensors"
"""arrays that belong to the whole world or to a whole split"""


def dataset_files(world: World) -> dict[str, bytes]:
    """Name → content: a table per split, and one file for what doesn't fit into tables.

    For sequences, the columns are `text` (the names of the tokens), `tokens`, `scored` (the positions after
    which the answer is scored), `answers` and `targets` (the right answers, as names and as tokens) and
    `hops`; for vectors, `inputs` and `targets`. Ground truth that the model isn't given is in `truth_NAME`.
    """
    if isinstance(world, Dataset):
        tables = {name: _of_sequences(its, world.vocabulary) for name, its in world.splits.items()}
        others = _candidates(world)
    else:
        tables = {name: _of_vectors(its) for name, its in world.splits.items()}
        others = _of_the_world(world)
    files = {table_name(name): _parquet(columns) for name, columns in tables.items()}
    return files | ({WORLD: save(others)} if others else {})


def table_name(split: str) -> str:
    """The file of a split."""
    return f"data/{split}.parquet"


def _of_sequences(split: Split, vocabulary: tuple[str, ...]) -> dict[str, Any]:
    names = np.array(vocabulary, dtype=object)
    return {
        "text": [" ".join(row) for row in names[split.tokens]],
        "tokens": split.tokens,
        "scored": split.positions,
        "answers": [" ".join(row) for row in names[split.targets]],
        "targets": split.targets,
        "hops": np.full(len(split), split.hops),
        **_truth(split.truth),
    }


def _of_vectors(split: VectorSplit) -> dict[str, Any]:
    targets = {} if split.targets is None else {"targets": split.targets}
    return {"inputs": split.inputs, **targets, **_truth(split.truth)}


def _truth(truth: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"truth_{fact}": values for fact, values in truth.items()}


def _candidates(world: Dataset) -> dict[str, np.ndarray]:
    """The tokens that could answer a split's questions, and which of them are answers in training."""
    found = {}
    for name, split in world.splits.items():
        for key in ("candidates", "familiar"):
            if (values := getattr(split, key)) is not None:
                found[f"{name}/{key}"] = np.ascontiguousarray(values)
    return found


def _of_the_world(world: VectorDataset) -> dict[str, np.ndarray]:
    found = {f"truth/{fact}": values for fact, values in world.truth.items()}
    if world.weights is not None:
        found["weights"] = world.weights
    return {name: np.ascontiguousarray(values) for name, values in found.items()}


def _parquet(columns: Mapping[str, Any]) -> bytes:
    """A Parquet file; the same columns always give the same bytes."""
    table = pa.table({name: _column(values) for name, values in columns.items()})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _column(values: Any) -> pa.Array:
    """Arrays of several dimensions as lists in lists."""
    if not isinstance(values, np.ndarray):
        return pa.array(values)
    array = pa.array(values.ravel())
    for n in reversed(values.shape[1:]):
        array = pa.FixedSizeListArray.from_arrays(array, n)
    return array
