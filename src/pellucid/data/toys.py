"""Flat toy sets, drawn here and exact: shapes with boxes and masks, and clips of a square that moves.

H, W  height and width    F  frames
"""

from __future__ import annotations

import numpy as np

from pellucid.data.composites import CutOut, Stock, pictures
from pellucid.seeds import Draw

SHAPES = ("disc", "square", "triangle")
MOTIONS = ("down", "grow", "left", "right", "shrink", "up")
FRAMES, SIDE = 8, 16
"""Of a clip."""


def shapes(counts: tuple[int, int, int], side: int = 48, seed: int = 0) -> dict[str, np.ndarray]:
    """Colour pictures of one to three flat shapes: `counts` of them train, choose and judge.

    `images`, `masks` (0 is background, then SHAPES), `boxes` (codes of SHAPES) and `split`.
    """
    draw = Draw(seed, "shapes")
    colours = (80 + 175 * draw.at(0).uniform((12, 3))).byte().numpy()
    grounds = (70 * draw.at(1).uniform((12, 3))).byte().numpy()
    y_HW, x_HW = np.mgrid[-1:1:64j, -1:1:64j]
    inside = (x_HW**2 + y_HW**2 <= 1, np.ones_like(x_HW, bool), np.abs(x_HW) <= (1 + y_HW) / 2)
    cutouts = tuple(
        CutOut(np.dstack([np.broadcast_to(colour, (64, 64, 3)), 255 * inside_HW]).astype(np.uint8), code)
        for code, inside_HW in enumerate(inside)
        for colour in colours
    )
    backgrounds = tuple(np.broadcast_to(ground, (side, side, 3)) for ground in grounds)
    return pictures([Stock(cutouts, backgrounds)] * 3, counts, side, seed)


def clips(each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`each` clips of every motion: clip_NFHW uint8 grey and code_N into MOTIONS.

    Place, size, speed and brightness are drawn for every clip, so a single frame hardly tells the motion.
    """
    draw = Draw(seed, "clips")
    time_F = np.arange(FRAMES) - (FRAMES - 1) / 2
    made, codes = [], []
    for code, motion in enumerate(MOTIONS):
        for index in range(each):
            x, y, large, speed, bright = draw.at(code, index).uniform((5,)).tolist()
            step_F = (0.5 + 0.5 * speed) * time_F
            across, down = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}.get(motion, (0, 0))
            growth = {"grow": 0.5, "shrink": -0.5}.get(motion, 0)
            half_F = 2.5 + large + growth * step_F
            x_F, y_F = 6 + 4 * x + across * step_F, 6 + 4 * y + down * step_F
            clip_FHW = _covered(y_F, half_F)[:, :, None] * _covered(x_F, half_F)[:, None, :]
            made.append(np.rint((100 + 155 * bright) * clip_FHW).astype(np.uint8))
            codes.append(code)
    return np.stack(made), np.array(codes, np.int64)


def _covered(centre_F: np.ndarray, half_F: np.ndarray) -> np.ndarray:
    """How much of each of SIDE pixels lies within `half_F` of `centre_F`."""
    edge_S = np.arange(SIDE)
    low, high = (centre_F - half_F)[:, None], (centre_F + half_F)[:, None]
    return np.clip(np.minimum(edge_S + 1, high) - np.maximum(edge_S, low), 0, 1)
