"""Pictures put together from cut-outs: what is pasted where is known, so every box and mask is exact.

H, W  height and width    N  pictures    M  most objects of any picture    4, 3  red, green, blue (and alpha)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pellucid.seeds import Draw

MOST = 3
"""Objects in one picture."""
SMALL, LARGE = 0.3, 0.6
"""The longer side of an object, as a share of the picture's."""
VISIBLE = 0.7
"""Least share of an object that others may leave to be seen."""
TRIES = 8
"""Places tried for an object before it is left out."""
SOLID = 128
"""Alpha from which a pixel belongs to an object."""


@dataclass(frozen=True)
class CutOut:
    """One object without its background."""

    pixel_HW4: np.ndarray
    """uint8 red, green, blue, alpha, trimmed to the object."""
    code: int
    """Its class."""


@dataclass(frozen=True)
class Stock:
    """What the pictures of one part are made of."""

    cutouts: tuple[CutOut, ...]
    backgrounds: tuple[np.ndarray, ...]
    """uint8 pixel_HW3, each at least as large as a picture."""


def trimmed(pixel_HW4: np.ndarray, longest: int) -> np.ndarray:
    """`pixel_HW4` cut to what is solid, its longer side brought down to `longest` pixels where it is more."""
    rows, columns = (np.flatnonzero((pixel_HW4[..., 3] >= SOLID).any(axis=axis)) for axis in (1, 0))
    kept = pixel_HW4[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _resized(kept, min(longest, max(kept.shape[:2])))


def compose(background_HW3: np.ndarray, cutouts: Sequence[CutOut], draw: Draw) -> tuple[np.ndarray, ...]:
    """Pastes every cut-out at a random place and size, mirrored or not: image_HW3, mask_HW, box_M5.

    The mask is the class code plus 1, and 0 where nothing is pasted. Boxes (left, top, right, bottom, code) are those
    of what can be seen, which is most of each object; an object that finds no place is left out.
    """
    image_HW3, owner_HW = background_HW3.copy(), np.zeros(background_HW3.shape[:2], np.uint8)
    codes: list[int] = []
    areas: list[int] = []
    for cutout in cutouts:
        for _ in range(TRIES):
            large, down, across, side = draw.uniform((4,)).tolist()
            longest = round((SMALL + (LARGE - SMALL) * large) * len(image_HW3))
            piece = _resized(cutout.pixel_HW4, longest)[:, :: 1 if side < 0.5 else -1]
            height, width = piece.shape[:2]
            top = round(down * (image_HW3.shape[0] - height))
            left = round(across * (image_HW3.shape[1] - width))
            window = slice(top, top + height), slice(left, left + width)
            solid_HW, tried_HW = piece[..., 3] >= SOLID, owner_HW.copy()
            tried_HW[window][solid_HW] = len(codes) + 1
            if solid_HW.any() and (_seen(tried_HW, len(codes)) >= VISIBLE * np.array(areas)).all():
                alpha_HW1 = piece[..., 3:] / 255
                blend = alpha_HW1 * piece[..., :3] + (1 - alpha_HW1) * image_HW3[window]
                image_HW3[window] = np.rint(blend).astype(np.uint8)
                owner_HW = tried_HW
                codes.append(cutout.code)
                areas.append(int(solid_HW.sum()))
                break
    mask_HW = np.array([0, *(code + 1 for code in codes)], np.uint8)[owner_HW]
    return image_HW3, mask_HW, _boxes(owner_HW, codes)


def pictures(stocks: Sequence[Stock], counts: Sequence[int], side: int, seed: int) -> dict[str, np.ndarray]:
    """`counts` square pictures of each stock: images, masks, boxes (rows of code -1 fill up) and split (its place)."""
    draw = Draw(seed, "composites")
    made = [
        (*_picture(stock, side, draw.at(part, index)), part)
        for part, (stock, count) in enumerate(zip(stocks, counts, strict=True))
        for index in range(count)
    ]
    images, masks, boxes, parts = zip(*made, strict=True)
    box_NM5 = np.zeros((len(made), MOST, 5), np.float32)
    box_NM5[..., 4] = -1
    for row, box_M5 in enumerate(boxes):
        box_NM5[row, : len(box_M5)] = box_M5
    return {
        "images": np.stack(images),
        "masks": np.stack(masks),
        "boxes": box_NM5,
        "split": np.array(parts, np.uint8),
    }


def _picture(stock: Stock, side: int, draw: Draw) -> tuple[np.ndarray, ...]:
    """A part of a background with one to MOST objects on it; every class comes equally often."""
    codes = sorted({cutout.code for cutout in stock.cutouts})
    down, across, many, ground, *choices = draw.uniform((4 + 2 * MOST,)).tolist()
    background = stock.backgrounds[int(ground * len(stock.backgrounds))]
    top, left = (int(at * (size - side + 1)) for at, size in zip((down, across), background.shape[:2], strict=True))
    chosen = []
    for which, one in zip(choices[: 1 + int(many * MOST)], choices[MOST:], strict=False):
        kin = [cutout for cutout in stock.cutouts if cutout.code == codes[int(which * len(codes))]]
        chosen.append(kin[int(one * len(kin))])
    return compose(background[top : top + side, left : left + side], chosen, draw)


def _resized(pixel_HW4: np.ndarray, longest: int) -> np.ndarray:
    """`pixel_HW4` with its longer side at `longest` pixels, proportions kept."""
    height, width = pixel_HW4.shape[:2]
    share = longest / max(height, width)
    size = max(1, round(width * share)), max(1, round(height * share))
    return np.asarray(Image.fromarray(pixel_HW4).resize(size, Image.Resampling.BILINEAR))


def _seen(owner_HW: np.ndarray, count: int) -> np.ndarray:
    """Pixels that each of the first `count` objects shows."""
    return np.bincount(owner_HW.ravel(), minlength=count + 1)[1 : count + 1]


def _boxes(owner_HW: np.ndarray, codes: Sequence[int]) -> np.ndarray:
    box_M5 = np.zeros((len(codes), 5), np.float32)
    for row, code in enumerate(codes):
        y_P, x_P = np.nonzero(owner_HW == row + 1)
        box_M5[row] = x_P.min(), y_P.min(), x_P.max() + 1, y_P.max() + 1, code
    return box_M5
