from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.embedded import EMBEDDED
from pellucid.data.toy_sequences import COUNTS, DIGITS, LAGS, SYMBOLS, adding, copy, strokes


@pytest.mark.parametrize("lag", LAGS)
def test_copy_shows_its_symbol_once_at_the_start(lag: int):
    made = copy(lag)
    values, codes = made["values"], made["codes"]
    assert values.shape == (sum(COUNTS), lag + 1, SYMBOLS + 2) and values.dtype == np.float32
    assert np.array_equal(values[:, 0, :SYMBOLS].argmax(axis=1), codes) and not values[:, 1:, :SYMBOLS].any()
    assert values[:, -1, -1].all() and not values[:, :-1, -1].any()
    assert np.bincount(made["split"]).tolist() == list(COUNTS)
    assert len(np.unique(values.reshape(len(values), -1), axis=0)) == len(values)


@pytest.mark.parametrize("lag", LAGS)
def test_adding_marks_one_number_in_each_half(lag: int):
    made = adding(lag)
    number_NT, mark_NT = made["values"][..., 0], made["values"][..., 1]
    assert (mark_NT[:, : lag // 2].sum(axis=1) == 1).all() and (mark_NT[:, lag // 2 :].sum(axis=1) == 1).all()
    assert np.allclose((number_NT * mark_NT).sum(axis=1), made["labels"][:, 0])
    assert abs(made["labels"].mean() - 1) < 0.02 and abs(made["labels"].var() - 1 / 6) < 0.01
    assert made["names"].tolist() == ["sum"] and np.bincount(made["split"]).tolist() == list(COUNTS)


def test_strokes_are_drawn_where_the_shape_is():
    made = strokes(20)
    assert made["classes"].tolist() == list(DIGITS) and np.bincount(made["codes"]).tolist() == [20] * 10
    assert np.bincount(made["split"]).tolist() == [140, 30, 30]
    for value_TD, length, code in zip(made["values"], made["lengths"], made["codes"], strict=True):
        assert not value_TD[length:].any() and value_TD[length - 1, 2] == 1
        assert value_TD[:, 2].sum() == len(DIGITS[str(code)])
        place_T2 = value_TD[:length, :2].cumsum(axis=0)
        assert 0.5 < np.ptp(place_T2[:, 1]) < 1.9, "about as high as the square"
    four = made["values"][made["codes"] == 4]
    lifted = np.hypot(*four[0, int(four[0, :, 2].argmax()) + 1, :2])
    assert lifted > 1.5 * np.hypot(four[0, :5, 0], four[0, :5, 1]).mean(), (
        "the pen goes to its second stroke in one step"
    )


def test_the_committed_strokes_are_those():
    with np.load(EMBEDDED["strokes"].path, allow_pickle=False) as arrays:
        made = strokes(200)
        assert all(np.array_equal(arrays[name], made[name]) for name in made)
