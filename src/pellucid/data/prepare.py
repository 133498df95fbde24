"""The preparation of a table, fitted on the train rows only: what turns cells into numbers and codes.

number     median for missing cells, then (x - mean) / scale
boolean    0 or 1, the more frequent one for missing cells
date       year with fraction; sine and cosine of the month and of the weekday; each like a number
category   a code: 0 for unknown and rare, 1.. in the order of the column's categories, then one for missing
missing    one 0/1 column for each of the first three that had missing cells in train
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pellucid.data import cells as grammar
from pellucid.data.columns import values
from pellucid.data.signature import Column, Signature
from pellucid.data.source import Raw
from pellucid.data.table_raw import TableRaw
from pellucid.data.targets import target_codes, target_values
from pellucid.errors import ArtifactError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    import torch

    from pellucid.data.batch import Batch, Scale

RARE = 2
"""Train rows a category needs for a code of its own."""
FURTHEST = 1e6
"""Standardised numbers are cut there, so that no cell of new data becomes infinite in float32."""
DAY, YEAR = 86400.0, 365.2425 * 86400.0
DATE_PARTS = ("year", "month (sine)", "month (cosine)", "weekday (sine)", "weekday (cosine)")


@dataclass(frozen=True)
class TablePreparation:
    """Fitted numbers; the names and categories they belong to are in the signature it came with."""

    fill_D: np.ndarray
    """What stands for a missing cell, before standardising."""
    mean_D: np.ndarray
    scale_D: np.ndarray
    indicated_C: np.ndarray
    """uint8: for each number, boolean and date column, whether it has a column that says "missing"."""
    size_K: np.ndarray
    """int64: codes of each category column, unknown included."""
    missing_K: np.ndarray
    """int64: the code of a missing cell; 0 where it is the unknown one."""
    columns: tuple[str, ...]
    """Names of the prepared inputs: numbers first, then categories."""
    target_mean_D: np.ndarray | None = field(default=None)
    target_scale_D: np.ndarray | None = field(default=None)

    @property
    def scale(self) -> Scale | None:
        """How target values were standardised; None where the target is not values."""
        import torch

        from pellucid.data.batch import Scale

        if self.target_mean_D is None or self.target_scale_D is None:
            return None
        return Scale(torch.from_numpy(self.target_mean_D.copy()), torch.from_numpy(self.target_scale_D.copy()))

    @property
    def categories(self) -> tuple[int, ...]:
        """Codes of each category column."""
        return tuple(int(size) for size in self.size_K)

    @property
    def width(self) -> int:
        """Columns of number_BD."""
        return len(self.fill_D) + int(self.indicated_C.sum())

    def names(self) -> list[str]:
        """The prepared inputs in the order of the tensors: the columns of number_BD, then of code_BK."""
        return list(self.columns)

    def apply(self, raw: Raw, signature: Signature) -> Batch:
        """Prepares rows; the target is None where `raw` has no target or one that is not known."""
        import numpy as np
        import torch

        from pellucid.data.batch import Batch, Rows

        assert isinstance(raw, TableRaw)
        number_BD = torch.from_numpy(self._numbers(raw, signature))
        inputs = signature.inputs("category")
        signal: Rows | torch.Tensor = number_BD
        if inputs:
            code = [self._codes(raw, column, at) for at, column in enumerate(inputs)]
            signal = Rows(number_BD, torch.from_numpy(np.stack(code, 1)))
        return Batch(signal, self._target(raw, signature), _weights(raw, signature), torch.arange(raw.rows))

    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted numbers, for `preprocess.safetensors`."""
        found = {
            "number.fill": self.fill_D,
            "number.mean": self.mean_D,
            "number.scale": self.scale_D,
            "number.indicated": self.indicated_C,
            "category.size": self.size_K,
            "category.missing": self.missing_K,
        }
        if self.target_mean_D is not None and self.target_scale_D is not None:
            found |= {"target.mean": self.target_mean_D, "target.scale": self.target_scale_D}
        return found

    def _numbers(self, raw: TableRaw, signature: Signature) -> np.ndarray:
        """float32 number_BD."""
        import numpy as np

        number_ND, missing_NC = numeric(raw, signature)
        number_ND = np.where(np.isnan(number_ND), self.fill_D, number_ND)
        with np.errstate(over="ignore"):
            number_ND = np.clip((number_ND - self.mean_D) / self.scale_D, -FURTHEST, FURTHEST)
        return np.concatenate([number_ND, missing_NC[:, self.indicated_C == 1]], 1).astype(np.float32)

    def _codes(self, raw: TableRaw, column: Column, at: int) -> np.ndarray:
        """int64 code_B of one category column."""
        import numpy as np

        code = category_codes(raw.frame[column.name], column)
        blank = raw.frame[column.name].is_null().to_numpy()
        return np.where(blank, self.missing_K[at], code)

    def _target(self, raw: TableRaw, signature: Signature) -> torch.Tensor | None:
        import numpy as np
        import torch

        target = signature.target
        if target is None or any(name not in raw.names for name in target.names):
            return None
        if target.kind == "classes":
            code_N = target_codes(raw.frame[target.names[0]], target)
            return None if (code_N < 0).any() else torch.from_numpy(code_N)
        value_ND = target_values(raw, target)
        if np.isnan(value_ND).any():
            return None
        if self.target_mean_D is not None:
            value_ND = (value_ND - self.target_mean_D) / self.target_scale_D
        return torch.from_numpy(value_ND.astype(np.float32))


def fit(raw: TableRaw, signature: Signature) -> tuple[TablePreparation, Signature]:
    """The preparation of these train rows, and the signature with the categories that have a code."""
    import numpy as np

    number_ND, missing_NC = numeric(raw, signature)
    fill_D = _fills(number_ND, signature)
    mean_D, scale_D = _standard(np.where(np.isnan(number_ND), fill_D, number_ND))
    plain = _plain_columns(signature)
    mean_D[plain], scale_D[plain] = 0.0, 1.0
    signature, size_K, missing_K = _vocabulary(raw, signature)
    indicated_C = np.asarray(missing_NC.any(0), np.uint8)
    names = _names(signature, indicated_C)
    mean = scale = None
    if signature.target is not None and signature.target.kind == "values":
        mean, scale = _standard(target_values(raw, signature.target))
    made = TablePreparation(fill_D, mean_D, scale_D, indicated_C, size_K, missing_K, names, mean, scale)
    return made, signature


def restore(arrays: Mapping[str, np.ndarray], signature: Signature) -> TablePreparation:
    """The preparation that `arrays` was saved from.

    Raises: ArtifactError where the numbers do not belong to this signature.
    """
    import numpy as np

    needed = ("number.fill", "number.mean", "number.scale", "number.indicated", "category.size", "category.missing")
    lacking = [name for name in needed if name not in arrays]
    if lacking:
        raise ArtifactError("FILE-PREPARE", f"the fitted preparation lacks {lacking[0]}")
    fill_D, mean_D, scale_D, indicated_C, size_K, missing_K = (arrays[name] for name in needed)
    width = sum(_width(column) for column in _numeric_columns(signature))
    categories = signature.inputs("category")
    wanted = [len(column.categories) + 1 for column in categories]
    beyond_K = size_K - np.array(wanted, np.int64) if size_K.shape == (len(wanted),) else np.array([-1])
    fits = len(missing_K) == len(wanted) and bool(((beyond_K == 0) | (beyond_K == 1)).all())
    fits = fits and {len(fill_D), len(mean_D), len(scale_D)} == {width}
    if not fits or len(indicated_C) != len(_numeric_columns(signature)):
        raise ArtifactError("FILE-PREPARE", "the fitted preparation does not belong to this signature")
    if not all(np.isfinite(array).all() for array in (fill_D, mean_D, scale_D)):
        raise ArtifactError("FILE-PREPARE", "the fitted preparation holds a number that is not finite")
    names = _names(signature, indicated_C)
    made = (fill_D, mean_D, scale_D, indicated_C, size_K, missing_K, names)
    return TablePreparation(*made, arrays.get("target.mean"), arrays.get("target.scale"))


def numeric(raw: TableRaw, signature: Signature) -> tuple[np.ndarray, np.ndarray]:
    """float64 number_ND of number, boolean and date columns, NaN where missing; and missing_NC, a 0/1 for each."""
    import numpy as np

    found: list[np.ndarray] = [np.zeros((raw.rows, 0))]
    missing: list[np.ndarray] = [np.zeros((raw.rows, 0))]
    for column in _numeric_columns(signature):
        number_N = values(raw.frame[column.name], column.type)
        found.append(date_parts(number_N) if column.type == "date" else number_N[:, None])
        missing.append(np.isnan(number_N)[:, None].astype(np.float64))
    return np.concatenate(found, 1), np.concatenate(missing, 1)


def date_parts(second_N: np.ndarray) -> np.ndarray:
    """float64 (N, 5) of seconds since 1970: `DATE_PARTS`."""
    import numpy as np

    year_N = 1970 + second_N / YEAR
    month_N = 2 * np.pi * (year_N % 1)
    weekday_N = 2 * np.pi * ((np.floor(second_N / DAY) + 3) % 7) / 7
    return np.stack([year_N, np.sin(month_N), np.cos(month_N), np.sin(weekday_N), np.cos(weekday_N)], 1)


def category_codes(cells: pl.Series, column: Column) -> np.ndarray:
    """int64: 1.. in the order of the column's categories, 0 for what is none of them or missing."""
    import numpy as np
    import polars as pl

    if not column.categories:
        return np.zeros(len(cells), np.int64)
    named = cells if column.type != "category" or not _numeric_names(column) else grammar.whole(cells)
    codes = list(range(1, len(column.categories) + 1))
    coded = named.replace_strict(list(column.categories), codes, default=0, return_dtype=pl.Int64)
    return coded.fill_null(0).to_numpy().astype(np.int64)


def _numeric_names(column: Column) -> bool:
    return all(re.match(grammar.NUMBER, name) for name in column.categories)


def _numeric_columns(signature: Signature) -> tuple[Column, ...]:
    return (*signature.inputs("number"), *signature.inputs("boolean"), *signature.inputs("date"))


def _width(column: Column) -> int:
    return len(DATE_PARTS) if column.type == "date" else 1


def _plain_columns(signature: Signature) -> slice:
    """Where the booleans are in number_BD: they stay 0 and 1."""
    start = len(signature.inputs("number"))
    return slice(start, start + len(signature.inputs("boolean")))


def _fills(number_ND: np.ndarray, signature: Signature) -> np.ndarray:
    """Median of each column; of booleans the more frequent value; 0 where no cell is filled."""
    import numpy as np

    fill_D = np.zeros(number_ND.shape[1])
    for at in range(number_ND.shape[1]):
        present = number_ND[~np.isnan(number_ND[:, at]), at]
        fill_D[at] = np.median(present) if len(present) else 0.0
    booleans = _plain_columns(signature)
    fill_D[booleans] = fill_D[booleans] > 0.5
    return fill_D


def _standard(number_ND: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation; a column that does not vary gets the scale 1."""
    import numpy as np

    mean_D = (number_ND / max(len(number_ND), 1)).sum(0)
    apart_ND = number_ND - mean_D
    # Squares of numbers near 1e200 are infinite: the spread is taken out before.
    spread_D = np.abs(apart_ND).max(0, initial=0.0)
    safe_D = np.where(spread_D > 0, spread_D, 1.0)
    scale_D = safe_D * np.sqrt(((apart_ND / safe_D) ** 2).mean(0)) if len(number_ND) else safe_D
    varies_D = spread_D > 1e-12 * np.maximum(np.abs(mean_D), 1e-300)
    return mean_D, np.where(varies_D & (scale_D > 0), scale_D, 1.0)


def _vocabulary(raw: TableRaw, signature: Signature) -> tuple[Signature, np.ndarray, np.ndarray]:
    """The categories that the train rows have often enough, and whether missing is one of them."""
    import numpy as np

    sizes: list[int] = []
    missing: list[int] = []
    kept: dict[str, Column] = {}
    for column in signature.inputs("category"):
        code_N = category_codes(raw.frame[column.name], column)
        count = np.bincount(code_N, minlength=len(column.categories) + 1)[1:]
        names = [name for name, rows in zip(column.categories, count, strict=True) if rows >= RARE]
        rows = dict(zip(column.categories, count.tolist(), strict=True))
        names.sort(key=lambda name: (-rows[name], name))
        blank = raw.frame[column.name].null_count() >= RARE
        missing.append(len(names) + 1 if blank else 0)
        sizes.append(len(names) + 1 + int(blank))
        kept[column.name] = replace(column, categories=tuple(names))
    columns = tuple(kept.get(column.name, column) for column in signature.columns)
    return signature.replace(columns=columns), np.array(sizes, np.int64), np.array(missing, np.int64)


def _names(signature: Signature, indicated_C: np.ndarray) -> tuple[str, ...]:
    names: list[str] = []
    columns = _numeric_columns(signature)
    for column in columns:
        names += [f"{column.name} {part}" for part in DATE_PARTS] if column.type == "date" else [column.name]
    names += [f"{column.name} is missing" for column, shown in zip(columns, indicated_C, strict=True) if shown]
    return (*names, *(column.name for column in signature.inputs("category")))


def _weights(raw: TableRaw, signature: Signature) -> torch.Tensor | None:
    """float32 weight_B of the weight column; None where there is none, as in new data."""
    import torch

    for column in signature.columns:
        if column.role == "weight" and column.name in raw.names:
            return torch.from_numpy(grammar.numbers(raw.frame[column.name])).float()
    return None
