"""Whole series: their classes, values or steps, and the preparation fitted on train, every channel standardised.

B  series    T  steps of the longest    C  channels    D  target values
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from pellucid.data.batch import Batch, Scale
from pellucid.data.columns import misfits, understood
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.signature import Signature, Target
from pellucid.data.source import Raw
from pellucid.data.table_raw import TableRaw
from pellucid.data.targets import blank_targets, find_target, target_codes, target_values
from pellucid.errors import ArtifactError, DataError, SchemaError
from pellucid.findings import Finding
from pellucid.forms import UNJUDGED_STEP, Form, Steps, sequence

FURTHEST = 1e6
"""Standardised numbers are cut there, so that none becomes infinite in float32."""


@dataclass(frozen=True)
class SeriesPreparation:
    """Fitted numbers of whole series."""

    mean_C: np.ndarray
    scale_C: np.ndarray
    length_2: np.ndarray
    """int64: steps of the shortest and of the longest series."""
    channels: tuple[str, ...]
    mean_D: np.ndarray | None = None
    """Of target values; None where the target is something else."""
    scale_D: np.ndarray | None = None

    @property
    def scale(self) -> Scale | None:
        """How target values were standardised; None where the target is not values."""
        if self.mean_D is None or self.scale_D is None:
            return None
        return Scale(torch.from_numpy(self.mean_D.copy()), torch.from_numpy(self.scale_D.copy()))

    @property
    def form(self) -> Form:
        """That of the prepared series."""
        shortest, longest = self.length_2.tolist()
        return sequence(len(self.mean_C), longest, even=shortest == longest)

    def apply(self, raw: Raw, signature: Signature) -> Batch:
        """Series without blank cells; the target is None where `raw` has none, or one that is not known.

        Raises: SchemaError for a series of another length where all were equally long.
        """
        assert isinstance(raw, SeriesRaw)
        shortest, longest = self.length_2.tolist()
        most = min(int(raw.count_S.max()), longest) if self.form.even is False else longest
        if shortest == longest and (raw.count_S != longest).any():
            odd = int(np.flatnonzero(raw.count_S != longest)[0])
            message = f"the series has {int(raw.count_S[odd])} steps, and every series of training has {longest}"
            raise SchemaError("SCHEMA-TYPE", message, place=raw.place(int(raw.start_S[odd])))
        x_BTC = np.zeros((len(raw.series), most, len(self.mean_C)), np.float32)
        mask_BT = np.arange(most) < raw.count_S[:, None]
        with np.errstate(over="ignore"):
            for series, (start, count) in enumerate(zip(raw.start_S, raw.count_S, strict=True)):
                value_TC = (raw.value_NC[start : start + min(count, most)] - self.mean_C) / self.scale_C
                x_BTC[series, :count] = np.clip(value_TC, -FURTHEST, FURTHEST)
        signal = Steps(torch.from_numpy(x_BTC), torch.from_numpy(mask_BT))
        return Batch(signal, self._target(raw, signature, most), None, torch.arange(len(raw.series)))

    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted numbers, for `preprocess.safetensors`."""
        found = {"channel.mean": self.mean_C, "channel.scale": self.scale_C, "length": self.length_2}
        if self.mean_D is not None and self.scale_D is not None:
            found |= {"target.mean": self.mean_D, "target.scale": self.scale_D}
        return found

    def names(self) -> list[str]:
        """The channels."""
        return list(self.channels)

    def _target(self, raw: SeriesRaw, signature: Signature, most: int) -> torch.Tensor | None:
        target = signature.target
        if target is None or raw.label is None or any(name not in raw.label.columns for name in target.names):
            return None
        if target.kind == "values":
            value_BD = target_values(labels(raw), target)
            if np.isnan(value_BD).any():
                return None
            return torch.from_numpy(((value_BD - self.mean_D) / self.scale_D).astype(np.float32))
        code_N = target_codes(raw.label[target.names[0]], target)
        if target.kind == "classes":
            return None if (code_N < 0).any() else torch.from_numpy(code_N)
        target_BT = np.full((len(raw.series), most), UNJUDGED_STEP, np.int64)
        for series, (start, count) in enumerate(zip(raw.start_S, raw.count_S, strict=True)):
            target_BT[series, :count] = code_N[start : start + min(count, most)]
        return torch.from_numpy(target_BT)


def labels(raw: SeriesRaw) -> TableRaw:
    """The target cells as a table whose rows know their lines."""
    assert raw.label is not None
    line_N = np.arange(1, raw.label.height + 1) if raw.line_N is None else raw.line_N
    line_N = line_N if raw.asks == "steps" else line_N[raw.start_S]
    return TableRaw(raw.label, line_N, raw.fingerprint, (raw.source,) if raw.source else (), unit=raw.unit)


def target_of(raw: SeriesRaw) -> Target | None:
    """What is to be predicted of each series, or of each step; None where there are no labels.

    Raises: DataError for blank labels of whole series, and for those that teach nothing.
    """
    if raw.label is None:
        return None
    table = labels(raw)
    names = tuple(table.names)
    columns = tuple(understood(name, table.frame[name], None, "target") for name in names)
    bad = [cells for column in columns for cells in misfits(table, column)]
    bad += blank_targets(table, names) if raw.asks == "series" else []
    if bad:
        raise min(bad, key=lambda cells: cells.rows[0]).error(table)
    if raw.asks == "series":
        return find_target(table, names, columns, {})
    filled = table.take(table.frame[names[0]].is_not_null().to_numpy())
    if not filled.rows:
        raise DataError(
            "DATA-TARGET-BLANK", f'the target column "{names[0]}" is empty in every row', place=table.place()
        )
    found = find_target(filled, names[:1], columns[:1], {})
    if found.kind != "classes":
        message = f'the target "{names[0]}" of each step is a number ({found.why}); a class of each step is learnt'
        raise DataError("DATA-TARGET", message, place=table.place(), hint="data.horizon forecasts numbers")
    return replace(found, kind="steps", why=f"{found.why}, one for each row")


def require_labels(raw: SeriesRaw, target: Target) -> None:
    """For evaluation: every series has a target that the model knows.

    Raises: SchemaError with the line of the first one that is missing or unknown.
    """
    if raw.label is None:
        raise SchemaError("SCHEMA-TARGET", "the series have no labels to judge by", place=raw.place())
    table = labels(raw)
    if target.kind == "values":
        bad_N = np.isnan(target_values(table, target)).any(1)
    else:
        bad_N = target_codes(table.frame[target.names[0]], target) < 0
        bad_N &= table.frame[target.names[0]].is_not_null().to_numpy() | (target.kind != "steps")
    if bad_N.any():
        row = int(np.flatnonzero(bad_N)[0])
        known = f"one of {', '.join(target.classes[:10])}" if target.classes else "a number"
        message = f'column "{target.names[0]}": the target {table.frame[target.names[0]][row]} is not {known}'
        raise SchemaError("SCHEMA-TARGET", message, place=table.place(row))


def cut(raw: SeriesRaw, length: int) -> SeriesRaw:
    """Series without the steps behind the `length`-th, and a finding that counts them."""
    long_S = raw.count_S > length
    if not long_S.any():
        return raw
    keep_N = np.arange(len(raw.value_NC)) - np.repeat(raw.start_S, raw.count_S) < length
    index_N = np.flatnonzero(keep_N)
    second_N = None if raw.stamps is None else raw.stamps.second_N[index_N]
    made = raw.rearranged(index_N, np.minimum(raw.count_S, length), second_N)
    message = f"{int(long_S.sum())} series are longer than the {length} steps the model reads; the rest was left out."
    found = Finding(
        "series-cut", "warning", message, "", {"series": int(long_S.sum()), "longest": int(raw.count_S.max())}
    )
    label = raw.label if raw.label is None or raw.asks == "series" else raw.label[index_N]
    return replace(made, label=label, findings=(*raw.findings, found))


def fit(raw: SeriesRaw, part_S: np.ndarray, target: Target) -> SeriesPreparation:
    """The preparation of the train series; all are without blank cells."""
    train_NC = raw.value_NC[np.repeat(part_S == 0, raw.count_S)]
    mean_C, scale_C = _standard(train_NC)
    mean_D = scale_D = None
    if target.kind == "values":
        mean_D, scale_D = _standard(target_values(labels(raw), target)[part_S == 0])
    length_2 = np.array([raw.count_S.min(), raw.count_S.max()], np.int64)
    return SeriesPreparation(mean_C, scale_C, length_2, raw.channels, mean_D, scale_D)


def restore(arrays: Mapping[str, np.ndarray], signature: Signature) -> SeriesPreparation:
    """The preparation that `arrays` was saved from.

    Raises: ArtifactError where the numbers do not belong to this signature.
    """
    lacking = [name for name in ("channel.mean", "channel.scale", "length") if name not in arrays]
    if lacking:
        raise ArtifactError("FILE-PREPARE", f"the fitted preparation lacks {lacking[0]}")
    assert signature.clock is not None
    mean_C, scale_C, length_2 = arrays["channel.mean"], arrays["channel.scale"], arrays["length"]
    channels = signature.clock.channels
    if not mean_C.shape == scale_C.shape == (len(channels),) or length_2.tolist()[1:] != [signature.length]:
        raise ArtifactError("FILE-PREPARE", "the fitted preparation does not belong to this signature")
    if not (np.isfinite(mean_C).all() and np.isfinite(scale_C).all()):
        raise ArtifactError("FILE-PREPARE", "the fitted preparation holds a number that is not finite")
    return SeriesPreparation(mean_C, scale_C, length_2, channels, arrays.get("target.mean"), arrays.get("target.scale"))


def _standard(value_ND: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation; what does not vary gets the scale 1."""
    mean_D, scale_D = value_ND.mean(0, dtype=np.float64), value_ND.std(0, dtype=np.float64)
    return mean_D, np.where(scale_D > 1e-12 * np.maximum(np.abs(mean_D), 1e-300), scale_D, 1.0)
