from __future__ import annotations

from dataclasses import replace

import pytest

from pellucid.report.landscape import landscape
from pellucid.report.outcome import outcome


def test_axes_are_in_the_units_of_the_source(report) -> None:
    east, north = report("xor")["landscape"]["axes"]
    assert east["units"] and north["units"]
    assert east["low"] == pytest.approx(8, abs=1) and east["high"] == pytest.approx(32, abs=1)
    assert north["low"] == pytest.approx(-3.6, abs=0.4)


def test_axes_are_standardised_where_the_rows_do_not_fit_a_line(evidence) -> None:
    sample = evidence("xor")
    bent = replace(sample, cells=lambda row: {name: str(float(cell) ** 3) for name, cell in sample.cells(row).items()})
    axes = landscape(bent, outcome(bent, "train"))["axes"]
    assert not axes[0]["units"] and abs(axes[0]["low"]) < 4


def test_only_two_numbers_have_a_map(report) -> None:
    assert report("iris")["landscape"] is None
    assert report("digits")["landscape"] is None
    assert report("labels")["landscape"] is None
