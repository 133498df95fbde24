"""What windows become."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pellucid.data.frames import from_memory
from pellucid.data.series_gather import gather
from pellucid.data.series_prepare import LEAST_UNIT, ForecastPreparation, fit, restore
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_roles import Asked
from pellucid.data.signature import Clock, Signature, Target
from pellucid.errors import ArtifactError, SchemaError
from pellucid.forms import Paired, Steps


def prepared(value: object, clock: Clock, **more: object) -> tuple[SeriesRaw, ForecastPreparation, Signature]:
    table = from_memory({"y": list(np.asarray(value, float)), **more})
    raw = gather(table, Asked(("y",), horizon=clock.horizon, known=clock.known))
    preparation = fit(raw, np.zeros(len(raw.value_NC), np.uint8), clock)
    target = Target("future", ("y",))
    return raw, preparation, Signature("series", "s", len(raw.value_NC), "", target, clock=clock)


def test_a_window_is_measured_in_its_own_units() -> None:
    clock = Clock("", "", "", ("y",), horizon=3, window=4, season=2)
    value = np.array([1, 5, 2, 7, 4, 9, 6, 12, 9, 14], float)
    raw, preparation, signature = prepared(value, clock)
    batch = preparation.apply(replace(raw, origin_O=np.array([6, 7])), signature)
    assert isinstance(batch.input, Paired) and isinstance(batch.input.source, Steps) and batch.relative is not None
    unit = np.abs(np.array([2, 2, 2]) - 0).mean()  # 4 - 2 and 9 - 7 within rows 2 to 5
    assert batch.relative[1][0].item() == unit == 2.0
    level = (4 + 9) / 2
    assert batch.relative[0][0, :, 0].tolist() == [4, 9, 4]
    past = batch.input.source.x_BTD[0].numpy()
    assert np.allclose(past[:, 0], (value[2:6] - level) / unit)
    assert np.allclose(past[:, 1], [0, 0, 1, 1])
    known = batch.input.context.x_BTD[0].numpy()  # type: ignore[union-attr]
    assert np.allclose(known, [[(4 - level) / unit, 1 / 3], [(9 - level) / unit, 2 / 3], [(4 - level) / unit, 1]])
    assert batch.target is not None and batch.target[0, :, 0].tolist() == [6, 12, 9]
    assert batch.row_B is not None and batch.row_B.tolist() == [6, 7]
    assert batch.input.source.mask_BT.all() and batch.input.source.mask_BT.shape == (2, 4)
    form = preparation.form(clock)
    assert (form.width, form.extent, form.even) == (2, (4,), True)
    assert form.context is not None and (form.context.width, form.context.extent) == (2, (3,))


def test_a_window_that_stands_still_does_not_explode() -> None:
    clock = Clock("", "", "", ("y",), horizon=1, window=4)
    value = np.concatenate([np.full(10, 3.0), np.tile([0.0, 8.0], 10)])
    raw, preparation, signature = prepared(value, clock)
    batch = preparation.apply(replace(raw, origin_O=np.array([8, 20])), signature)
    assert batch.relative is not None
    assert batch.relative[1][0, 0] == pytest.approx(LEAST_UNIT * preparation.unit_D[0]) and batch.relative[1][1, 0] == 8
    flat, still, _ = prepared(np.ones(20), clock)
    assert still.unit_D.tolist() == [1.0]
    assert torch.isfinite(still.apply(replace(flat, origin_O=np.array([8])), signature).input[0].x_BTD).all()  # type: ignore[index, union-attr]


def test_the_scale_of_a_series_changes_nothing_but_its_units() -> None:
    clock = Clock("", "", "", ("y",), horizon=2, window=6, season=3)
    value = np.random.default_rng(0).normal(size=40).cumsum()
    raw, small, signature = prepared(value, clock)
    more, large, _ = prepared(1e9 * value + 1e10, clock)
    rows = np.array([10, 20])
    one, other = (made.apply(replace(found, origin_O=rows), signature) for found, made in ((raw, small), (more, large)))
    assert torch.allclose(one.input.source.x_BTD, other.input.source.x_BTD, atol=1e-4)  # type: ignore[union-attr]
    assert torch.allclose(one.input.context.x_BTD, other.input.context.x_BTD, atol=1e-4)  # type: ignore[union-attr]


def test_columns_known_ahead_are_read_of_the_future() -> None:
    clock = Clock("", "", "", ("y", "x", "k"), ("k",), horizon=2, window=3)
    at = np.arange(20.0)
    raw, preparation, signature = prepared(at, clock, x=list(10 * at), k=list(at % 5))
    batch = preparation.apply(replace(raw, origin_O=np.array([10])), signature)
    assert isinstance(batch.input, Paired)
    known = batch.input.context.x_BTD[0].numpy()  # type: ignore[union-attr]
    mean, scale = (at % 5).mean(), (at % 5).std()
    assert np.allclose(known[:, 0], (np.array([0, 1]) - mean) / scale)
    assert batch.input.source.x_BTD.shape == (1, 3, 4)  # type: ignore[union-attr]
    assert preparation.names() == ["y", "y against one season before", "x", "k"]
    with pytest.raises(SchemaError, match='column "k" is known ahead, and there is none 1 rows after the last one'):
        preparation.apply(raw, signature)


def test_what_was_fitted_is_restored() -> None:
    clock = Clock("", "", "", ("y", "x"), horizon=2, window=3)
    raw, preparation, signature = prepared(np.arange(20.0), clock, x=list(range(20)))
    again = restore(preparation.arrays(), signature)
    one, other = (made.apply(replace(raw, origin_O=np.array([9])), signature) for made in (preparation, again))
    assert torch.equal(one.input.source.x_BTD, other.input.source.x_BTD)  # type: ignore[union-attr]
    with pytest.raises(ArtifactError, match=r"lacks target\.unit"):
        restore({name: array for name, array in preparation.arrays().items() if name != "target.unit"}, signature)
    with pytest.raises(ArtifactError, match="does not belong to this signature"):
        restore({**preparation.arrays(), "channel.mean": np.zeros(3)}, signature)
    with pytest.raises(ArtifactError, match="not finite"):
        restore({**preparation.arrays(), "channel.mean": np.array([np.nan])}, signature)
