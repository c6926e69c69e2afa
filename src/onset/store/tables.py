"""Tidy tables: one row per measurement, Parquet, with their origin in the file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from onset.store.atomic import atomic_path
from onset.store.origin import Origin
from onset.store.records import check, damaged

if TYPE_CHECKING:
    import pandas as pd

_KEY = b"onset"
_CHECKSUM = b"onset_checksum"


def save_table(path: Path, columns: Mapping[str, Sequence[object]], origin: Origin) -> None:
    """Write columns of equal length; where one holds nothing but None, it is of whole numbers."""
    table = pa.table(dict(columns))
    for index, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(index, field.name, table[field.name].cast(pa.int64()))
    about = {_KEY: origin.to_json().encode(), _CHECKSUM: _checksum(table, origin)}
    with atomic_path(path) as part:
        # Lists are called the same when they are read again, as the checksum wants.
        pq.write_table(table.replace_schema_metadata(about), part, use_compliant_nested_type=False)


def load_table(path: Path) -> tuple[pd.DataFrame, Origin]:
    """Read what `save_table` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedFileError: the file is truncated, altered, or none of ours.
    """
    if path.exists() and not path.is_file():
        raise damaged(path, "no file")
    try:
        # Not through a dataset: that would read `seed_0` in a path as a partition.
        table = pq.ParquetFile(path).read()
        origin = Origin.from_json(table.schema.metadata[_KEY].decode())
        expected = table.schema.metadata[_CHECKSUM]
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"not a whole table of Onset's ({error})") from error
    if _checksum(table, origin) != expected:
        raise damaged(path, "the content doesn't match its checksum")
    check(path, must_be_recorded=False)
    return table.to_pandas(), origin


def _checksum(table: pa.Table, origin: Origin) -> bytes:
    """Of names, types and values: Parquet's own checksums leave out the file's footer."""
    sha = hashlib.sha256(origin.to_json().encode())
    for field, column in zip(table.schema, table.columns, strict=True):
        sha.update(f"{field.name} {field.type}\n{column.to_pylist()}\n".encode())
    return sha.hexdigest().encode()
