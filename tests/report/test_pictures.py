from __future__ import annotations

import io
from base64 import b64decode
from xml.etree import ElementTree

from PIL import Image

from pellucid.report.pictures import BIGGEST, Bar, bars, heat, png, shades


def test_pictures_are_well_formed() -> None:
    rows = [Bar("a<b", 0.5, 0.4, 0.6, True), Bar("c", -0.1)]
    for chart in (
        bars("b", rows, x="score"),
        bars("b", rows, x="score", zero=False),
        bars("b", [Bar("same", 0.0)], x="score"),
        heat("h", [[3, 1], [0, 0]], ["<x>", "a long name of a class"]),
        shades("s", [[0.1, None], [-0.2, 0.4]]),
    ):
        ElementTree.fromstring(chart)


def test_many_classes_are_drawn_without_names() -> None:
    side = 40
    chart = heat("h", [[1] * side for _ in range(side)], [f"class-{at}" for at in range(side)])
    assert chart.count("<g>") == side * side and 'text-anchor="end"' not in chart


def test_an_image_survives_and_large_ones_shrink() -> None:
    small = Image.open(io.BytesIO(b64decode(png(bytes(range(12)), 2, 2, channels=3).split(",")[1])))
    assert small.tobytes() == bytes(range(12))
    large = Image.open(io.BytesIO(b64decode(png(bytes(300 * 200), 300, 200, channels=1).split(",")[1])))
    assert large.size == (BIGGEST, 64)
