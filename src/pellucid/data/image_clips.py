"""Clips: folders of numbered pictures that follow one another, of which as many are taken from each clip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pellucid.data.image_files import Listed
from pellucid.data.image_raw import Item
from pellucid.errors import DataError, Place, quote

MOST_FRAMES = 16
"""Of a planned clip: `data.frames` overrides it."""


def taken(length: int, frames: int) -> list[int]:
    """The numbers of `frames` pictures, evenly over a clip of `length`."""
    return [(2 * place + 1) * length // (2 * frames) for place in range(frames)]


def choose_frames(items: Sequence[Item], wanted: int | None, source: str) -> tuple[int, str]:
    """Pictures to take from each clip, and what a report says about it (nothing where there are no clips).

    Raises: DataError naming the first clip that has fewer than are asked for.
    """
    lengths = [item.length for item in items]
    frames = wanted or min(MOST_FRAMES, min(lengths))
    short = next((item for item in items if item.length < frames), None)
    if short is not None:
        message = f"clip {quote(short.name)} has {short.length} pictures; {frames} are needed"
        raise DataError("DATA-FOLDER", message, place=Place(source), hint="set data.frames to fewer")
    if max(lengths) == 1:
        return 1, ""
    spread = f"{min(lengths)}" if min(lengths) == max(lengths) else f"{min(lengths)} to {max(lengths)}"
    return frames, f"{len(items):,} clips of {spread} pictures: {frames} are taken evenly from each"


def as_clips(listed: Sequence[Listed], frames: int | None) -> list[Listed]:
    """The pictures of each folder as one clip.

    With `frames` None only where every picture lies in a folder below that of its class, and every such folder holds
    two or more pictures that differ in their number alone; with 1 never.

    Raises: DataError for a clip whose pictures have different labels.
    """
    folders: dict[Path, list[Listed]] = {}
    for item in listed:
        folders.setdefault(item.path.parent, []).append(item)
    if frames == 1 or (frames is None and not all(_is_clip(folder, items) for folder, items in folders.items())):
        return list(listed)
    return [_clip(items) for items in folders.values()]


def _is_clip(folder: Path, items: list[Listed]) -> bool:
    below = len(Path(items[0].name).parent.parts) - (items[0].part is not None)
    stems = [re.fullmatch(r"(.*?)([0-9]+)", item.path.stem) for item in items]
    prefixes = {stem and stem[1] for stem in stems}
    return below > 1 and bool(items[0].labels) and len(items) > 1 and len(prefixes) == 1 and None not in prefixes


def _clip(items: list[Listed]) -> Listed:
    first = items[0]
    strange = next((item for item in items if item.labels != first.labels), None)
    if strange is not None:
        folder, labels = first.path.parent, [", ".join(item.labels) for item in (first, strange)]
        message = (
            f"the pictures of the clip {quote(folder.name)} have the labels {quote(labels[0])} and {quote(labels[1])}"
        )
        raise DataError("DATA-CLASS", message, place=strange.place, hint="data: {frames: 1} takes each picture alone")
    name = Path(first.name).parent.as_posix()
    return replace(first, name=name if name != "." else first.path.parent.name, frames=tuple(i.path for i in items))
