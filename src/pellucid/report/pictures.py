"""Charts that are no lines: bars with intervals, tables of colour, decision maps, and images as data URIs."""

from __future__ import annotations

import io
import math
from base64 import b64encode
from dataclasses import dataclass
from html import escape
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
    tick_text,
    ticks,
)
from pellucid.report.words import number, score, shorten

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
    left, line = 150, 26
    height = len(rows) * line + 46

    def across(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - 62)

    body = []
    for value in ticks(low, high, 4):
        body.append(
            f'<line class="grid" x1="{across(value):.1f}" x2="{across(value):.1f}" y1="4" y2="{height - 38}"/>'
            f'<text x="{across(value):.1f}" y="{height - 24}" text-anchor="middle">{tick_text(value, (low, high))}</text>'
        )
    for place, bar in enumerate(rows):
        body.append(_bar(bar, across, place * line + 18, zero))
    body.append(
        f'<text class="name" x="{(left + WIDTH - 62) / 2:.0f}" y="{height - 6}" text-anchor="middle">{escape(x)}</text>'
    )
    return picture(title, "".join(body), about=about, size=(WIDTH, height))


def _bar(bar: Bar, across: Any, middle: int, zero: bool) -> str:
    colour = "var(--s1)" if bar.strong else "var(--s0)"
    weight = ' font-weight="650"' if bar.strong else ""
    name = f'<text x="142" y="{middle + 4}" text-anchor="end"{weight}>{escape(shorten(bar.name, 22))}<title>{escape(bar.name)}</title></text>'
    start, end = sorted((across(0.0) if zero else across(bar.value), across(bar.value)))
    if zero:
        shape = f'<rect x="{start:.1f}" y="{middle - 8}" width="{max(end - start, 0.8):.1f}" height="16" rx="2" fill="{colour}"/>'
    else:
        shape = f'<circle cx="{across(bar.value):.1f}" cy="{middle}" r="5" fill="{colour}"/>'
    whisker = ""
    if bar.low is not None and bar.high is not None:
        a, b = across(bar.low), across(bar.high)
        stroke = "var(--ink)" if zero else colour
        whisker = f'<path d="M{a:.1f} {middle - 4}v8M{b:.1f} {middle - 4}v8M{a:.1f} {middle}H{b:.1f}" stroke="{stroke}" stroke-width="1.6"/>'
    text = f'<text x="{WIDTH - 54}" y="{middle + 4}"{weight}>{score(bar.value)}</text>'
    return name + shape + whisker + text


def heat(title: str, matrix: list[list[float | None]], names: list[str], *, about: str = "") -> str:
    """A confusion matrix: rows are true classes, columns predicted ones, shaded by the share of the row."""
    side = len(names)
    cell = max(7.0, min(52.0, 330 / side))
    left, top = 100, 96
    shown = side <= 25
    size = (int(left + side * cell + 12), int(top + side * cell + 12))
    body = [
        f'<text class="name" x="{left + side * cell / 2:.0f}" y="14" text-anchor="middle">predicted</text>',
        f'<text class="name" transform="rotate(-90 12 {top + side * cell / 2:.0f})" x="12" y="{top + side * cell / 2:.0f}" text-anchor="middle">true</text>',
    ]
    for row, counts in enumerate(matrix):
        total = sum(value or 0 for value in counts) or 1
        for column, value in enumerate(counts):
            x, y = left + column * cell, top + row * cell
            portion = (value or 0) / total
            colour = "var(--s0)" if row == column else "var(--s4)"
            told = f"{escape(names[row])} predicted as {escape(names[column])}: {number(value)} ({100 * portion:.0f} % of its rows)"
            body.append(
                f'<g><title>{told}</title><rect class="cell" x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}"/>'
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}" fill="{colour}" fill-opacity="{portion**0.6:.2f}"/>'
            )
            if side <= 12 and value:
                ink = ' style="fill:#fff"' if portion > 0.45 else ""
                body.append(
                    f'<text x="{x + cell / 2:.1f}" y="{y + cell / 2 + 4:.1f}" text-anchor="middle"{ink}>{int(value)}</text>'
                )
            body.append("</g>")
    for place, name in enumerate(names if shown else []):
        middle = place * cell + cell / 2
        cut = escape(shorten(name, 13))
        body.append(
            f'<text x="{left - 6}" y="{top + middle + 4:.1f}" text-anchor="end">{cut}<title>{escape(name)}</title></text>'
        )
        turn = f"rotate(-40 {left + middle:.1f} {top - 6})" if max(map(len, names)) > 4 else ""
        anchor = "start" if turn else "middle"
        body.append(
            f'<text x="{left + middle:.1f}" y="{top - 6}" text-anchor="{anchor}" transform="{turn}">{cut}</text>'
        )
    return picture(title, "".join(body), about=about, size=(max(size[0], 300), size[1]))


def shades(title: str, grid: list[list[float | None]], *, about: str = "") -> str:
    """A map of numbers as shaded squares, strongest where the number is largest; below nought is left blank."""
    rows, columns = len(grid), len(grid[0])
    cell = 280 // max(rows, columns)
    highest = max((value or 0.0 for row in grid for value in row), default=0.0) or 1.0
    body = []
    for row, values in enumerate(grid):
        for column, value in enumerate(values):
            strength = max(value or 0.0, 0.0) / highest
            body.append(
                f'<g><title>{score(value)}</title><rect class="cell" x="{column * cell}" y="{row * cell}" width="{cell}" height="{cell}"/>'
                f'<rect x="{column * cell}" y="{row * cell}" width="{cell}" height="{cell}" fill="var(--s4)" fill-opacity="{strength:.2f}"/></g>'
            )
    return picture(title, "".join(body), about=about, size=(columns * cell, rows * cell))


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
