"""Room for the pixels of a whole set: in memory, or in a file that is mapped into it where they are many.

The file has no name from the start, so the system takes it away with the process, however that ends.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from math import prod

import numpy as np

from pellucid.errors import Place, ResourceError

RESIDENT_BYTES = 2**30
"""Of all pixels as float32 (what training holds): up to here they stay in memory."""
CHUNK = 1024
"""Images that are moved at once."""


def room(shape: Sequence[int], resident: int = RESIDENT_BYTES, source: str = "", copies: int = 1) -> np.ndarray:
    """uint8 of `shape`, not yet filled; mapped from a file without a name where it is more than `resident` as float32.

    Raises: ResourceError where the disk has no room for `copies` of it.
    """
    size = prod(shape)
    if size * 4 <= resident:
        return np.empty(shape, np.uint8)
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if copies * size > free:
        raise _full(shape, copies * size, free, folder, source)
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
        except OSError:
            raise _full(shape, size, free, folder, source) from None
        return np.memmap(file, np.uint8, "r+", shape=tuple(shape))  # keeps the file open until the last view is gone


def mapped(pixel_NCHW: np.ndarray) -> bool:
    """Whether these pixels lie in a file."""
    return isinstance(pixel_NCHW, np.memmap)


def reordered(pixel_NCHW: np.ndarray, order_N: np.ndarray, source: str = "") -> np.ndarray:
    """Mapped pixels in another order, mapped as well, so that each part of a split is one stretch."""
    found = room((len(order_N), *pixel_NCHW.shape[1:]), 0, source)
    for start in range(0, len(order_N), CHUNK):
        found[start : start + CHUNK] = pixel_NCHW[order_N[start : start + CHUNK]]
    return found


def _full(shape: Sequence[int], size: int, free: int, folder: str, source: str) -> ResourceError:
    count, height, width = shape[0], *shape[-2:]
    message = (
        f"{count:,} images of {height}x{width} need {size / 2**30:,.1f} GiB of disk in {folder}, "
        f"where {free / 2**30:,.1f} GiB are free"
    )
    hint = "set data.size to something smaller, or TMPDIR to a larger disk"
    return ResourceError("MEM-IMAGES", message, place=Place(source), hint=hint)
