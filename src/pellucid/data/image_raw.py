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
from statistics import median_low
from typing import Literal, TypeVar

import numpy as np

from pellucid.data import decode
from pellucid.data.decode import Decoded, Header
from pellucid.data.image_files import natural
from pellucid.data.signature import Signature
from pellucid.errors import DataError, PellucidError, Place, ResourceError, quote
from pellucid.findings import Finding

Input = TypeVar("Input")
Output = TypeVar("Output")

LONGEST_SIDE = 64
"""Of the planned size: a convolution over 64x64 is about what a CPU trains on in minutes. `data.size` overrides it."""
MOST_RESIDENT_BYTES = 16 * 2**30
"""Of all pixels as float32, which is what training holds."""


@dataclass(frozen=True)
class Item:
    """One image to read, wherever it is."""

    name: str
    header: Callable[[], Header]
    decode: Callable[[], Decoded]
    labels: tuple[str, ...] = ()
    """The class, or the cells of several target columns; empty where there is none."""
    part: str | None = None
    """train, valid or test where that is ready-made."""
    in_memory: bool = False
    """Decoded already, so threads would only cost."""


@dataclass(frozen=True)
class Wanted:
    """How images are to come out, and what may go wrong."""

    size: tuple[int, int] | None = None
    """Height and width; None: chosen from what is found."""
    mode: Literal["auto", "grey", "rgb"] = "auto"
    target: tuple[str, ...] = ()
    classes: tuple[str, ...] | None = None
    """Known classes, at prediction; None: those of the labels."""
    values: bool | None = None
    """Whether the target is numbers; None: found out."""
    workers: int | None = None
    skip: float = 0.0
    """Largest share of the images that may be left out as unusable."""


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
    """SHA-256 of all images at their own size with their labels, whatever their order."""
    sizes: tuple[tuple[int, int, int], ...]
    """(height, width, count) found, most frequent first, at most 10."""
    parts: tuple[str, ...] | None = None
    """train, valid or test of each image, where that is ready-made."""
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Other columns of a CSV file of paths."""
    notes: dict[str, str] = field(default_factory=dict)
    bad: tuple[str, ...] = ()
    """What was wrong with the images that were left out."""
    source: str = ""
    findings: tuple[Finding, ...] = ()
    """What was noticed when reading images for prediction."""

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """The name of each file."""
        return {"file": list(self.names)}

    def picture(self, row: int) -> np.ndarray:
        """One image as it was brought to the common size: uint8, HW for grey, HWC for colour."""
        pixel_CHW = self.pixel_NCHW[row]
        return pixel_CHW[0] if len(pixel_CHW) == 1 else pixel_CHW.transpose(1, 2, 0)

    @property
    def rows(self) -> int:
        """Images."""
        return len(self.pixel_NCHW)


@dataclass(frozen=True, slots=True)
class _Done:
    """One image after resizing."""

    pixel_CHW: np.ndarray
    digest: bytes
    """Of the image at its own size."""
    row: int
    changes: tuple[str, ...]


def gather(items: Sequence[Item], wanted: Wanted, source: str, columns: dict[str, tuple[str, ...]]) -> ImageRaw:
    """Reads and checks every image.

    Raises: DataError for the first image, in the order of `items`, that cannot be used; ResourceError where the whole
    would not fit in memory.
    """
    if not items:
        raise DataError("DATA-FOLDER", "holds no images", place=Place(source))
    most_bad = wanted.skip * len(items)
    workers = 1 if all(item.in_memory for item in items) else wanted.workers
    with decode.quiet() as chatter:
        heads = list(mapped(_kept(lambda item: item.header()), items, workers))
        good = [head for head in heads if isinstance(head, Header)]
        _refuse(heads, most_bad)
        channels, height, width, why = choose_shape(good, wanted)
        if len(items) * channels * height * width * 4 > MOST_RESIDENT_BYTES:
            message = f"{len(items):,} images of {height}x{width} need more than {MOST_RESIDENT_BYTES // 2**30} GiB"
            raise ResourceError("MEM-IMAGES", message, place=Place(source), hint="set data.size to something smaller")
        results = list(mapped(_kept(lambda item: _done(item.decode(), channels, height, width)), items, workers))
    _refuse(results, most_bad)
    keep = [index for index, result in enumerate(results) if isinstance(result, _Done)]
    done = [result for result in results if isinstance(result, _Done)]
    kept = [items[index] for index in keep]
    notes = _notes(done, Counter((head.height, head.width) for head in good), (height, width), why)
    if chatter:
        notes["decoder messages"] = f"the image libraries printed {len(chatter):,} lines, first {quote(chatter[0])}"
    code_N, value_ND, classes = labelled([item.labels for item in kept], wanted, notes, source)
    parts = tuple(item.part or "train" for item in kept)
    return ImageRaw(
        np.stack([result.pixel_CHW for result in done]),
        code_N,
        value_ND,
        classes,
        wanted.target,
        tuple(item.name for item in kept),
        np.array([result.row for result in done], np.uint64),
        _fingerprint(done, kept),
        tuple((*size, count) for size, count in _by_count((head.height, head.width) for head in good)[:10]),
        parts if any(item.part for item in kept) else None,
        {name: tuple(cells[index] for index in keep) for name, cells in columns.items()},
        notes,
        tuple(str(result) for result in results if isinstance(result, PellucidError)),
        source,
    )


def choose_shape(heads: Sequence[Header], wanted: Wanted) -> tuple[int, int, int, str]:
    """Channels, height, width, and why.

    The size asked for; else the one that at least half of the images have, or else the median height and width; with
    the longer side brought down to 64, since nobody asked for a training that takes hours.
    """
    grey = wanted.mode == "grey" or (wanted.mode == "auto" and all(head.grey for head in heads))
    channels = 1 if grey else 3
    if wanted.size is not None:
        return channels, *wanted.size, "as asked for"
    sizes = _by_count((head.height, head.width) for head in heads)
    (height, width), count = sizes[0]
    why = "their own size" if len(sizes) == 1 else "the size most of them have"
    if 2 * count < len(heads):
        height, width = median_low(head.height for head in heads), median_low(head.width for head in heads)
        why = "their median height and width"
    longest = max(height, width)
    if longest > LONGEST_SIDE:
        height, width = max(1, round(height * LONGEST_SIDE / longest)), max(1, round(width * LONGEST_SIDE / longest))
        why += f" brought down to {LONGEST_SIDE} pixels on the longer side; data.size asks for more"
    return channels, height, width, why


def mapped(act: Callable[[Input], Output], items: Sequence[Input], workers: int | None) -> Iterator[Output]:
    """`act` of every item, in order; None: as many threads as processors, at most 8."""
    count = workers or min(8, os.cpu_count() or 1)
    if count == 1 or len(items) < 2:
        yield from map(act, items)
        return
    with ThreadPoolExecutor(count) as pool:
        yield from pool.map(act, items)


def labelled(
    labels: Sequence[tuple[str, ...]], wanted: Wanted, notes: dict[str, str], source: str
) -> tuple[np.ndarray | None, np.ndarray | None, tuple[str, ...]]:
    """(code_N, value_ND, classes): numbers with a fraction, or several columns, are values; all else is classes."""
    known = wanted.classes or ()
    if not wanted.target or not labels or not all(labels):
        return None, None, known
    numbers = [[_number(cell) for cell in row] for row in labels]
    values = wanted.values
    if values is None:
        fractions = any(number is not None and number != int(number) for row in numbers for number in row)
        numeric = all(number is not None for row in numbers for number in row)
        values = numeric and (fractions or len(labels[0]) > 1)
    if values:
        if any(number is None for row in numbers for number in row):
            raise DataError("DATA-TARGET", "a target is no number", place=Place(source))
        return None, np.array(numbers, np.float64), ()
    if len(labels[0]) > 1:
        raise DataError("DATA-TARGET", "several target columns must all be numbers", place=Place(source))
    classes = wanted.classes or tuple(sorted({row[0] for row in labels}, key=natural))
    code = {name: index for index, name in enumerate(classes)}
    strange = Counter(row[0] for row in labels if row[0] not in code)
    if strange:
        name, count = strange.most_common(1)[0]
        notes["labels not used"] = f"{quote(name)} ({count:,} images) is no class that the model knows"
        return None, None, known
    return np.array([code[row[0]] for row in labels], np.int64), None, classes


def _number(cell: str) -> float | None:
    """A finite number written with ASCII digits, or None."""
    try:
        number = float(cell) if cell.isascii() and "_" not in cell else None
    except ValueError:
        return None
    return number if number is not None and np.isfinite(number) else None


def _kept(act: Callable[[Input], Output]) -> Callable[[Input], Output | DataError]:
    """`act` that hands back a DataError instead of raising it."""

    def careful(item: Input) -> Output | DataError:
        try:
            return act(item)
        except DataError as fault:
            return fault

    return careful


def _refuse(results: Sequence[object], most: float) -> None:
    """Raises the first fault where there are more than `most`, or nothing else."""
    faults = [result for result in results if isinstance(result, DataError)]
    if faults and (len(faults) > most or len(faults) == len(results)):
        first = faults[0]
        more = f"; {len(faults) - 1:,} more like it" if len(faults) > 1 else ""
        raise DataError(first.code, first.message + more, place=first.place, hint=first.hint)


def _done(decoded: Decoded, channels: int, height: int, width: int) -> _Done:
    pixels = decoded.pixels
    shape = "x".join(map(str, pixels.shape)).encode()
    digest = blake2b(shape + np.ascontiguousarray(pixels).tobytes(), digest_size=16).digest()
    changes = list(decoded.changes)
    if (pixels.ndim == 2) != (channels == 1):
        changes.append("grey to colour" if pixels.ndim == 2 else "colour to grey")
    pixel_CHW = np.ascontiguousarray(decode.recoloured(decode.resized(pixels, height, width), channels))
    row = int.from_bytes(blake2b(pixel_CHW.tobytes(), digest_size=8).digest(), "little")
    return _Done(pixel_CHW, digest, row, tuple(changes))


def _notes(done: list[_Done], sizes: Counter[tuple[int, int]], size: tuple[int, int], why: str) -> dict[str, str]:
    """What a report says about sizes and conversions, with counts."""
    notes: dict[str, str] = {}
    moved = sizes.total() - sizes[size]
    to = f"{size[0]}x{size[1]} ({why})"
    if moved:
        only = next(iter(sizes))
        plural = f"{len(sizes):,} sizes" if len(sizes) > 1 else f"{only[0]}x{only[1]}"
        notes["size"] = (
            f"{sizes.total():,} images of {plural} brought to {to}: {moved:,} were resized, by averaging areas where "
            "both sides shrink and bilinearly otherwise; proportions are not kept"
        )
    else:
        notes["size"] = f"{sizes.total():,} images of {size[0]}x{size[1]}: none was resized"
    changes = Counter(change for result in done for change in result.changes)
    if changes:
        notes["converted"] = "; ".join(f"{count:,} images: {what}" for what, count in sorted(changes.items()))
    return notes


def _by_count(sizes: Iterator[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
    """Sizes with their counts, most frequent first, then the larger."""
    return sorted(Counter(sizes).items(), key=lambda item: (-item[1], -item[0][0] * item[0][1], item[0]))


def _fingerprint(done: Sequence[_Done], items: Sequence[Item]) -> str:
    facts = sorted(
        (result.digest.hex(), item.part or "", *item.labels) for result, item in zip(done, items, strict=True)
    )
    return sha256("\n".join("\x1f".join(fact) for fact in facts).encode()).hexdigest()
