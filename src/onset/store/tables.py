"""Tidy tables: one row per measurement, Parquet, with their origin in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from onset.store.atomic import atomic_path
from onset.store.origin import DamagedFileError, Origin

if TYPE_CHECKING:
    import pandas as pd

_KEY = b"onset"


def save_table(path: Path, columns: Mapping[str, Sequence[object]], origin: Origin) -> None:
    """Write columns of equal length; where one holds nothing but None, it is of whole numbers."""
    table = pa.table(dict(columns))
    for index, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(index, field.name, table[field.name].cast(pa.int64()))
    table = table.replace_schema_metadata({_KEY: origin.to_json()})
    with atomic_path(path) as part:
        pq.write_table(table, part, write_page_checksum=True)


def load_table(path: Path) -> tuple[pd.DataFrame, Origin]:
    """Read what `save_table` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedFileError: the file is truncated, altered, or none of ours.
    """
    try:
        # Not through a dataset: that would read `seed_0` in a path as a partition.
        table = pq.ParquetFile(path, page_checksum_verification=True).read()
        origin = Origin.from_json(table.schema.metadata[_KEY].decode())
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{path}: not a whole table of Onset's ({error})") from error
    return table.to_pandas(), origin
