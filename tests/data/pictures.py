"""Small good images for tests, and folders of them; the same arguments always give the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def pixels(seed: int, height: int = 12, width: int = 10, channels: int = 1) -> np.ndarray:
    """uint8 noise: pixel_HW, or pixel_HWC with 3 channels."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write(path: Path, seed: int = 0, height: int = 12, width: int = 10, channels: int = 1) -> Path:
    """One image file of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(seed, height, width, channels)).save(path)
    return path


def folder(root: Path, per_class: int = 4, classes: tuple[str, ...] = ("cat", "dog"), suffix: str = ".png") -> Path:
    """A folder with a folder for each class."""
    for code, name in enumerate(classes):
        for index in range(per_class):
            write(root / name / f"{index}{suffix}", seed=100 * code + index)
    return root
