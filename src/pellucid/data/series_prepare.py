"""The preparation of forecasts, fitted on train: what a window of the past and the rows behind it become.

past    each target less its level, in units of the window, and its difference to one season before, in the same units;
        the other channels, standardised by train; sine and cosine of the calendar
known   the calendar; the columns known ahead, standardised; the base of each target less its level, in units; and how
        far the row is ahead, as a share of the horizon

level   mean of the last season of the window
unit    mean absolute difference to one season before within the window, at least half the smallest of a series in train
base    the seasonal-naive forecast: the last season again and again (the last value where there is no season)

B  windows    W  rows of the past    H  rows to forecast    D  targets    F  features of the past    K  known ones
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from pellucid.data.batch import Batch
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_time import CYCLES, calendar, cycles
from pellucid.data.signature import Clock, Signature
from pellucid.data.source import Raw
from pellucid.errors import ArtifactError, SchemaError
from pellucid.forms import Form, Paired, Steps, sequence

FURTHEST = 1e6
"""Prepared numbers are cut there, so that none becomes infinite in float32."""
LEAST_UNIT = 0.5
"""Smallest unit of a window, as a share of the smallest in train: else a window that stands still would explode."""
CHUNK = 1024
"""Windows that are prepared at once."""


@dataclass(frozen=True)
class ForecastPreparation:
    """Fitted numbers; season, window and horizon are in the clock of the signature."""

    mean_C: np.ndarray
    """Of the channels that are no targets."""
    scale_C: np.ndarray
    unit_D: np.ndarray
    """The smallest mean absolute seasonal difference of a series in train, of each target."""
    cycles_3: np.ndarray
    """uint8: which of `CYCLES` are given as sine and cosine."""
    channels: tuple[str, ...]

    scale: None = None
    """Targets stay in the units of the data."""

    def apply(self, raw: Raw, signature: Signature) -> Batch:
        """The windows before the origins of `raw`, which has no blank cells; no target where the future is to come.

        Raises: SchemaError where a column known ahead is not filled in for the rows to forecast.
        """
        assert isinstance(raw, SeriesRaw) and signature.clock is not None
        clock, targets = signature.clock, len(self.unit_D)
        judged = raw.origin_O is not None
        raw = raw if judged else raw.lengthened(clock.horizon)
        origin_B = raw.origins
        if not judged:
            _require_known(raw, origin_B, clock)
        value_NC = raw.value_NC
        with np.errstate(over="ignore", invalid="ignore"):
            other_NC = np.clip((value_NC[:, targets:] - self.mean_C) / self.scale_C, -FURTHEST, FURTHEST)
        when_NE = self._calendar(raw)
        past_BWF = np.empty((len(origin_B), clock.window, self.width(clock)), np.float32)
        known_BHK = np.empty((len(origin_B), clock.horizon, self.known_width(clock)), np.float32)
        base_BHD = np.empty((len(origin_B), clock.horizon, targets), np.float32)
        unit_BD = np.empty((len(origin_B), targets), np.float32)
        ahead_NK = other_NC[:, other_NC.shape[1] - len(clock.known) :]
        for start in range(0, len(origin_B), CHUNK):
            rows = slice(start, start + CHUNK)
            own_B = origin_B[rows]
            found = self._windows(value_NC[:, :targets], own_B, clock)
            past_BW = own_B[:, None] + np.arange(-clock.window, 0)
            future_BH = own_B[:, None] + np.arange(clock.horizon)
            past_BWF[rows] = np.concatenate([found.past_BWD, other_NC[past_BW], when_NE[past_BW]], 2)
            far_BH1 = np.broadcast_to(np.arange(1, clock.horizon + 1)[:, None] / clock.horizon, (*future_BH.shape, 1))
            known_BHK[rows] = np.concatenate([when_NE[future_BH], ahead_NK[future_BH], found.ahead_BHD, far_BH1], 2)
            base_BHD[rows], unit_BD[rows] = found.base_BHD, found.unit_BD
        target = None
        if judged:
            future_BH = origin_B[:, None] + np.arange(clock.horizon)
            target = torch.from_numpy(value_NC[:, :targets][future_BH].astype(np.float32))
        signal = Paired(_steps(past_BWF), _steps(known_BHK))
        relative = (torch.from_numpy(base_BHD), torch.from_numpy(unit_BD))
        return Batch(signal, target, None, torch.from_numpy(origin_B), relative=relative)

    def form(self, clock: Clock) -> Form:
        """That of the prepared windows."""
        context = sequence(self.known_width(clock), clock.horizon, even=True)
        return sequence(self.width(clock), clock.window, even=True, context=context)

    def width(self, clock: Clock) -> int:
        """Features of a row of the past."""
        return 2 * len(self.unit_D) + len(self.mean_C) + 2 * int(self.cycles_3.sum())

    def known_width(self, clock: Clock) -> int:
        """Features of a row to forecast."""
        return 2 * int(self.cycles_3.sum()) + len(clock.known) + len(self.unit_D) + 1

    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted numbers, for `preprocess.safetensors`."""
        return {
            "channel.mean": self.mean_C,
            "channel.scale": self.scale_C,
            "target.unit": self.unit_D,
            "calendar": self.cycles_3,
        }

    def names(self) -> list[str]:
        """The features of a row of the past."""
        targets = self.channels[: len(self.unit_D)]
        used = [name for name, used in zip(CYCLES, self.cycles_3, strict=True) if used]
        waves = [f"{name} ({wave})" for name in used for wave in ("sine", "cosine")]
        seasonal = [f"{name} against one season before" for name in targets]
        return [*targets, *seasonal, *self.channels[len(targets) :], *waves]

    def _calendar(self, raw: SeriesRaw) -> np.ndarray:
        if raw.stamps is None:
            return np.zeros((len(raw.value_NC), 0))
        hour, day, year = (bool(used) for used in self.cycles_3)
        return calendar(raw.stamps.second_N, (hour, day, year))

    def _windows(self, value_ND: np.ndarray, origin_B: np.ndarray, clock: Clock) -> _Windows:
        reach, season = reach_of(clock), clock.season
        value_BRD = value_ND[origin_B[:, None] + np.arange(-reach, 0)]
        lag = lag_of(clock)
        unit_BD = np.abs(value_BRD[:, lag:] - value_BRD[:, :-lag]).mean(1)
        unit_BD = np.maximum(unit_BD, LEAST_UNIT * self.unit_D)
        level_B1D = value_BRD[:, -season:].mean(1, keepdims=True)
        base_BHD = value_BRD[:, reach - season + np.arange(clock.horizon) % season]
        unit_B1D = unit_BD[:, None]
        level_BRD = (value_BRD - level_B1D) / unit_B1D
        before_BRD = np.zeros_like(value_BRD)
        before_BRD[:, season:] = (value_BRD[:, season:] - value_BRD[:, :-season]) / unit_B1D
        both_BRD = np.clip(np.concatenate([level_BRD, before_BRD], 2), -FURTHEST, FURTHEST)
        ahead_BHD = np.clip((base_BHD - level_B1D) / unit_B1D, -FURTHEST, FURTHEST)
        return _Windows(both_BRD[:, -clock.window :], base_BHD, unit_BD, ahead_BHD)


@dataclass(frozen=True)
class _Windows:
    """What the targets of some windows become."""

    past_BWD: np.ndarray
    """Targets, then their differences to one season before."""
    base_BHD: np.ndarray
    unit_BD: np.ndarray
    ahead_BHD: np.ndarray
    """The base, in units of the window."""


def reach_of(clock: Clock) -> int:
    """Rows that must stand before an origin: those that are read, and a whole season."""
    return max(clock.window, clock.season)


def lag_of(clock: Clock) -> int:
    """The rows over which differences give the unit of a window: a season, where it holds two."""
    return clock.season if reach_of(clock) >= 2 * clock.season else 1


def fit(raw: SeriesRaw, part_N: np.ndarray, clock: Clock) -> ForecastPreparation:
    """The preparation of the train rows of series without blank cells."""
    targets = raw.targets
    own = [
        raw.value_NC[start : start + past][part_N[start : start + past] == 0]
        for start, past in zip(raw.start_S, raw.past_S, strict=True)
    ]
    train_NC = np.concatenate(own)
    mean_C = train_NC.mean(0)[targets:]
    scale_C = train_NC.std(0)[targets:]
    scale_C = np.where(scale_C > 1e-12 * np.maximum(np.abs(mean_C), 1e-300), scale_C, 1.0)
    lag = lag_of(clock)
    units = [np.abs(own_NC[lag:, :targets] - own_NC[:-lag, :targets]).mean(0) for own_NC in own if len(own_NC) > lag]
    unit_SD = np.stack(units)
    unit_D = np.array([min(unit_S[unit_S > 0], default=1.0) for unit_S in unit_SD.T])
    span = 0.0
    if raw.stamps is not None:
        second_N = raw.stamps.second_N[part_N == 0]
        span = float(second_N.max() - second_N.min())
    used = np.array(cycles(raw.step, span), np.uint8)
    return ForecastPreparation(mean_C, scale_C, unit_D, used, clock.channels)


def restore(arrays: Mapping[str, np.ndarray], signature: Signature) -> ForecastPreparation:
    """The preparation that `arrays` was saved from.

    Raises: ArtifactError where the numbers do not belong to this signature.
    """
    needed = ("channel.mean", "channel.scale", "target.unit", "calendar")
    lacking = [name for name in needed if name not in arrays]
    if lacking:
        raise ArtifactError("FILE-PREPARE", f"the fitted preparation lacks {lacking[0]}")
    mean_C, scale_C, unit_D, cycles_3 = (arrays[name] for name in needed)
    clock, target = signature.clock, signature.target
    assert clock is not None and target is not None
    others = len(clock.channels) - len(target.names)
    if (mean_C.shape, scale_C.shape, unit_D.shape) != ((others,), (others,), (len(target.names),)) or len(
        cycles_3
    ) != 3:
        raise ArtifactError("FILE-PREPARE", "the fitted preparation does not belong to this signature")
    if not all(np.isfinite(array).all() for array in (mean_C, scale_C, unit_D)):
        raise ArtifactError("FILE-PREPARE", "the fitted preparation holds a number that is not finite")
    return ForecastPreparation(mean_C, scale_C, unit_D, cycles_3, clock.channels)


def _require_known(raw: SeriesRaw, origin_B: np.ndarray, clock: Clock) -> None:
    rows_BH = origin_B[:, None] + np.arange(clock.horizon)
    known_BHK = raw.value_NC[:, len(clock.channels) - len(clock.known) :][rows_BH]
    if np.isnan(known_BHK).any():
        _, ahead, place = (int(at[0]) for at in np.nonzero(np.isnan(known_BHK)))
        message = f'column "{clock.known[place]}" is known ahead, and there is none {ahead + 1} rows after the last one'
        hint = f"give {clock.horizon} rows more, with the target left blank"
        raise SchemaError("SCHEMA-MISSING", message, place=raw.place(), hint=hint)


def _steps(x_BTD: np.ndarray) -> Steps:
    """With a mask that hides nothing and takes no memory."""
    return Steps(torch.from_numpy(x_BTD), torch.ones(1, 1, dtype=torch.bool).expand(x_BTD.shape[0], x_BTD.shape[1]))
