"""What only a finished split can show: parts without a class, and rows, groups or moments that two parts share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.signature import PARTS
from pellucid.data.split import Split
from pellucid.errors import DataError, Place, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from pellucid.data.splitting import Facts

NEEDED = ("valid", "test")
BY_CHANCE = 2.0
"""Times as many equal rows as independent columns would have, up to which they are no copies: columns go together."""


def check_parts(part_N: np.ndarray, facts: Facts, classes: tuple[str, ...], split: Split) -> tuple[Finding, ...]:
    """Findings about the parts of a split.

    Raises: DataError where train is empty or lacks a class, or a part that the split asks for is empty.
    """
    import numpy as np

    counts = np.bincount(part_N, minlength=3)
    asked = {"train": 1.0, **{name: split.dump().get(name, 1.0) for name in NEEDED}}
    for code, name in enumerate(PARTS):
        if not counts[code] and asked[name]:
            message = f"the {name} part of the split is empty: {len(part_N)} rows are too few for it"
            hint = "data.split: {kind: stratified} gives exact shares; more rows help"
            if split.dump()["kind"] == "by_column":  # whoever says it by names can say more by them
                hint = f"call some of them {name}, where others are called train and test"
            raise DataError("DATA-SPLIT", message, place=Place(facts.source), hint=hint)
    found: list[Finding] = []
    if facts.class_N is not None:
        for code, name in enumerate(PARTS):
            inside = np.bincount(facts.class_N[part_N == code], minlength=len(classes))
            lacking = [label for label, count in zip(classes, inside, strict=True) if not count]
            if not lacking or not counts[code]:
                continue
            listed = ", ".join(map(quote, lacking[:5]))
            if name == "train":
                message = f"the train part of the split has no row of class {listed}"
                hint = "data.split: {kind: stratified} puts every class into train"
                raise DataError("DATA-SPLIT-CLASS", message, place=Place(facts.source), hint=hint)
            message = f"the {name} part has no row of class {listed}: nothing is known about how well it is told."
            cure = "Collect more rows of it; a stratified split spreads what there is."
            evidence: dict[str, float | int | str] = {"classes": len(lacking)}
            found.append(Finding("class-missing", "warning", message, name, evidence, cure))
    return tuple(found)


def by_chance(count: int, chance_N: np.ndarray, others: np.ndarray | int) -> bool:
    """Whether so many rows may be equal to others only because columns have few different values.

    Args:
        chance_N: for each row the probability that another one is equal to it.
        others: how many rows each of them could be equal to.
    """
    return count <= BY_CHANCE * float((1 - (1 - chance_N) ** others).sum())


def shared_rows(
    learnt_N: np.ndarray, part_N: np.ndarray, chances: Callable[[], np.ndarray] | None = None
) -> tuple[Finding, ...]:
    """Rows of valid or test that train has too, in every column that is learnt from.

    Args:
        chances: gives, where rows are shared, for each row the probability that another one is equal to it; None: they
            never are by chance.
    """
    import numpy as np

    train = np.unique(learnt_N[part_N == 0])
    shared = np.isin(learnt_N, train) & (part_N > 0)
    held = int((part_N > 0).sum())
    count = int(shared.sum())
    if not count:
        return ()
    share = count / held
    evidence: dict[str, float | int | str] = {"rows": count, "share": share}
    if chances is not None and by_chance(count, chances()[part_N > 0], int((part_N == 0).sum())):
        message = (
            f"{count} of the {held} rows held back ({share:.1%}) are equal to a row of train, as is to be expected."
        )
        cure = "Nothing to do: with so few different values in each column, new rows will be as equal."
        return (Finding("rows-shared", "info", message, "", evidence, cure),)
    message = f"{count} of the {held} rows held back ({share:.1%}) stand in train as well: scores are too good."
    cure = "Take copies out; or keep them together with data.split: {kind: by_group, column: ...}."
    return (Finding("rows-shared", "warning", message, "", evidence, cure),)


def shared_groups(column: str, cells: np.ndarray, part_N: np.ndarray) -> tuple[Finding, ...]:
    """Groups that train and another part have in common."""
    train, held = set(cells[part_N == 0].tolist()), set(cells[part_N > 0].tolist())
    common = (train & held) - {None}
    if not common:
        return ()
    message = f"{len(common)} groups are in train and in another part: scores tell nothing about new groups."
    cure = f"data.split: {{kind: by_group, column: {column}}}."
    evidence: dict[str, float | int | str] = {"groups": len(common)}
    return (Finding("group-leak", "severe", message, column, evidence, cure),)


def shared_time(column: str, when_N: np.ndarray, part_N: np.ndarray) -> tuple[Finding, ...]:
    """Train rows that are later than the first test row."""
    train, test = when_N[part_N == 0], when_N[part_N == 2]
    if not len(test):
        return ()
    late = float((train > test.min()).mean())
    if not late:
        return ()
    message = f"{late:.0%} of the train rows are later than the first test row: the model would know the future."
    cure = f"data.split: {{kind: by_time, column: {column}}}."
    return (Finding("time-leak", "severe", message, column, {"share": late}, cure),)
