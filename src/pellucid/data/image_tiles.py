"""Large pictures cut into tiles of one size, with their part of masks and boxes."""

from __future__ import annotations

import numpy as np


def corners(height: int, width: int, tile: tuple[int, int]) -> list[tuple[int, int]]:
    """(top, left) of each tile of a picture, row by row; they do not overlap, and the last may reach over the edge."""
    return [(top, left) for top in range(0, height, tile[0]) for left in range(0, width, tile[1])]


def cut(values_CHW: np.ndarray, top: int, left: int, tile: tuple[int, int], fill: int) -> np.ndarray:
    """One tile; what lies beyond the picture is `fill`."""
    part_CHW = values_CHW[..., top : top + tile[0], left : left + tile[1]]
    missing = [(0, 0)] * (values_CHW.ndim - 2) + [(0, tile[axis] - part_CHW.shape[axis - 2]) for axis in (0, 1)]
    return np.pad(part_CHW, missing, constant_values=fill)


def boxes_in(boxes_M5: np.ndarray, top: int, left: int, tile: tuple[int, int]) -> np.ndarray:
    """The boxes whose centre is in the tile, in its pixels, cut at its edges."""
    x_M, y_M = (boxes_M5[:, 0] + boxes_M5[:, 2]) / 2 - left, (boxes_M5[:, 1] + boxes_M5[:, 3]) / 2 - top
    inside_M = (x_M >= 0) & (x_M < tile[1]) & (y_M >= 0) & (y_M < tile[0])
    moved_M5 = boxes_M5[inside_M] - np.array([left, top, left, top, 0.0])
    edge_4 = np.array([tile[1], tile[0], tile[1], tile[0]], np.float64)
    return np.concatenate([np.clip(moved_M5[:, :4], 0, edge_4), moved_M5[:, 4:]], 1)
