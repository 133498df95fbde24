"""Charts that are no lines: bars with intervals, tables of colour, decision maps, and images as data URIs."""

from __future__ import annotations

import io
import math
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from pellucid.report.svg import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    SERIES,
    TOP,
    WIDTH,
    Axis,
    Frame,
    Series,
    axes,
    legend,
    picture,
    rect,
    text,
    tick_text,
    ticks,
)
from pellucid.report.words import number, safe, score, shorten

BIGGEST = 96
"""Pixels of the longer side of an image in a report."""
TINTS = ((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (213, 94, 0), (86, 180, 233), (240, 228, 66))
"""Okabe and Ito's colours, told apart with every kind of colour vision; the page's `--s0`.. are the same hues."""


@dataclass(frozen=True)
class Bar:
    """One bar of a chart, with the ends of its whisker."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    strong: bool = False


def bars(title: str, rows: list[Bar], *, x: str, about: str = "", zero: bool = True) -> str:
    """Lying bars with whiskers, one a row; without `zero`, points on an axis that need not start at nought."""
    values = [value for bar in rows for value in (bar.value, bar.low, bar.high) if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.04 * (high - low) or abs(high) * 0.5 or 1.0
    low, high = (low - margin if low < 0 or not zero else 0.0), (high + margin if high > 0 or not zero else 0.0)
    if high <= low:
        high = low + 1.0
    left, right, line = 150, WIDTH - 62, 28
    height = len(rows) * line + 46

    def across(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    body = []
    for value in ticks(low, high, 4):
        place = across(value)
        body.append(f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="4" y2="{height - 38}"/>')
        body.append(text(place, height - 24, tick_text(value, (low, high))))
    for place, bar in enumerate(rows):
        body.append(_bar(bar, across, place * line + 18, zero))
    body.append(text((left + right) / 2, height - 6, x, more='class="name"'))
    return picture(title, "".join(body), about=about, size=(WIDTH, height))


def _bar(bar: Bar, across: Callable[[float], float], middle: int, zero: bool) -> str:
    colour = "var(--s1)" if bar.strong else "var(--s0)"
    weight = 'font-weight="650"' if bar.strong else ""
    name = text(142, middle + 4, shorten(bar.name, 22), anchor="end", more=weight, hint=bar.name)
    start, end = sorted((across(0.0) if zero else across(bar.value), across(bar.value)))
    if zero:
        shape = rect(start, middle - 8, max(end - start, 0.8), 16, f'rx="2" fill="{colour}"')
    else:
        shape = f'<circle cx="{across(bar.value):.1f}" cy="{middle}" r="4.5" fill="{colour}"/>'
    whisker = ""
    if bar.low is not None and bar.high is not None:
        a, b = across(bar.low), across(bar.high)
        path = f"M{a:.1f} {middle - 5}v10M{b:.1f} {middle - 5}v10M{a:.1f} {middle}H{b:.1f}"
        whisker = f'<path d="{path}" stroke="{"var(--ink)" if zero else colour}" stroke-width="1.6"/>'
    return name + shape + whisker + text(WIDTH - 54, middle + 4, score(bar.value), anchor="start", more=weight)


def heat(title: str, matrix: list[list[int]], names: list[str], *, about: str = "") -> str:
    """A confusion matrix: rows are true classes, columns predicted ones, shaded by the share of the row."""
    side, longest = len(names), max(map(len, names))
    cell = max(7.0, min(64.0, 330 / side))
    left, top = 100, 96 if longest > 4 else 44
    size = (int(max(left + side * cell + 40, 300)), int(top + side * cell + 12))
    middle = top + side * cell / 2
    turned = f'class="name" transform="rotate(-90 12 {middle:.0f})"'
    body = [text(left + side * cell / 2, 14, "predicted", more='class="name"'), text(12, middle, "true", more=turned)]
    for row, counts in enumerate(matrix):
        total = sum(counts) or 1
        for column, count in enumerate(counts):
            share = count / total
            told = f"{names[row]} predicted as {names[column]}: {number(count)} ({100 * share:.0f} % of its rows)"
            place = (left + column * cell, top + row * cell)
            colour = "var(--s0)" if row == column else "var(--s4)"
            shown = str(count) if count and side <= 12 else ""
            body.append(_cell(place, cell, colour, share**0.6, told, shown))
    if side > 25:
        return picture(title, "".join(body), about=about, size=size)
    for place, name in enumerate(names):
        middle = place * cell + cell / 2
        body.append(text(left - 6, top + middle + 4, shorten(name, 13), anchor="end", hint=name))
        turned = f'transform="rotate(-40 {left + middle:.1f} {top - 6})"' if longest > 4 else ""
        anchor = "start" if turned else "middle"
        body.append(text(left + middle, top - 6, shorten(name, 13), anchor=anchor, more=turned, hint=name))
    return picture(title, "".join(body), about=about, size=size)


def shades(title: str, grid: list[list[float | None]], *, about: str = "") -> str:
    """A map of numbers as shaded squares, strongest where the number is largest; below nought is left blank."""
    rows, columns = len(grid), len(grid[0])
    cell = 280 // max(rows, columns)
    highest = max((value or 0.0 for row in grid for value in row), default=0.0) or 1.0
    body = [
        _cell((column * cell, row * cell), cell, "var(--s4)", max(value or 0.0, 0.0) / highest, score(value), "")
        for row, values in enumerate(grid)
        for column, value in enumerate(values)
    ]
    return picture(title, "".join(body), about=about, size=(columns * cell, rows * cell))


def _cell(place: tuple[float, float], side: float, colour: str, strength: float, told: str, shown: str) -> str:
    """A shaded square with a number in it and words on hover."""
    x, y = place
    ink = 'style="fill:#fff"' if strength > 0.62 else ""
    number_in = text(x + side / 2, y + side / 2 + 4, shown, more=ink) if shown else ""
    shade = rect(x, y, side, side, f'fill="{colour}" fill-opacity="{strength:.2f}"')
    blank = rect(x, y, side, side, 'class="cell"')
    return f"<g><title>{safe(told)}</title>{blank}{shade}{number_in}</g>"


def decision_map(title: str, found: dict[str, Any], *, about: str = "") -> str:
    """The plane of two inputs coloured by what is predicted there, with the training points on top."""
    first, second = found["axes"]
    x, y = Axis(first["name"], first["low"], first["high"]), Axis(second["name"], second["low"], second["high"])
    frame = Frame((first["low"], first["high"]), (second["low"], second["high"]))
    values = found["kind"] == "values"
    span = _span([value for row in found["grid"] for value in row if value is not None]) if values else (0.0, 1.0)
    body = [
        f'<image x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}" '
        f'preserveAspectRatio="none" href="{_plane(found, span)}"/>',
        axes(frame, x, y),
    ]
    for across, up, what in found["points"]:
        place = f'cx="{frame.across(across):.1f}" cy="{frame.up(up):.1f}"'
        if values:
            red, green, blue = _blend(what, span)
            colour = f"rgb({red},{green},{blue})"
        else:
            colour = f"var(--s{what % SERIES})"
        body.append(f'<circle {place} r="3.4" fill="{colour}" stroke="var(--page)" stroke-width="1.2"/>')
    key = "" if values else legend([Series(name, [], at, dots=True) for at, name in enumerate(found["names"][:SERIES])])
    return picture(title, "".join(body), about=about) + key


def _plane(found: dict[str, Any], span: tuple[float, float]) -> str:
    """The grid as an image, top row first: class colours as strong as the network is sure, or a blend of values."""
    pixels = bytearray()
    for row in reversed(range(found["side"])):
        for column, value in enumerate(found["grid"][row]):
            if found["kind"] == "values":
                pixels += bytes((*_blend(value, span), 255))
                continue
            chance = 1 / max(len(found["names"]), 2)
            sure = max(0.0, (found["confidence"][row][column] - chance) / (1 - chance))
            pixels += bytes((*TINTS[value % len(TINTS)], int(40 + 110 * sure)))
    return png(bytes(pixels), found["side"], found["side"], channels=4)


def _span(values: list[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low, low + 1.0)


def _blend(value: float | None, span: tuple[float, float]) -> tuple[int, int, int]:
    """From blue (low) over grey to orange (high)."""
    share = min(1.0, max(0.0, ((span[0] if value is None else value) - span[0]) / (span[1] - span[0])))
    low, middle, high = (0, 114, 178), (225, 225, 225), (213, 94, 0)
    start, end, part = (low, middle, share * 2) if share < 0.5 else (middle, high, share * 2 - 1)
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
    return red, green, blue


def png(pixels: bytes, width: int, height: int, *, channels: int) -> str:
    """Raw bytes (HWC) as the data URI of a PNG, made smaller where it is larger than a report needs."""
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    image = Image.frombytes(mode, (width, height), pixels)
    if max(width, height) > BIGGEST:
        factor = BIGGEST / max(width, height)
        image = image.resize(
            (max(1, math.ceil(width * factor)), max(1, math.ceil(height * factor))), Image.Resampling.BOX
        )
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + b64encode(buffer.getvalue()).decode()
