"""Charts as inline SVG text: lines, points and histograms in a frame with round ticks.

Colours are the page's CSS variables (`--s0` to `--s9` for series, `--ink`, `--soft`, `--line`), so a chart is crisp in
light and dark mode. Every chart carries a title and a description for those who cannot see it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pellucid.report.words import number, safe

WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 66, 12, 10, 42
SERIES = 10
"""Colours there are."""


@dataclass(frozen=True)
class Series:
    """One line or cloud of points of a chart."""

    name: str
    points: list[tuple[float, float]]
    colour: int = 0
    dashed: bool = False
    dots: bool = False
    """Points instead of a line."""
    sizes: list[float] | None = None
    """Radius of each point."""
    floor: list[tuple[float, float]] | None = None
    """The lower edge of a band under the points, which is then filled instead of drawn as a line."""


@dataclass(frozen=True)
class Axis:
    """What an axis shows; bounds not given come from the points."""

    name: str
    low: float | None = None
    high: float | None = None
    log: bool = False


@dataclass(frozen=True)
class Frame:
    """The rectangle of a chart and how values become places in it."""

    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False

    def across(self, value: float) -> float:
        """Place of an x value."""
        return LEFT + (value - self.x[0]) / (self.x[1] - self.x[0]) * (WIDTH - LEFT - RIGHT)

    def up(self, value: float) -> float:
        """Place of a y value."""
        value = math.log10(value) if self.log else value
        return HEIGHT - BOTTOM - (value - self.y[0]) / (self.y[1] - self.y[0]) * (HEIGHT - TOP - BOTTOM)


def lines(
    title: str,
    series: list[Series],
    *,
    x: Axis,
    y: Axis,
    about: str = "",
    diagonal: bool = False,
    mark: tuple[float, str] | None = None,
) -> str:
    """Lines and points; `diagonal` draws y = x, `mark` a named upright at an x."""
    frame = _frame([point for one in series for point in (*one.points, *(one.floor or ()))], x, y)
    body = [axes(frame, x, y)]
    if diagonal:
        low, high = max(frame.x[0], frame.y[0]), min(frame.x[1], frame.y[1])
        body.append(_path([(low, low), (high, high)], frame, 'stroke="var(--soft)" stroke-dasharray="2 4"'))
    if mark is not None:
        place = frame.across(mark[0])
        anchor = "end" if place > WIDTH * 0.6 else "start"
        shift = -5 if anchor == "end" else 5
        body.append(
            f'<line class="mark" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text x="{place + shift:.1f}" y="{TOP + 11}" text-anchor="{anchor}" class="halo">{safe(mark[1])}</text>'
        )
    for one in series:
        drawn = [point for point in one.points if not y.log or point[1] > 0]
        colour = f"var(--s{one.colour % SERIES})"
        if one.floor is not None:
            body.append(_path([*drawn, *reversed(one.floor)], frame, "", fill=f'{colour}" fill-opacity=".16'))
            continue
        if one.dots:
            sizes = one.sizes or [2.6] * len(drawn)
            body += [
                f'<circle cx="{frame.across(a):.1f}" cy="{frame.up(b):.1f}" r="{size:.1f}" fill="{colour}" '
                'opacity=".65"/>'
                for (a, b), size in zip(drawn, sizes, strict=False)
            ]
            continue
        dash = ' stroke-dasharray="5 4"' if one.dashed else ""
        body.append(_path(drawn, frame, f'stroke="{colour}" stroke-width="2"{dash}'))
        if len(drawn) == 1:
            body.append(
                f'<circle cx="{frame.across(drawn[0][0]):.1f}" cy="{frame.up(drawn[0][1]):.1f}" r="3" fill="{colour}"/>'
            )
    return picture(title, "".join(body), about=about) + legend(series)


def histogram(title: str, edges: list[float], counts: list[int], *, x: Axis, y: Axis, about: str = "") -> str:
    """Upright bars between neighbouring `edges`."""
    frame = _frame([(edges[0], 0.0), (edges[-1], float(max(counts) or 1))], x, Axis(y.name, 0.0, y.high))
    body = [axes(frame, x, y)]
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        start, stop = frame.across(left), frame.across(right)
        body.append(
            f'<rect x="{start + 0.5:.1f}" y="{frame.up(count):.1f}" width="{max(stop - start - 1, 0.5):.1f}" '
            f'height="{HEIGHT - BOTTOM - frame.up(count):.1f}" fill="var(--s0)">'
            f"<title>{number(left)} to {number(right)}: {count:,}</title></rect>"
        )
    return picture(title, "".join(body), about=about)


def sparks(channels: list[list[float | None]]) -> str:
    """Small lines without axes, each over its own range."""
    width, height, body = 120, 34, []
    for at, values in enumerate(channels):
        there = [value for value in values if value is not None]
        low, span = min(there, default=0.0), max(there, default=0.0) - min(there, default=0.0)
        places = "L".join(
            f"{2 + place * (width - 4) / max(len(there) - 1, 1):.1f} "
            f"{height - 2 - (value - low) / (span or 1.0) * (height - 4):.1f}"
            for place, value in enumerate(there)
        )
        body.append(f'<path d="M{places}" fill="none" stroke="var(--s{at % SERIES})"/>' if there else "")
    return picture("the series", "".join(body), size=(width, height))


def text(x: float, y: float, words: str, *, anchor: str = "middle", more: str = "", hint: str = "") -> str:
    """Words at a place; `hint` is shown on hover, `more` are further attributes."""
    told = f"<title>{safe(hint)}</title>" if hint else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{safe(words)}{told}</text>'


def rect(x: float, y: float, width: float, height: float, look: str) -> str:
    """A rectangle; `look` are further attributes."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {look}/>'


def picture(title: str, body: str, *, about: str = "", size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
    """An SVG of `size` around `body`, with its name and description."""
    described = f"<desc>{safe(about)}</desc>" if about else ""
    return (
        f'<svg class="chart" role="img" aria-label="{safe(title)}" viewBox="0 0 {size[0]} {size[1]}" '
        f'style="max-width:{size[0] * 1.25:.0f}px">{described}{body}</svg>'
    )


def legend(series: list[Series]) -> str:
    """Names of the series beside their colours; none where there is one series without a name."""
    named = [one for one in series if one.name]
    if not named:
        return ""
    keys = "".join(
        f'<span><i class="{_key(one)}" style="--c:var(--s{one.colour % SERIES})"></i>{safe(one.name)}</span>'
        for one in named
    )
    return f'<div class="legend">{keys}</div>'


def _key(one: Series) -> str:
    return "area" if one.floor is not None else "dash" if one.dashed else "dot" if one.dots else "key"


def axes(frame: Frame, x: Axis, y: Axis) -> str:
    """Grid lines, ticks and names of both axes."""
    floor = HEIGHT - BOTTOM
    parts = []
    for value in ticks(*frame.x, 6):
        place = frame.across(value)
        parts.append(
            f'<line class="tick" x1="{place:.1f}" x2="{place:.1f}" y1="{floor}" y2="{floor + 4}"/>'
            f'<text x="{place:.1f}" y="{floor + 16}" text-anchor="middle">{tick_text(value, frame.x)}</text>'
        )
    upright = [10.0**power for power in _powers(*frame.y)] if frame.log else ticks(*frame.y, 5)
    for value in upright:
        place = frame.up(value)
        text = number(value) if frame.log else tick_text(value, frame.y)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>'
            f'<text x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{text}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>')
    parts.append(f'<text class="name" x="{middle:.0f}" y="{HEIGHT - 6}" text-anchor="middle">{safe(x.name)}</text>')
    height = (TOP + floor) / 2
    parts.append(
        f'<text class="name" transform="rotate(-90 12 {height:.0f})" x="12" y="{height:.0f}" '
        f'text-anchor="middle">{safe(y.name)}</text>'
    )
    return "".join(parts)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most about `most` round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(place * step, 12) for place in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_text(value: float, bounds: tuple[float, float]) -> str:
    """A tick with as many decimals as the range of its axis needs."""
    span = bounds[1] - bounds[0]
    size = max(abs(bounds[0]), abs(bounds[1]))
    if size >= 1e6 or size < 1e-3:
        return f"{value:.2g}" if value else "0"
    places = max(0, 1 - math.floor(math.log10(span)))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _frame(points: list[tuple[float, float]], x: Axis, y: Axis) -> Frame:
    across = _bounds([point[0] for point in points], x, pad=0.0)
    if not y.log:
        return Frame(across, _bounds([point[1] for point in points], y, pad=0.04))
    positive = [math.log10(point[1]) for point in points if point[1] > 0]
    return Frame(across, _bounds(positive, Axis(y.name), pad=0.04), log=True)


def _bounds(values: list[float], axis: Axis, *, pad: float) -> tuple[float, float]:
    low = axis.low if axis.low is not None else min(values, default=0.0)
    high = axis.high if axis.high is not None else max(values, default=1.0)
    if high <= low:
        reach = abs(low) * 0.5 or 0.5
        return low - reach, low + reach
    space = (high - low) * pad
    return (low if axis.low is not None else low - space), (high if axis.high is not None else high + space)


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten for a logarithmic axis; halves (10^0.5 is about 3) where it spans less than two of them."""
    step = 1.0 if high - low >= 2 else 0.5 if high - low >= 0.8 else 0.1
    return [place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _path(points: list[tuple[float, float]], frame: Frame, style: str, fill: str = "none") -> str:
    if not points:
        return ""
    places = "L".join(f"{frame.across(a):.1f} {frame.up(b):.1f}" for a, b in points)
    return f'<path d="M{places}" fill="{fill}" {style} stroke-linejoin="round"/>'
