"""Whole series: their targets and their preparation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data.series_items import cut, fit, require_labels, restore, target_of
from pellucid.data.series_raw import SeriesRaw
from pellucid.data.series_whole import assembled, of_mapping
from pellucid.data.signature import Clock, Signature, Target
from pellucid.errors import ArtifactError, DataError, SchemaError
from pellucid.forms import Steps


def made(**rows: Any) -> SeriesRaw:
    return assembled(of_mapping(rows, ("y",)), "error")


def signature(raw: SeriesRaw) -> Signature:
    clock = Clock("", "", "", raw.channels)
    return Signature("series", "", raw.rows, "", target_of(raw), length=int(raw.count_S.max()), clock=clock)


def test_series_of_several_lengths_are_standardised_by_train() -> None:
    raw = made(values=[[1.0, 3.0], [5.0, 5.0, 100.0]], labels=["a", "b"])
    found = signature(raw)
    assert found.target is not None and found.target.kind == "classes"
    preparation = fit(raw, np.array([0, 1], np.uint8), found.target)
    batch = preparation.apply(raw, found)
    assert isinstance(batch.input, Steps)
    assert batch.input.x_BTD[:, :, 0].tolist() == [[-1, 1, 0], [3, 3, 98]]
    assert batch.input.mask_BT.tolist() == [[True, True, False], [True] * 3]
    assert batch.target is not None and batch.target.tolist() == [0, 1]
    assert (preparation.form.extent, preparation.form.even) == ((3,), False) and preparation.scale is None
    again = restore(preparation.arrays(), found).apply(raw, found)
    assert isinstance(again.input, Steps) and torch.equal(again.input.x_BTD, batch.input.x_BTD)


def test_values_are_standardised_and_steps_are_padded() -> None:
    raw = made(values=[[1.0], [2.0]], labels=[0.5, 2.5])
    found = signature(raw)
    assert found.target is not None and found.target.kind == "values"
    preparation = fit(raw, np.zeros(2, np.uint8), found.target)
    batch = preparation.apply(raw, found)
    assert batch.target is not None and batch.target.tolist() == [[-1], [1]]
    assert preparation.scale is not None and preparation.scale.mean_D.tolist() == [1.5]
    raw = made(values=[[1.0, 2.0], [3.0, 4.0, 5.0]], labels=[["u", "v"], ["v", None, "u"]])
    found = signature(raw)
    assert found.target is not None and found.target.kind == "steps" and found.target.classes == ("u", "v")
    batch = fit(raw, np.zeros(2, np.uint8), found.target).apply(raw, found)
    assert batch.target is not None and batch.target.tolist() == [[0, 1, -1], [1, -1, 0]]


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        ({"values": [[1], [2]], "labels": ["a", "a"]}, "DATA-TARGET-CONSTANT", 'says "a" in every row'),
        ({"values": [[1], [2]], "labels": ["a", None]}, "DATA-TARGET-BLANK", 'row 2: column "y": the target is blank'),
        ({"values": [[1, 2]], "labels": [[None, None]]}, "DATA-TARGET-BLANK", "empty in every row"),
        ({"values": [[1, 2], [1, 2]], "labels": [[0.5, 1], [2, 3]]}, "DATA-TARGET", "of each step is a number"),
    ],
)
def test_targets_that_teach_nothing_are_refused(rows: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(DataError) as fault:
        target_of(made(**rows))
    assert fault.value.code == code and message in str(fault.value)


def test_equally_long_series_stay_so() -> None:
    raw = made(values=[[1.0, 2.0], [2.0, 4.0]], labels=["a", "b"])
    found = signature(raw)
    assert found.target is not None
    preparation = fit(raw, np.zeros(2, np.uint8), found.target)
    assert preparation.form.even
    with pytest.raises(SchemaError, match="the series has 1 steps, and every series of training has 2"):
        preparation.apply(made(values=[[1.0]]), found)
    assert preparation.apply(made(values=[[1.0, 2.0]]), found).target is None


def test_longer_series_are_cut_and_counted() -> None:
    raw = cut(made(values=[[1, 2, 3], [4, 5]], labels=[["a", "b", "a"], ["b", "b"]]), 2)
    assert raw.value_NC[:, 0].tolist() == [1, 2, 4, 5] and raw.label is not None and raw.label.height == 4
    assert raw.findings[0].check == "series-cut" and raw.findings[0].evidence == {"series": 1, "longest": 3}
    assert cut(raw, 2) is raw


def test_labels_are_needed_to_judge() -> None:
    target = Target("classes", ("y",), ("a", "b"))
    require_labels(made(values=[[1]], labels=["a"]), target)
    with pytest.raises(SchemaError, match="no labels to judge by"):
        require_labels(made(values=[[1]]), target)
    with pytest.raises(SchemaError, match='row 2: column "y": the target c is not one of a, b'):
        require_labels(made(values=[[1], [2]], labels=["a", "c"]), target)
    require_labels(made(values=[[1, 2]], labels=[["a", None]]), Target("steps", ("y",), ("a", "b")))


def test_numbers_of_another_signature_are_refused() -> None:
    raw = made(values=[[1.0], [2.0]], labels=["a", "b"])
    found = signature(raw)
    assert found.target is not None
    arrays = fit(raw, np.zeros(2, np.uint8), found.target).arrays()
    for changed, message in (
        ({"length": np.array([1, 5])}, "does not belong"),
        ({"channel.mean": np.array([np.inf])}, "not finite"),
    ):
        with pytest.raises(ArtifactError, match=message):
            restore({**arrays, **changed}, found)
    with pytest.raises(ArtifactError, match="lacks length"):
        restore({name: array for name, array in arrays.items() if name != "length"}, found)
