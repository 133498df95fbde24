"""How good forecasts are: bands against truth, by horizon and by series, beside rules that need no network.

N  forecasts (origins)    T  rows of the past    H  rows to come    D  channels    Q  quantiles
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from pellucid.data.batch import Batch
from pellucid.forms import Paired, Steps
from pellucid.metrics.metric import Prediction
from pellucid.report.baselines import Baseline
from pellucid.report.evidence import Evidence
from pellucid.report.linear import ridge
from pellucid.report.outcome import Outcome, rows_of, spread
from pellucid.report.words import plain

WINDOWS = 6
"""Forecasts that are drawn, the worst one among them,"""
BEFORE = 200
"""and rows before each at most."""
SERIES = 40
"""Series that are listed: the worst ones."""
LEARNT = 5_000
"""Training windows that the linear model is fitted on."""
WIDEST = 1_500
"""Numbers of a window that it reads: the last ones."""
PENALTIES = (1.0, 10.0, 100.0, 1_000.0)


class Band(NamedTuple):
    """Two quantiles that a share of the truth should lie between."""

    low: int
    high: int
    share: float


def bands(levels: Sequence[float]) -> list[Band]:
    """The pairs of quantiles at the same distance from the median, the widest first."""
    last = len(levels) - 1
    return [Band(at, last - at, round(levels[last - at] - levels[at], 6)) for at in range((last + 1) // 2)]


def forecasts_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The part of a report about forecasts."""
    assert evidence.signature.target is not None
    size_NHD, naive_NHD = _sizes(test)
    return {
        "kind": "future",
        "names": list(evidence.signature.target.names),
        "horizon": test.truth.shape[1],
        "scaled": test.truth.shape[2] > 1,
        "windows": _windows(evidence, test, size_NHD),
        "by_horizon": _by_horizon(test, size_NHD, naive_NHD),
        "by_series": _by_series(evidence, test, size_NHD, naive_NHD),
    }


def baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """Rules on the past of each forecast, and a linear model of it, all for the same origins."""
    horizon, clock = test.truth.shape[1], evidence.signature.clock
    season = max(1, clock.season if clock else 1)
    known, asked = (rules(pasts(evidence, one.batch), horizon, season) for one in (valid, test))
    naive = _naive(valid), _naive(test)
    notes = {
        "last": ("Last value", "the last value goes on"),
        "drift": ("Drift", "the line through the first and the last value of the window goes on"),
        "mean": ("Mean of the season", "the mean of the same place in the seasons of the window"
                 if season > 1 else "the mean of the window"),
    }  # fmt: skip
    found = [(name, *notes[name], known[name], asked[name]) for name in notes]
    found.append(("seasonal", "Seasonal naive", f"what was {season:,} rows before goes on", *naive))
    found.append(_linear(evidence, valid, test))
    everything = torch.arange(len(test))
    return [
        Baseline(name, title, note + "; bands by its errors on validation",
                 _banded(test, value_NHD, valid.truth.double() - before_NHD), everything)
        for name, title, note, before_NHD, value_NHD in found
    ]  # fmt: skip


def pasts(evidence: Evidence, batch: Batch) -> torch.Tensor:
    """value_NTD before each forecast, in the units of the data."""
    assert evidence.past is not None
    return torch.stack([evidence.past(row).value_TD for row in rows_of(batch)])


def rules(past_NTD: torch.Tensor, horizon: int, season: int) -> dict[str, torch.Tensor]:
    """value_NHD by the last value, by drift, and by the mean of the season."""
    rows, season = past_NTD.shape[1], min(season, past_NTD.shape[1])
    step_1H1 = torch.arange(1, horizon + 1, dtype=past_NTD.dtype)[None, :, None]
    slope_N1D = (past_NTD[:, -1:] - past_NTD[:, :1]) / max(rows - 1, 1)
    whole = past_NTD[:, rows % season :].unflatten(1, (-1, season)).mean(1)
    return {
        "last": past_NTD[:, -1:].expand(-1, horizon, -1),
        "drift": past_NTD[:, -1:] + slope_N1D * step_1H1,
        "mean": whole[:, torch.arange(horizon) % season]
        if season > 1
        else past_NTD.mean(1, True).expand(-1, horizon, -1),
    }


def _naive(outcome: Outcome) -> torch.Tensor:
    assert outcome.prediction.naive_NHD is not None
    return outcome.prediction.naive_NHD


def _value(outcome: Outcome) -> torch.Tensor:
    assert outcome.prediction.value is not None
    return outcome.prediction.value


def _banded(test: Outcome, value_NHD: torch.Tensor, error_NHD: torch.Tensor) -> Prediction:
    """A forecast whose quantiles lie as far from it as the errors on validation did at the same horizon."""
    own = test.prediction._replace(value=value_NHD)
    if own.quantile_NHDQ is None or not len(error_NHD):
        return own._replace(quantile_NHDQ=None)
    away_QHD = error_NHD.quantile(torch.tensor(own.levels, dtype=torch.float64), dim=0)
    return own._replace(quantile_NHDQ=value_NHD.unsqueeze(3) + away_QHD.permute(1, 2, 0))


def _linear(evidence: Evidence, valid: Outcome, test: Outcome) -> tuple[str, str, str, torch.Tensor, torch.Tensor]:
    """Ridge regression of what is to come on the prepared window, as the network gets it."""
    train = evidence.dataset.part("train")
    known = spread(train, LEARNT)
    base_NHD, unit_N1D = _measure(known)
    x_NI, y_NO = _numbers(known), ((evidence.truth(known).double() - base_NHD) / unit_N1D).flatten(1)
    mean_I, width_I = x_NI.mean(0), x_NI.std(0, correction=0).clamp_min(1e-6)
    asked = [((_numbers(one.batch) - mean_I) / width_I, *_measure(one.batch)) for one in (valid, test)]
    best: tuple[float, float, list[torch.Tensor]] | None = None
    for penalty in PENALTIES:
        model = ridge((x_NI - mean_I) / width_I, y_NO, penalty)
        said = [base + model(x).view_as(base) * unit for x, base, unit in asked]
        error = float((said[0] - valid.truth).abs().mean())
        if best is None or error < best[1]:
            best = (penalty, error, said)
    assert best is not None
    few = f"; learnt from {len(known):,} of {len(train):,} training windows" if len(known) < len(train) else ""
    note = f"ridge regression on the window with penalty {best[0]:g} (chosen on validation){few}"
    return "linear", "Linear autoregression", note, best[2][0], best[2][1]


def _numbers(batch: Batch) -> torch.Tensor:
    """x_NI: the numbers of each window, and what is known of its future."""
    signal = batch.input
    parts = signal if isinstance(signal, Paired) else (signal,)
    flat = [part.x_BTD.cpu().double().flatten(1) for part in parts if isinstance(part, Steps)]
    flat[0] = flat[0][:, -max(0, WIDEST - sum(part.shape[1] for part in flat[1:])) :]
    return torch.cat(flat, 1)


def _measure(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """base_NHD and unit_N1D of forecasts."""
    assert batch.relative is not None
    base_NHD, unit_ND = batch.relative
    return base_NHD.cpu().double(), unit_ND.cpu().double().unsqueeze(1)


def _sizes(test: Outcome) -> tuple[torch.Tensor, torch.Tensor]:
    """The size of each error of the network and of the seasonal-naive rule; of several channels, as a share of the
    mean size of that rule's errors in the channel."""
    size_NHD, naive_NHD = ((one - test.truth).abs().double() for one in (_value(test), _naive(test)))
    if test.truth.shape[2] == 1:
        return size_NHD, naive_NHD
    unit_D = naive_NHD.mean((0, 1)).clamp_min(1e-12)
    return size_NHD / unit_D, naive_NHD / unit_D


def _by_horizon(test: Outcome, size_NHD: torch.Tensor, naive_NHD: torch.Tensor) -> dict[str, Any]:
    """The mean size of the errors, and the share of the truth inside each band, for every row to come."""
    found: dict[str, Any] = {
        "network": list(map(plain, size_NHD.mean((0, 2)).tolist())),
        "naive": list(map(plain, naive_NHD.mean((0, 2)).tolist())),
        "coverage": [],
    }
    quantile_NHDQ = test.prediction.quantile_NHDQ
    if quantile_NHDQ is not None:
        for low, high, share in bands(test.prediction.levels):
            inside = (test.truth >= quantile_NHDQ[..., low]) & (test.truth <= quantile_NHDQ[..., high])
            covered = list(map(plain, inside.double().mean((0, 2)).tolist()))
            found["coverage"].append({"share": share, "covered": covered})
    return found


def _by_series(
    evidence: Evidence, test: Outcome, size_NHD: torch.Tensor, naive_NHD: torch.Tensor
) -> list[dict[str, Any]]:
    """The error of each series, those first where the network gains least; nothing where there is one series."""
    assert evidence.past is not None
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows_of(test.batch)):
        places.setdefault(evidence.past(row).series, []).append(place)
    if len(places) < 2:
        return []
    found = []
    for name, own in places.items():
        error, naive = float(size_NHD[own].mean()), float(naive_NHD[own].mean())
        gain = plain(1 - error / naive) if naive else None
        found.append(
            {"name": name, "forecasts": len(own), "network": plain(error), "naive": plain(naive), "skill": gain}
        )
    return sorted(found, key=lambda one: (one["skill"] is not None, one["skill"]))[:SERIES]


def _windows(evidence: Evidence, test: Outcome, size_NHD: torch.Tensor) -> list[dict[str, Any]]:
    """Forecasts from all over the part and the worst one, in order of time."""
    assert evidence.past is not None and evidence.signature.target is not None
    rows, names = rows_of(test.batch), evidence.signature.target.names
    worst = int(size_NHD.mean((1, 2)).argmax())
    places = torch.linspace(0, len(test) - 1, min(len(test), WINDOWS - 1)).long().tolist()
    found = []
    for place in sorted({*places, worst}):
        past = evidence.past(rows[place])
        channel = int(size_NHD[place].mean(0).argmax()) if place == worst else place % len(names)
        said = test.prediction
        shown: dict[str, Any] = {
            "row": rows[place],
            "series": past.series,
            "stamp": past.stamp,
            "channel": names[channel] if channel < len(names) else "",
            "worst": place == worst,
            "past": _plains(past.value_TD[-max(BEFORE, 2 * test.truth.shape[1]) :, channel]),
            "truth": _plains(test.truth[place, :, channel]),
            "said": _plains(_value(test)[place, :, channel]),
            "naive": _plains(_naive(test)[place, :, channel]),
            "bands": [],
        }
        if said.quantile_NHDQ is not None:
            quantile_HQ = said.quantile_NHDQ[place, :, channel]
            for low, high, share in bands(said.levels):
                ends = {"low": _plains(quantile_HQ[:, low]), "high": _plains(quantile_HQ[:, high])}
                shown["bands"].append({"share": share, **ends})
        found.append(shown)
    return found


def _plains(value_H: torch.Tensor) -> list[float | None]:
    return list(map(plain, value_H.tolist()))
