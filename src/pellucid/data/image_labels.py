"""The labels of images: a class for each, or numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pellucid.data.image_files import natural
from pellucid.data.image_raw import Wanted
from pellucid.errors import DataError, Place, quote


def labelled(
    labels: Sequence[tuple[str, ...]], target: tuple[str, ...], wanted: Wanted, notes: dict[str, str], source: str
) -> tuple[np.ndarray | None, np.ndarray | None, tuple[str, ...]]:
    """(code_N, value_ND, classes): numbers with a fraction, or several columns, are values; all else is classes.

    Raises: DataError for a target that is no number where numbers are asked for, and one that never changes.
    """
    known = wanted.classes or ()
    if not target or not labels or not all(labels):
        return None, None, known
    numbers = [[_number(cell) for cell in row] for row in labels]
    values = wanted.values
    if values is None:
        fractions = any(number is not None and number != int(number) for row in numbers for number in row)
        numeric = all(number is not None for row in numbers for number in row)
        values = numeric and (fractions or len(labels[0]) > 1)
    if values:
        if any(number is None for row in numbers for number in row):
            raise DataError("DATA-TARGET", "a target is no number", place=Place(source))
        value_ND = np.array(numbers, np.float64)
        if wanted.classes is None:
            _refuse_constant(value_ND, target, source)
        return None, value_ND, ()
    if len(labels[0]) > 1:
        raise DataError("DATA-TARGET", "several target columns must all be numbers", place=Place(source))
    classes = wanted.classes or tuple(sorted({row[0] for row in labels}, key=natural))
    code = {name: index for index, name in enumerate(classes)}
    strange = Counter(row[0] for row in labels if row[0] not in code)
    if strange:
        name, count = strange.most_common(1)[0]
        notes["labels not used"] = f"{quote(name)} ({count:,} images) is no class that the model knows"
        return None, None, known
    return np.array([code[row[0]] for row in labels], np.int64), None, classes


def _refuse_constant(value_ND: np.ndarray, target: tuple[str, ...], source: str) -> None:
    for name, value_N in zip(target, value_ND.T, strict=True):
        if (value_N == value_N[0]).all():
            message = f"the target {quote(name)} is {value_N[0]:g} for every image: there is nothing to learn"
            raise DataError("DATA-TARGET-CONSTANT", message, place=Place(source))


def _number(cell: str) -> float | None:
    """A finite number written with ASCII digits, or None."""
    try:
        number = float(cell) if cell.isascii() and "_" not in cell else None
    except ValueError:
        return None
    return number if number is not None and np.isfinite(number) else None
