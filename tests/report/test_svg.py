from __future__ import annotations

from xml.etree import ElementTree

import pytest

from pellucid.report.svg import Axis, Series, histogram, lines, sparks, tick_text, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 330, [0, 100, 200, 300]), (-1.2, 1.2, [-1, -0.5, 0, 0.5, 1]), (5, 5, [5])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high, 5) == pytest.approx(expected)


def test_ticks_have_the_decimals_they_need() -> None:
    assert [tick_text(value, (0, 1)) for value in ticks(0, 1, 5)] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert tick_text(1200, (0, 5000)) == "1,200"
    assert tick_text(0.00002, (0, 0.00005)) == "2e-05"


@pytest.mark.parametrize("points", [[], [(0.0, 1.0)], [(0.0, 1.0), (1.0, 1.0)], [(0.0, 1e-9), (5.0, 1e9)]])
@pytest.mark.parametrize("log", [False, True])
def test_charts_are_well_formed_whatever_the_points(points: list[tuple[float, float]], log: bool) -> None:
    chart = lines("a < b", [Series("", points), Series("", points, 1, dots=True)], x=Axis("x"), y=Axis("y", log=log))
    ElementTree.fromstring(chart)
    assert "nan" not in chart and "inf" not in chart


def test_a_chart_is_named_and_described() -> None:
    chart = lines(
        "Loss", [Series("", [(0, 1), (1, 2)])], x=Axis("x"), y=Axis("y"), about="falls & rises", mark=(1, "m")
    )
    assert 'role="img"' in chart and 'aria-label="Loss"' in chart and "<desc>falls &amp; rises</desc>" in chart


def test_a_histogram_of_nothing_is_drawn() -> None:
    ElementTree.fromstring(histogram("h", [0.0, 1.0, 2.0], [0, 0], x=Axis("x"), y=Axis("y")))


def test_a_band_is_filled_between_its_edges() -> None:
    upper, lower = [(0.0, 2.0), (1.0, 3.0)], [(0.0, 0.0), (1.0, -5.0)]
    page = lines("a", [Series("band", upper, floor=lower)], x=Axis("x"), y=Axis("y"))
    assert 'fill-opacity=".16"' in page and 'class="area"' in page and ">-4<" in page
    assert page.count("L") == 3, "four corners"


def test_sparks_are_one_line_a_channel_and_take_blank_cells() -> None:
    page = sparks([[1.0, None, 3.0], [2.0, 2.0], [None]])
    assert page.count("<path") == 2
    ElementTree.fromstring(page)
