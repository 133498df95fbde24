"""Predicted boxes in COCO's form for results: one entry a box, left, top, width and height in pixels of the picture.

N  images or tiles    K  boxes    a picture is what one file shows
"""

from __future__ import annotations

import json
from typing import Any

import torch

from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Target
from pellucid.findings import Finding

Extent = tuple[int, int]
"""Height and width."""


def written(
    target: Target, raw: ImageRaw, box_NK6: torch.Tensor, size: Extent | None
) -> tuple[dict[str, list[Any]], str, list[Finding]]:
    """(`file`, `count` and `boxes` of each picture; all boxes as a COCO document; what must be said about them).

    `image_id` numbers the pictures from 1 in the order of the input, `category_id` the classes from 1. Boxes are in
    pixels of the picture as it was read, or else, with a finding, of the one that it was brought to. `size` is that of
    the recipe, to which pictures are brought before they are cut into tiles.
    """
    scale = _scale(raw, size)
    down, across = scale or (1.0, 1.0)
    tiles = raw.tiles or tuple((name, 0, 0) for name in raw.names)
    files: list[str] = []
    entries: list[list[dict[str, Any]]] = []
    for (name, y, x), box_K6 in zip(tiles, box_NK6.tolist(), strict=True):
        if not (x or y):  # the first tile of a picture is at its corner
            files.append(name)
            entries.append([])
        for left, top, right, bottom, code, score in box_K6:
            if code >= 0:
                box = [(left + x) * across, (top + y) * down, (right - left) * across, (bottom - top) * down]
                entries[-1].append(
                    {
                        "image_id": len(files),
                        "file_name": name,
                        "category_id": int(code) + 1,
                        "category_name": target.classes[int(code)],
                        "bbox": [round(side, 3) for side in box],
                        "score": round(score, 6),
                    }
                )
    for one in entries:
        one.sort(key=lambda entry: -entry["score"])
    columns = {"file": files, "count": [len(one) for one in entries], "boxes": [_short(one) for one in entries]}
    document = json.dumps([entry for one in entries for entry in one], allow_nan=False) + "\n"
    return columns, document, [] if scale else [_unscaled(raw)]


def _scale(raw: ImageRaw, size: Extent | None) -> tuple[float, float] | None:
    """(down, across): pixels of a picture as read for each pixel of a prepared one; None where they differ."""
    if raw.tiles is not None and size is None:
        return 1.0, 1.0
    if len(raw.sizes) != 1:
        return None
    height, width, _ = raw.sizes[0]
    before = size if raw.tiles is not None and size is not None else raw.pixel_NCHW.shape[2:]
    return height / before[0], width / before[1]


def _short(entries: list[dict[str, Any]]) -> str:
    """The boxes of one picture as JSON, without its name."""
    kept = ("category_name", "bbox", "score")
    return json.dumps([{name: entry[name] for name in kept} for entry in entries])


def _unscaled(raw: ImageRaw) -> Finding:
    height, width = raw.pixel_NCHW.shape[2:]
    message = (
        f"The pictures have several sizes; their boxes are in pixels of the {height}x{width} they were brought to."
    )
    return Finding("box-pixels", "warning", message, evidence={"height": height, "width": width})
