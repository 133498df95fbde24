"""Images as read: uint8 pixels of one size, their labels and names, and what had to be done to get there.

Files are decoded in threads (Pillow's decoders release the interpreter) that hand back their results in the order of
the list, so the number of workers changes no bit.

    N  images    C  channels (1 grey, 3 red green blue)    H, W  height and width after resizing
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import TypeVar

import numpy as np

from pellucid.data import decode
from pellucid.data.image_files import Listed, Listing, natural
from pellucid.errors import DataError, PellucidError, Place, ResourceError, quote

Item = TypeVar("Item")
Result = TypeVar("Result")
Size = tuple[int, int, int]

LONGEST_SIDE = 64
"""Of the planned size: a convolution over 64x64 is about what a CPU trains on in minutes. `data.size` overrides it."""
MOST_RESIDENT_BYTES = 16 * 2**30
"""Of all pixels as float32, which is what training holds."""


@dataclass(frozen=True)
class ImageRaw:
    """Images brought to one size and mode."""

    pixel_NCHW: np.ndarray
    """uint8."""
    code_N: np.ndarray | None
    """int64 class codes; None without classes."""
    value_ND: np.ndarray | None
    """float64 target values; None where the target is classes or absent."""
    classes: tuple[str, ...]
    target: tuple[str, ...]
    """Names of the target: `folder`, or columns."""
    names: tuple[str, ...]
    """A file name or a position, for each image."""
    row_N: np.ndarray
    """uint64: hash of the pixels, so equal images share a part of the split."""
    fingerprint: str
    sizes: tuple[Size, ...]
    """(height, width, count) found, most frequent first, at most 10."""
    parts: tuple[str, ...] | None = None
    """train, valid or test of each image, where that is ready-made."""
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Other columns of a CSV file of paths."""
    notes: dict[str, str] = field(default_factory=dict)
    bad: tuple[PellucidError, ...] = ()
    """What was wrong with the images that were left out."""
    source: str = ""

    @property
    def rows(self) -> int:
        """Images."""
        return len(self.pixel_NCHW)


@dataclass(frozen=True)
class Shape:
    """What every image is brought to, and why."""

    channels: int
    height: int
    width: int
    why: str


def choose_shape(found: Counter[tuple[int, int]], all_grey: bool, size: tuple[int, int] | None, mode: str) -> Shape:
    """The size that was asked for; else the one most images have, or the median where none is common; at most 64."""
    channels = {"grey": 1, "rgb": 3}.get(mode, 1 if all_grey else 3)
    if size is not None:
        return Shape(channels, *size, "as data.size says")
    (height, width), most = min(found.items(), key=lambda item: (-item[1], item[0]))
    why = "the size of all" if len(found) == 1 else "the size most of them have"
    if 2 * most < found.total():
        height, width = (_median([side[axis] for side in found.elements()]) for axis in (0, 1))
        why = "the median height and width"
    longest = max(height, width)
    if longest > LONGEST_SIDE:
        height, width = (max(1, round(side * LONGEST_SIDE / longest)) for side in (height, width))
        why += f", brought down to {LONGEST_SIDE} pixels on the longer side; set data.size for more"
    return Shape(channels, height, width, why)


def read_listing(listing: Listing, size: tuple[int, int] | None, mode: str, workers: int | None, skip: float) -> ImageRaw:
    """Every image of a listing, all of them checked; `skip` is the largest share that may be left out as unusable.

    Raises: DataError for the first image, in the order of the list, that cannot be used.
    """
    with decode.quiet() as chatter:
        heads = list(_mapped(lambda item: decode.header(item.path, item.place), listing.items, workers))
        found = Counter((head.height, head.width) for head in heads if isinstance(head, decode.Header))
        if not found:
            raise next(head for head in heads if isinstance(head, PellucidError))
        if not skip:
            _raise_first(heads)
        all_grey = all(head.grey for head in heads if isinstance(head, decode.Header))
        shape = choose_shape(found, all_grey, size, mode)
        readers = [lambda item=item: decode.decode(item.path, item.place) for item in listing.items]
        pixels = _Pixels(len(readers), shape)
        results = list(_mapped(pixels.reader(), list(enumerate(readers)), workers))
    bad = tuple(result for result in results if isinstance(result, PellucidError))
    if bad and len(bad) > skip * len(results):
        raise bad[0]
    keep = [place for place, result in enumerate(results) if not isinstance(result, PellucidError)]
    notes = {**listing.notes, **_notes(pixels, shape, [listing.items[place].name for place in keep])}
    if chatter:
        notes["decoder messages"] = f"the image libraries printed {len(chatter):,} lines: {quote(chatter[0])}"
    items = [listing.items[place] for place in keep]
    columns = {name: tuple(cells[place] for place in keep) for name, cells in listing.columns.items()}
    return _raw(pixels.values_NCHW[keep], pixels.digests(keep), items, listing.target, pixels, notes, columns, bad)


def read_arrays(images: Sequence[np.ndarray], labels: Sequence[object] | None, shape: Shape | None, **more: object) -> ImageRaw:
    """Arrays in memory, each uint8 pixel_HW or pixel_HWC, and a label for each or None."""
    raise NotImplementedError
