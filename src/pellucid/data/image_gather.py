"""Every image read, checked and brought to one size, straight into the array that holds them all.

Files are decoded in threads (Pillow's decoders release the interpreter), each into its own rows, so the number of
workers changes no bit.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b, sha256
from statistics import median_low
from typing import TypeVar

import numpy as np

from pellucid.data import decode, image_boxes, image_clips, image_masks, image_store, image_tiles
from pellucid.data.decode import Header
from pellucid.data.image_labels import labelled
from pellucid.data.image_raw import Found, ImageRaw, Item, Marked, Wanted
from pellucid.errors import DataError, PellucidError, Place, quote
from pellucid.forms import UNJUDGED

Input = TypeVar("Input")
Output = TypeVar("Output")

LONGEST_SIDE = 64
"""Of the planned size: a convolution over 64x64 is about what a CPU trains on in minutes. `data.size` overrides it."""


@dataclass(frozen=True)
class _Shape:
    """How every image is to come out."""

    channels: int
    """Of one frame."""
    height: int
    width: int
    frames: int
    picture: tuple[int, int] | None
    """Height and width of a picture before it is cut into tiles; None: its own."""
    tile: tuple[int, int] | None

    def corners(self, head: Header) -> list[tuple[int, int]]:
        """Where the tiles of a picture start; its own corner where it stays whole."""
        height, width = self.picture or (head.height, head.width)
        return image_tiles.corners(height, width, self.tile) if self.tile else [(0, 0)]


@dataclass(frozen=True, slots=True)
class _Done:
    """What is known of one image after its pixels were written."""

    digest: bytes
    """Of the image at its own size, and of its mask and boxes."""
    rows: tuple[int, ...]
    """Hash of the pixels of each tile."""
    changes: tuple[str, ...]
    boxes: tuple[np.ndarray, ...]
    """float64 boxes_M5 of each tile; empty without boxes."""
    mask: Marked | None
    """Without its pixels, which were written as well."""


class _Rooms:
    """The arrays that all images are written into, and the rows that belong to each of them."""

    def __init__(self, heads: Sequence[Header | DataError], shape: _Shape, masked: bool, wanted: Wanted, source: str):
        self.corners = [shape.corners(head) if isinstance(head, Header) else [] for head in heads]
        self.starts: list[int] = np.cumsum([0, *map(len, self.corners)]).tolist()
        full = (self.starts[-1], shape.channels * shape.frames, shape.height, shape.width)
        self.pixel_NCHW = image_store.room(full, wanted.resident, source, copies=2)
        self.mask_NHW = image_store.room((full[0], *full[2:]), wanted.resident, source) if masked else None

    def keep(self, kept: Sequence[int]) -> None:
        """Closes the gaps of images that could not be used."""
        rows = [row for index in kept for row in range(self.starts[index], self.starts[index + 1])]
        if len(rows) == self.starts[-1]:
            return
        for to, row in enumerate(rows):
            self.pixel_NCHW[to] = self.pixel_NCHW[row]
            if self.mask_NHW is not None:
                self.mask_NHW[to] = self.mask_NHW[row]
        self.pixel_NCHW = self.pixel_NCHW[: len(rows)]
        self.mask_NHW = None if self.mask_NHW is None else self.mask_NHW[: len(rows)]


def gather(found: Found, wanted: Wanted, source: str) -> ImageRaw:
    """Reads and checks every image.

    Raises: DataError for the first image, in the order of the items, that cannot be used; ResourceError where the whole
    has no room.
    """
    items = found.items
    if not items:
        raise DataError("DATA-FOLDER", "holds no images", place=Place(source))
    workers = 1 if all(item.in_memory for item in items) else wanted.workers
    notes = dict(found.notes)
    with decode.quiet() as chatter:
        heads = list(mapped(_kept(lambda item: item.header()), items, workers))
        good = [head for head in heads if isinstance(head, Header)]
        _refuse(heads, wanted.skip * len(items))
        shape, why = _shape(good, items, wanted, source, notes)
        rooms = _Rooms(heads, shape, any(item.mask for item in items), wanted, source)

        def read(index: int) -> _Done:
            head = heads[index]
            if isinstance(head, DataError):
                raise head
            return _done(items[index], shape, rooms, index)

        results = list(mapped(_kept(read), range(len(items)), workers))
    _refuse(results, wanted.skip * len(items))
    kept = [index for index, result in enumerate(results) if isinstance(result, _Done)]
    done = [result for result in results if isinstance(result, _Done)]
    rooms.keep(kept)
    sizes = Counter((head.height, head.width) for head in good)
    notes |= _notes(done, sizes, shape, why)
    if chatter:
        notes["decoder messages"] = f"the image libraries printed {len(chatter):,} lines, first {quote(chatter[0])}"
    raw = _told(replace(found, items=[items[index] for index in kept], notes=notes), wanted, done, rooms, source)
    corners = [corner for index in kept for corner in rooms.corners[index]]
    owners = [index for index in kept for _ in rooms.corners[index]]
    tiles = tuple((items[at].name, *corner) for at, corner in zip(owners, corners, strict=True))
    extents = {at: (head.height, head.width) for at, head in enumerate(heads) if isinstance(head, Header)}
    return replace(
        raw,
        names=tuple(f"{name} at {top}, {left}" if shape.tile else name for name, top, left in tiles),
        tiles=tiles if shape.tile else None,
        extents=tuple(extents[at] for at in owners),
        columns={name: tuple(cells[at] for at in owners) for name, cells in found.columns.items()},
        parts=tuple(items[at].part or "train" for at in owners) if any(items[at].part for at in kept) else None,
        sizes=tuple((*size, count) for size, count in _by_count(sizes)[:10]),
        bad=tuple(str(result) for result in results if isinstance(result, PellucidError)),
        frames=shape.frames,
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
    sizes = _by_count(Counter((head.height, head.width) for head in heads))
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


def _shape(
    heads: Sequence[Header], items: Sequence[Item], wanted: Wanted, source: str, notes: dict[str, str]
) -> tuple[_Shape, str]:
    """How the images are to come out, and why."""
    channels, height, width, why = choose_shape(heads, wanted)
    frames, said = image_clips.choose_frames(items, wanted.frames, source)
    if said:
        notes["clips"] = said
    if wanted.tile is None:
        return _Shape(channels, height, width, frames, (height, width), None), why
    return _Shape(channels, *wanted.tile, frames, wanted.size, wanted.tile), why


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


def _done(item: Item, shape: _Shape, rooms: _Rooms, index: int) -> _Done:
    """Decodes one image with its mask and boxes, and writes its tiles into their rows."""
    pictures = [item.decode(at) for at in image_clips.taken(item.length, shape.frames)]
    height, width = pictures[0].pixels.shape[:2]
    to, tile = shape.picture or (height, width), shape.tile
    digest, changes = blake2b(digest_size=16), set[str]()
    for picture in pictures:
        digest.update("x".join(map(str, picture.pixels.shape)).encode())
        digest.update(picture.pixels.tobytes())
        changes.update(picture.changes)
        if (picture.pixels.ndim == 2) != (shape.channels == 1):
            changes.add("grey to colour" if picture.pixels.ndim == 2 else "colour to grey")
    planes = [decode.recoloured(decode.resized(picture.pixels, *to), shape.channels) for picture in pictures]
    pixel_CHW = np.concatenate(planes)
    marked = _mask(item, (height, width), to)
    boxes_M5 = None
    if item.boxes_M5 is not None:
        own_M5 = image_boxes.fitted(item.boxes_M5, height, width, item.name, item.told)
        boxes_M5 = image_boxes.scaled(own_M5, (height, width), to)
        digest.update(b"boxes" + own_M5.tobytes())
    if marked is not None:
        digest.update(b"mask" + marked.index_HW.tobytes() + str(marked.values).encode())
    rows: list[int] = []
    boxes: list[np.ndarray] = []
    for row, (top, left) in enumerate(rooms.corners[index], rooms.starts[index]):
        part_CHW = image_tiles.cut(pixel_CHW, top, left, tile, 0) if tile else pixel_CHW
        rooms.pixel_NCHW[row] = part_CHW
        hashed = blake2b(part_CHW.tobytes(), digest_size=8).digest()
        rows.append(int.from_bytes(hashed, "little"))
        if marked is not None and rooms.mask_NHW is not None:
            index_HW = marked.index_HW
            rooms.mask_NHW[row] = image_tiles.cut(index_HW, top, left, tile, UNJUDGED) if tile else index_HW
        if boxes_M5 is not None:
            boxes.append(image_tiles.boxes_in(boxes_M5, top, left, tile) if tile else boxes_M5)
    bare = None if marked is None else marked._replace(index_HW=np.empty((0, 0), np.uint8))
    return _Done(digest.digest(), tuple(rows), tuple(sorted(changes)), tuple(boxes), bare)


def _mask(item: Item, own: tuple[int, int], to: tuple[int, int]) -> Marked | None:
    """The mask of an image, resized with it. Raises: DataError where their sizes differ."""
    if item.mask is None:
        return None
    found = item.mask()
    if found.index_HW.shape != own:
        height, width = found.index_HW.shape
        message = f"the mask is {height}x{width}, its image {quote(item.name)} is {own[0]}x{own[1]} (height x width)"
        raise DataError("DATA-TARGET", message, place=item.told)
    return found._replace(index_HW=decode.resized_codes(found.index_HW, *to))


def _told(found: Found, wanted: Wanted, done: list[_Done], rooms: _Rooms, source: str) -> ImageRaw:
    """The images with their labels, masks and boxes."""
    notes, items = found.notes, found.items
    owner = np.repeat(np.arange(len(done)), [len(result.rows) for result in done])
    if found.values and wanted.values is None:
        wanted = replace(wanted, values=True)
    code_N, value_ND, classes = labelled([item.labels for item in items], found.target, wanted, notes, source)
    boxes = [boxes_M5 for result in done for boxes_M5 in result.boxes]
    marks: tuple[int, ...] = ()
    if boxes:
        classes = found.classes or ()
    if rooms.mask_NHW is not None:
        masks = [result.mask for result in done if result.mask is not None]
        if wanted.classes:
            meaning = image_masks.known(wanted.classes, wanted.marks)
        else:
            meaning = image_masks.settle(masks, found, source, wanted.mask)
        classes, marks, count_256 = meaning.classes, meaning.marks, np.zeros(256, np.int64)
        for row, at in enumerate(owner):
            rooms.mask_NHW[row] = meaning.table(masks[at], items[at].told)[rooms.mask_NHW[row]]
            count_256 += np.bincount(rooms.mask_NHW[row].reshape(-1), minlength=256)
        if wanted.classes is None:
            image_masks.refuse_constant(count_256, classes, source)
        if meaning.note:
            notes["masks"] = meaning.note
    return ImageRaw(
        rooms.pixel_NCHW,
        None if code_N is None else code_N[owner],
        None if value_ND is None else value_ND[owner],
        classes,
        found.target,
        (),
        np.array([row for result in done for row in result.rows], np.uint64),
        _fingerprint(done, items),
        (),
        notes=notes,
        source=source,
        mask_NHW=rooms.mask_NHW,
        boxes_NM5=image_boxes.padded(boxes) if boxes else None,
        marks=marks,
        why=found.why,
    )


def _notes(done: list[_Done], sizes: Counter[tuple[int, int]], shape: _Shape, why: str) -> dict[str, str]:
    """What a report says about sizes and conversions, with counts."""
    notes: dict[str, str] = {}
    size = shape.picture
    moved = sizes.total() - sizes[size] if size else 0
    if size and moved:
        only = next(iter(sizes))
        plural = f"{len(sizes):,} sizes" if len(sizes) > 1 else f"{only[0]}x{only[1]}"
        notes["size"] = (
            f"{sizes.total():,} images of {plural} brought to {size[0]}x{size[1]} ({why}): {moved:,} were resized, by "
            "averaging areas where both sides shrink and bilinearly otherwise; proportions are not kept"
        )
        if any(result.mask for result in done):
            notes["size"] += "; masks went with them, each pixel taken from the nearest one"
        if any(result.boxes for result in done):
            notes["size"] += "; boxes were scaled with them"
    elif size:
        notes["size"] = f"{sizes.total():,} images of {size[0]}x{size[1]}: none was resized"
    if shape.tile:
        count, (height, width) = sum(len(result.rows) for result in done), shape.tile
        notes["tiles"] = (
            f"{sizes.total():,} pictures were cut into {count:,} tiles of {height}x{width}; what reaches over an edge "
            "is black, and not judged in masks"
        )
    changes = Counter(change for result in done for change in result.changes)
    if changes:
        notes["converted"] = "; ".join(f"{count:,} images: {what}" for what, count in sorted(changes.items()))
    return notes


def _by_count(sizes: Counter[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
    """Sizes with their counts, most frequent first, then the larger."""
    return sorted(sizes.items(), key=lambda item: (-item[1], -item[0][0] * item[0][1], item[0]))


def _fingerprint(done: Sequence[_Done], items: Iterable[Item]) -> str:
    facts = sorted(
        (result.digest.hex(), item.part or "", *item.labels) for result, item in zip(done, items, strict=True)
    )
    return sha256("\n".join("\x1f".join(fact) for fact in facts).encode()).hexdigest()
