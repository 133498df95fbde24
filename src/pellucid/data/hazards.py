"""What in a table would fool a person: a column that gives the target away, sorted rows, rare classes, dead columns.

Every finding is said in plain words, stands on numbers, and names a cure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.columns import values
from pellucid.data.leaks import by_chance
from pellucid.data.signature import Column, Target
from pellucid.data.table_raw import TableRaw
from pellucid.data.targets import target_codes, target_values
from pellucid.data.text_guess import free_text
from pellucid.errors import DataError, quote
from pellucid.findings import Finding, Severity

if TYPE_CHECKING:
    import numpy as np

RARE_CLASS = 10
"""Rows under which a class cannot be learnt and judged."""
IMBALANCE = 10.0
"""Rows of the largest class for one of the smallest, from which accuracy misleads."""
LEAK_ROWS = 40
"""Rows from which one column predicting the target is no accident."""
MOST_BINS = 256
ENOUGH_STAMPS = 20
"""Moments from which even steps are no accident,"""
FEW_HOLES = 0.05
"""and the share of the steps that may be longer."""


def hazards(raw: TableRaw, columns: tuple[Column, ...], target: Target) -> tuple[Finding, ...]:
    """Everything suspicious about a table without bad cells, the worst first."""
    found = [*_dropped(raw, columns), *_hollow(raw, columns), *_duplicates(raw, columns)]
    found += _classes(raw, target) if target.kind == "classes" else []
    found += _in_time(raw, columns, target) + _sorted_rows(raw, columns, target)
    found += _leaks(raw, columns, target) + _similar(columns, target)
    order = {"severe": 0, "warning": 1, "info": 2}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))


def _dropped(raw: TableRaw, columns: tuple[Column, ...]) -> list[Finding]:
    found: list[Finding] = []
    for column in columns:
        if column.role in ("dropped", "id") and not column.why.startswith("as data.columns says"):
            check = "id-column" if column.role == "id" else "constant-column" if column.distinct <= 1 else "text-column"
            cure = f"Nothing to do; or say what it is with data.columns: {{{column.name}: ...}}."
            evidence = {"distinct": column.distinct, "missing": column.missing}
            severity: Severity = "info"
            if check == "text-column" and free_text(raw.frame[column.name].to_list()) > 0:
                severity, cure = "warning", f"data: {{kind: text, text: {column.name}}} learns from this column."
            found.append(Finding(check, severity, f"is left out: {column.why}.", column.name, {**evidence}, cure))
    return found


def _hollow(raw: TableRaw, columns: tuple[Column, ...]) -> list[Finding]:
    found: list[Finding] = []
    for column in columns:
        if column.role != "input":
            continue
        gone = column.missing / raw.rows
        if gone > 0.5:
            message = f"{gone:.0%} of the cells are missing."
            cure = f"Learn why; or leave it out with data.columns: {{{column.name}: drop}}."
            found.append(Finding("mostly-missing", "warning", message, column.name, {"missing share": gone}, cure))
        top = int(raw.frame[column.name].drop_nulls().value_counts()[:, 1].to_numpy().max()) / raw.rows
        if top > 0.99 and raw.rows >= 200:
            message = f"one value fills {top:.2%} of the cells: there is little to learn from the others."
            cure = f"Check that it was recorded rightly; or data.columns: {{{column.name}: drop}}."
            found.append(Finding("near-constant", "info", message, column.name, {"share": top}, cure))
    return found


def _duplicates(raw: TableRaw, columns: tuple[Column, ...]) -> list[Finding]:
    import numpy as np

    learnt = [column.name for column in columns if column.role in ("input", "target")]
    _, counts = np.unique(raw.hashes(learnt), return_counts=True)
    repeats = int((counts - 1).sum())
    if not repeats:
        return []
    share = repeats / raw.rows
    message = f"{repeats} rows ({share:.1%}) repeat an earlier one in every column that is learnt from."
    cure = "Rows that are equal in all columns stay in one part; take true copies out, they count double."
    severity: Severity = "warning" if share > 0.05 else "info"
    if by_chance(repeats, raw.chances(learnt), np.arange(raw.rows)):
        severity, cure = "info", "Nothing to do: with so few different values in each column, that is to be expected."
    evidence: dict[str, float | int | str] = {"rows": repeats, "share": share, "largest group": int(counts.max())}
    return [Finding("duplicate-rows", severity, message, "", evidence, cure)]


def _classes(raw: TableRaw, target: Target) -> list[Finding]:
    found: list[Finding] = []
    rows = sum(target.counts)
    rare = {name: count for name, count in zip(target.classes, target.counts, strict=True) if count < RARE_CLASS}
    if rare and rows >= 2 * RARE_CLASS:
        listed = ", ".join(f"{quote(name)} ({count})" for name, count in list(rare.items())[:5])
        message = f"{len(rare)} of {len(target.classes)} classes have fewer than {RARE_CLASS} rows: {listed}."
        cure = "Collect more of them, or join them with a class that means nearly the same."
        found.append(Finding("rare-class", "warning", message, target.names[0], {**rare}, cure))
    ratio = max(target.counts) / min(target.counts)
    if ratio >= IMBALANCE:
        most = target.classes[target.counts.index(max(target.counts))]
        always = max(target.counts) / rows
        message = f"always answering {quote(most)} is right in {always:.1%} of the rows, so accuracy misleads."
        cure = "Judge by balanced_accuracy first in task.metrics; weigh classes with task.class_weight: balanced."
        evidence: dict[str, float | int | str] = {"ratio": ratio, "largest share": always}
        found.append(Finding("imbalance", "warning", message, target.names[0], evidence, cure))
    return found


def _in_time(raw: TableRaw, columns: tuple[Column, ...], target: Target) -> list[Finding]:
    """A column of stamps in even steps, each there equally often, where the split does not go by time or by name."""
    import numpy as np

    from pellucid.data.series_roles import TIME_NAMES
    from pellucid.data.series_time import EVEN, find_step, read_stamps

    if raw.rows < LEAK_ROWS or raw.file_N is not None or any(one.role in ("time", "group", "split") for one in columns):
        return []
    for column in columns:
        if (
            column.role == "target"
            or column.missing
            or not (column.type == "date" or column.name.casefold() in TIME_NAMES)
        ):
            continue
        try:
            stamps = read_stamps(raw, column.name)
        except DataError:
            continue
        second_U, count_U = np.unique(stamps.second_N, return_counts=True)
        step = find_step([second_U], stamps.written)
        if len(second_U) < ENOUGH_STAMPS or step is None or count_U.min() < count_U.max():
            continue
        if float((np.abs(np.diff(step.places(second_U)) - 1) <= EVEN).mean()) < 1 - FEW_HOLES:
            continue
        message = f"rows are {step} apart: judged by rows drawn from all over, the future helps to tell the past."
        by_time = f"data.split: {{kind: by_time, column: {column.name}}} judges by the latest rows"
        forecast = f"data: {{kind: series, target: {target.names[0]}, horizon: ...}} forecasts them"
        cures = [by_time] if column.type in ("number", "date") else []
        cures += [forecast] if target.kind == "values" else []
        if cures:
            cure = "; ".join(cures)
            evidence: dict[str, float | int | str] = {"stamps": len(second_U), "rows each": int(count_U[0])}
            return [Finding("rows-in-time", "warning", message, column.name, evidence, f"{cure}.")]
    return []


def _sorted_rows(raw: TableRaw, columns: tuple[Column, ...], target: Target) -> list[Finding]:
    """Changes of class from row to row against what a shuffled file has; for values, the share of rising steps.

    Where a column says the part, the order is nobody's choice.
    """
    import numpy as np

    if raw.rows < 20 or target.kind == "labels" or any(column.role == "split" for column in columns):
        return []
    if target.kind == "classes":
        code = target_codes(raw.frame[target.names[0]], target)
        changes = int((np.diff(code) != 0).sum())
        share = np.bincount(code) / len(code)
        expected = float((len(code) - 1) * (1 - (share**2).sum()))
        is_sorted, evidence = changes < 0.2 * expected, {"changes of class": changes, "expected if shuffled": expected}
    else:
        steps = np.diff(target_values(raw, target)[:, 0])
        rising = float((steps >= 0).mean())
        falling = float((steps <= 0).mean())
        is_sorted, evidence = max(rising, falling) > 0.95, {"rising steps": rising, "falling steps": falling}
    if not is_sorted:
        return []
    message = "the rows are sorted by the target: cutting the file in its order would keep values out of a part."
    cure = "The split goes by row content, which is safe; do not choose by_time or by_files here without reason."
    return [Finding("sorted-by-target", "warning", message, target.names[0], {**evidence}, cure)]


def _leaks(raw: TableRaw, columns: tuple[Column, ...], target: Target) -> list[Finding]:
    """A column that predicts the target all alone, learnt on one half of the rows and judged on the other."""
    import numpy as np

    inputs = [column for column in columns if column.role == "input"]
    if raw.rows < LEAK_ROWS or len(inputs) < 2 or target.kind == "labels":
        return []
    half_N = raw.hashes() % np.uint64(2) == 0
    if half_N.all() or not half_N.any():
        return []
    found: list[Finding] = []
    for column in inputs:
        bin_N = _bins(raw, column, half_N)
        if target.kind == "classes":
            code_N = target_codes(raw.frame[target.names[0]], target)
            score, alone = _class_score(bin_N, code_N, half_N)
            leaks, measure = score > 0.99 and (1 - score) < 0.1 * (1 - alone), "accuracy"
        else:
            value_N = _near_one(target_values(raw, target)[:, 0])
            score, alone = _value_score(raw, column, bin_N, value_N, half_N), 0.0
            leaks, measure = score > 0.999, "R2"
        if leaks:
            message = (
                f"it gives the target away: {measure} {score:.4f} from this column alone ({alone:.4f} without it)."
            )
            cure = f"Is it known before the target is? If not: data.columns: {{{column.name}: drop}}."
            evidence: dict[str, float | int | str] = {measure: score, "without": alone}
            found.append(Finding("target-leak", "severe", message, column.name, evidence, cure))
    return found


def _bins(raw: TableRaw, column: Column, half_N: np.ndarray) -> np.ndarray:
    """Codes of a column: categories, or quantiles of the first half; missing cells are a code of their own."""
    import numpy as np

    cells = raw.frame[column.name]
    if column.type in ("category", "text"):
        return cells.fill_null("\x00").rank("dense").to_numpy().astype(np.int64)
    number_N = values(cells, column.type)
    seen = number_N[half_N & ~np.isnan(number_N)]
    if not len(seen):
        return np.zeros(raw.rows, np.int64)
    count = min(MOST_BINS, max(4, len(seen) // 8))
    edges = np.unique(np.quantile(seen, np.linspace(0, 1, count + 1)[1:-1]))
    return np.where(np.isnan(number_N), 0, 1 + np.searchsorted(edges, number_N, side="right"))


def _class_score(bin_N: np.ndarray, code_N: np.ndarray, half_N: np.ndarray) -> tuple[float, float]:
    """Accuracy of the majority class of each bin, and of the majority class of all, on the other half."""
    import numpy as np

    table = np.zeros((int(bin_N.max()) + 1, int(code_N.max()) + 1), np.int64)
    np.add.at(table, (bin_N[half_N], code_N[half_N]), 1)
    overall = int(table.sum(0).argmax())
    guess = np.where(table.sum(1) > 0, table.argmax(1), overall)
    truth_N = code_N[~half_N]
    return float((guess[bin_N[~half_N]] == truth_N).mean()), float((truth_N == overall).mean())


def _value_score(raw: TableRaw, column: Column, bin_N: np.ndarray, value_N: np.ndarray, half_N: np.ndarray) -> float:
    """The better R2 on the other half of the mean of each bin and of a straight line."""
    import numpy as np

    count = np.bincount(bin_N[half_N], minlength=int(bin_N.max()) + 1)
    total = np.bincount(bin_N[half_N], value_N[half_N], minlength=len(count))
    guess = np.where(count > 0, total / np.maximum(count, 1), value_N[half_N].mean())
    truth_N = value_N[~half_N]
    spread = float(((truth_N - truth_N.mean()) ** 2).sum())
    if spread == 0:
        return 0.0
    best = 1 - float(((guess[bin_N[~half_N]] - truth_N) ** 2).sum()) / spread
    if column.type not in ("category", "text") and not column.missing:
        number_N = _near_one(values(raw.frame[column.name], column.type))
        middle = number_N[half_N].mean()
        across = ((number_N[half_N] - middle) ** 2).sum()
        if across > 0:
            slope = ((number_N[half_N] - middle) * (value_N[half_N] - value_N[half_N].mean())).sum() / across
            line_N = value_N[half_N].mean() + slope * (number_N[~half_N] - middle)
            best = max(best, 1 - float(((line_N - truth_N) ** 2).sum()) / spread)
    return best


def _near_one(number_N: np.ndarray) -> np.ndarray:
    """Numbers brought into [-1, 1], so that their squares are finite; no R2 changes by that."""
    import numpy as np

    return number_N / max(float(np.abs(number_N).max()), 1e-300)


def _similar(columns: tuple[Column, ...], target: Target) -> list[Finding]:
    """Names that differ only in case or blanks are mostly one thing typed twice."""
    found: list[Finding] = []
    named = [(column.name, column.categories) for column in columns if column.role == "input"]
    for place, names in [*named, (target.names[0], target.classes)]:
        seen: dict[str, list[str]] = {}
        for name in names:
            seen.setdefault("".join(name.casefold().split()), []).append(name)
        twins = [group for group in seen.values() if len(group) > 1]
        if twins:
            listed = "; ".join(" and ".join(map(quote, group)) for group in twins[:3])
            message = f"{len(twins)} groups of names differ only in case or blanks: {listed}."
            evidence: dict[str, float | int | str] = {"groups": len(twins)}
            found.append(Finding("similar-names", "warning", message, place, evidence, "Write them alike."))
    return found
