"""What is known of a picture, drawn into its pixels: masks as tints, boxes as outlines.

H, W  height and width    C  channels    N  boxes    masks hold class codes, 255 where nothing is judged
a box is (left, top, right, bottom, class code, ...) in pixels; a code below 0 is padding
"""

from __future__ import annotations

import io
import math
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pellucid.errors import clean
from pellucid.report.pictures import BIGGEST, TINTS, png
from pellucid.report.words import shorten

Colour = tuple[int, int, int]
"""Red, green, blue, 0..255."""
GAP = 4
"""White pixels between the pictures of a row."""


def class_colours(count: int, *, background: bool = False) -> list[Colour | None]:
    """A colour for each class code, in turn; with `background`, code 0 has none and stays as it is."""
    first: list[Colour | None] = [None] if background else []
    return first + [TINTS[at % len(TINTS)] for at in range(count - len(first))]


def rgb(pixels_HWC: np.ndarray) -> np.ndarray:
    """A copy as uint8 HW3, of HW too; what is transparent becomes white, of over 4 channels the first 3 are seen."""
    seen_HWC = pixels_HWC[:, :, None] if pixels_HWC.ndim == 2 else pixels_HWC
    channels = seen_HWC.shape[2]
    colour_HWC = seen_HWC[:, :, :3] if channels >= 3 else seen_HWC[:, :, :1].repeat(3, axis=2)
    if channels in (2, 4):
        share_HW1 = seen_HWC[:, :, -1:].astype(np.float32) / 255
        colour_HWC = (colour_HWC * share_HW1 + 255 * (1 - share_HW1)).round()
    return np.array(colour_HWC, dtype=np.uint8, order="C")


def tint(pixels_HWC: np.ndarray, mask_HW: np.ndarray, colours: Sequence[Colour | None]) -> np.ndarray:
    """uint8 HW3: every class with a colour at half opacity under its contour; codes without one stay as they are."""
    table_256x3, drawn_256 = np.zeros((256, 3), np.uint8), np.zeros(256, bool)
    for code, colour in enumerate(colours):
        if colour is not None:
            table_256x3[code], drawn_256[code] = colour, True
    edge_HW = np.zeros(mask_HW.shape, bool)
    down_HW, across_HW = mask_HW[1:] != mask_HW[:-1], mask_HW[:, 1:] != mask_HW[:, :-1]
    for part_HW, differs_HW in (
        (edge_HW[1:], down_HW), (edge_HW[:-1], down_HW), (edge_HW[:, 1:], across_HW), (edge_HW[:, :-1], across_HW),
    ):  # fmt: skip
        part_HW |= differs_HW
    inside_HW, colour_HWC, out_HWC = drawn_256[mask_HW], table_256x3[mask_HW], rgb(pixels_HWC)
    half_HWC = ((out_HWC.astype(np.uint16) + colour_HWC) // 2).astype(np.uint8)
    out_HWC[inside_HW] = half_HWC[inside_HW]
    out_HWC[inside_HW & edge_HW] = colour_HWC[inside_HW & edge_HW]
    return out_HWC


def draw_boxes(
    pixels_HWC: np.ndarray, boxes_N: Any, colours: Sequence[Colour | None], names: Sequence[str] = ()
) -> np.ndarray:
    """uint8 HW3 with an outline for every box that is no padding, and its class name in it where `names` are given."""
    image = Image.fromarray(rgb(pixels_HWC))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default()
    width = max(1, max(image.size) // 100)
    for left, top, right, bottom, code, *_ in np.asarray(boxes_N, dtype=np.float64).tolist():
        colour = colours[int(code)] if code >= 0 else None
        if colour is None:
            continue
        x, y = (min(max(round(low), 0), side - 1) for low, side in zip((left, top), image.size, strict=True))
        end = [
            max(min(round(high), side) - 1, low)
            for high, side, low in zip((right, bottom), image.size, (x, y), strict=True)
        ]
        draw.rectangle((x, y, *end), outline=colour, width=width)
        if names:
            name = shorten(clean(names[int(code)]), 14)
            draw.rectangle(draw.textbbox((x + 1, y), name, font=font), fill=colour)
            dark = 0.3 * colour[0] + 0.6 * colour[1] + 0.1 * colour[2] < 140
            draw.text((x + 1, y), name, fill="white" if dark else "black", font=font)
    return np.asarray(image)


def scene(
    pixels_HWC: np.ndarray,
    colours: Sequence[Colour | None] = (),
    *,
    mask_HW: np.ndarray | None = None,
    boxes_N: Any = None,
    names: Sequence[str] = (),
    side: int = BIGGEST,
) -> str:
    """The data URI of a picture of about `side` pixels (at most `BIGGEST`), mask and boxes drawn after the resizing.

    Small pictures grow by a whole factor, so that every pixel stays visible and an outline is thinner than a pixel.
    """
    seen_HWC = _drawn(pixels_HWC, colours, mask_HW=mask_HW, boxes_N=boxes_N, names=names, side=side)
    return png(seen_HWC.tobytes(), seen_HWC.shape[1], seen_HWC.shape[0], channels=3)


def panels(
    pixels_HWC: np.ndarray,
    colours: Sequence[Colour | None],
    *,
    masks: Sequence[np.ndarray | None] = (),
    boxes: Sequence[Any] = (),
) -> str:
    """The data URI of a picture under each of the masks (None: by itself), then under each set of boxes, in a row."""
    seen = [_drawn(pixels_HWC, colours, mask_HW=mask_HW) for mask_HW in masks]
    seen += [_drawn(pixels_HWC, colours, boxes_N=boxes_N) for boxes_N in boxes]
    gap_HW3 = np.full((len(seen[0]), GAP, 3), 255, np.uint8)
    row = [part_HW3 for one_HW3 in seen for part_HW3 in (gap_HW3, one_HW3)][1:]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(row, 1)).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + b64encode(buffer.getvalue()).decode()


def _drawn(
    pixels_HWC: np.ndarray,
    colours: Sequence[Colour | None],
    *,
    mask_HW: np.ndarray | None = None,
    boxes_N: Any = None,
    names: Sequence[str] = (),
    side: int = BIGGEST,
) -> np.ndarray:
    """uint8 HW3 of a scene."""
    seen_HWC = rgb(pixels_HWC)
    height, width = seen_HWC.shape[:2]
    factor = side / max(height, width)
    factor = max(1, math.floor(factor)) if factor >= 1 else factor
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if factor != 1:
        way = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.BOX
        seen_HWC = np.asarray(Image.fromarray(seen_HWC).resize(size, way))
    if mask_HW is not None:
        seen_HWC = tint(seen_HWC, np.asarray(Image.fromarray(mask_HW).resize(size, Image.Resampling.NEAREST)), colours)
    if boxes_N is not None:
        boxes_NK = np.array(boxes_N, dtype=np.float64)
        boxes_NK[:, :4] *= np.array([size[0] / width, size[1] / height] * 2)
        seen_HWC = draw_boxes(seen_HWC, boxes_NK, colours, names)
    return seen_HWC
