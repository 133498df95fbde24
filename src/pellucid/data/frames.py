"""Rows that are typed already, as the text cells of a table: Parquet files and frames in memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pellucid.data.cells import tidy
from pellucid.data.table_raw import TableRaw, cell_fingerprint, check_names, tidy_name
from pellucid.errors import DataError, Place, quote

if TYPE_CHECKING:
    import polars as pl


def read_parquet(data: bytes, path: str, *, missing: tuple[str, ...] = ()) -> TableRaw:
    """The rows of a Parquet file.

    Raises: DataError where the file is damaged or a column holds lists or objects.
    """
    import numpy as np
    import polars as pl
    from polars.exceptions import PolarsError

    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (PolarsError, OSError, ValueError) as fault:
        reason = str(fault).split("\n", 1)[0][:200]
        raise DataError("DATA-PARQUET", f"the Parquet file is damaged: {reason}", place=Place(path)) from None
    frame = as_text(frame, Place(path), missing)
    lines = np.arange(1, frame.height + 1)
    return TableRaw(frame, lines, sha256(data).hexdigest(), (path,), unit="row")


def from_memory(source: Any, missing: tuple[str, ...] = ()) -> TableRaw:
    """Rows handed over as a polars or pandas frame, a mapping of columns, or a two-dimensional array.

    The columns of an array are called x0, x1, ... Raises: DataError naming the column that holds no plain values.
    """
    import numpy as np

    frame = as_text(_frame(source), Place(), missing)
    return TableRaw(frame, np.arange(1, frame.height + 1), cell_fingerprint(frame), unit="row")


def add_columns(raw: TableRaw, names: tuple[str, ...], target: Any) -> TableRaw:
    """`raw` with the columns of `target` under `names`: one column, or a frame or array of several.

    Raises: DataError where their number or length does not fit.
    """
    import numpy as np
    import polars as pl

    if isinstance(target, (pl.Series, list, tuple)) or np.ndim(target) == 1:
        pandas = type(target).__module__.startswith("pandas")
        added = [_pandas_series("x", target) if pandas else _series("x", list(target))]
    else:
        added = _frame(target).get_columns()
    if len(added) != len(names) or any(len(cells) != raw.rows for cells in added):
        lengths = ", ".join(str(len(cells)) for cells in added)
        message = (
            f"{len(names)} target columns of {raw.rows} rows are expected, and {len(added)} are given, of {lengths}"
        )
        raise DataError("DATA-TARGET", message, hint="name them with data.target")
    columns = [cells.alias(name) for cells, name in zip(added, names, strict=True)]
    frame = raw.frame.with_columns(as_text(pl.DataFrame(columns), Place(), ()).get_columns())
    return replace(raw, frame=frame, fingerprint=cell_fingerprint(frame))


def as_text(frame: pl.DataFrame, place: Place, missing: tuple[str, ...]) -> pl.DataFrame:
    """Every column as tidy text; whole numbers that are stored as floats lose their `.0`.

    Raises: DataError for no rows, bad names, and columns of lists or objects.
    """
    import polars as pl

    names = [tidy_name(name) for name in frame.columns]
    check_names(names, place)
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    if not frame.width or not frame.height:
        raise DataError("DATA-CSV-EMPTY", "there are no rows", place=place)
    columns: list[pl.Series] = []
    for cells in frame.get_columns():
        if cells.dtype.is_nested() or cells.dtype in (pl.Object, pl.Binary):
            message = f'column "{cells.name}" holds {cells.dtype}, not plain values'
            raise DataError("DATA-CELL", message, place=place, hint="one number or text a cell")
        text = cells.cast(pl.String)
        if cells.dtype.is_float():
            text = text.str.replace(r"\.0$", "")
        columns.append(tidy(text, missing))
    return pl.DataFrame(columns)


def _frame(source: Any) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    if isinstance(source, pl.DataFrame):
        return source
    if isinstance(source, Mapping):
        lengths = {str(name): len(cells) for name, cells in source.items()}
        if len(set(lengths.values())) > 1:
            raise DataError("DATA-CELL", f"the columns have different lengths: {lengths}")
        return pl.DataFrame([_series(str(name), list(cells)) for name, cells in source.items()])
    if type(source).__module__.split(".")[0] == "pandas":
        return pl.DataFrame([_pandas_series(str(name), source.iloc[:, at]) for at, name in enumerate(source.columns)])
    array = np.asarray(source)
    if array.ndim != 2 or array.dtype.kind not in "iufbOUS":
        message = f"expected a frame, a mapping of columns or a two-dimensional array, not {type(source).__name__}"
        raise DataError("DATA-CELL", f"{message} of shape {array.shape}")
    return pl.DataFrame([_series(f"x{at}", array[:, at].tolist()) for at in range(array.shape[1])])


def _pandas_series(name: str, column: Any) -> pl.Series:
    blank = column.isna().tolist()
    return _series(name, [None if gone else cell for cell, gone in zip(column.tolist(), blank, strict=True)])


def _series(name: str, cells: list[Any]) -> pl.Series:
    """Python values as text: mixed columns (numbers and words) are common in frames and come as they are."""
    import polars as pl

    return pl.Series(name, [_text(name, row, cell) for row, cell in enumerate(cells, 1)], pl.String)


def _text(name: str, row: int, cell: Any) -> str | None:
    import numpy as np

    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, (str, bytes)):
        return cell if isinstance(cell, str) else cell.decode("utf-8", "replace")
    if cell is None or isinstance(cell, bool):
        return None if cell is None else str(cell).lower()
    if isinstance(cell, float):
        return None if cell != cell else repr(cell).removesuffix(".0")
    if isinstance(cell, (list, tuple, dict, set, np.ndarray)):
        message = f'column "{name}": {quote(str(cell))} is not a plain value'
        raise DataError("DATA-CELL", message, place=Place(path=f"row {row}"), hint="one number or text a cell")
    return str(cell)
