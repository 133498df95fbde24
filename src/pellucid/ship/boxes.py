"""Predicted boxes in COCO's form for results: one entry a box, left, top, width and height in pixels of the picture.

N  images or tiles    K  boxes    a picture is what one file shows
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch

from pellucid.data.image_raw import Extent, ImageRaw
from pellucid.data.signature import Target


def written(
    target: Target, raw: ImageRaw, box_NK6: torch.Tensor, size: Extent | None
) -> tuple[dict[str, list[Any]], str]:
    """(`file`, `count` and `boxes` of each picture; all boxes as a COCO document).

    `image_id` numbers the pictures from 1 in the order of the input, `category_id` the classes from 1. Boxes are in
    pixels of the picture as it was read, and what lies beyond its edges is cut off. `size` is that of the recipe, to
    which pictures are brought before they are cut into tiles.
    """
    tiles = raw.tiles or tuple((name, 0, 0) for name in raw.names)
    files: list[str] = []
    entries: list[list[dict[str, Any]]] = []
    for (name, y, x), extent, box_K6 in zip(tiles, raw.extents, box_NK6, strict=True):
        if not (x or y):  # the first tile of a picture is at its corner
            files.append(name)
            entries.append([])
        brought = raw.pixel_NCHW.shape[2:] if raw.tiles is None else size or extent
        for left, top, right, bottom, code, score in _placed(box_K6, (y, x), brought, extent).tolist():
            entries[-1].append(
                {
                    "image_id": len(files),
                    "file_name": name,
                    "category_id": int(code) + 1,
                    "category_name": target.classes[int(code)],
                    "bbox": [round(side, 3) for side in (left, top, right - left, bottom - top)],
                    "score": round(score, 6),
                }
            )
    for one in entries:
        one.sort(key=lambda entry: -entry["score"])
    columns = {"file": files, "count": [len(one) for one in entries], "boxes": [_short(one) for one in entries]}
    return columns, json.dumps([entry for one in entries for entry in one], allow_nan=False) + "\n"


def _placed(box_K6: torch.Tensor, corner: Extent, brought: Sequence[int], own: Extent) -> torch.Tensor:
    """The boxes that are none of the padding, from a tile at `corner` of a picture brought to a size to its own one."""
    (y, x), (height, width) = corner, own
    across, down = width / brought[1], height / brought[0]
    place_K4 = (box_K6[:, :4] + box_K6.new_tensor([x, y, x, y])) * box_K6.new_tensor([across, down, across, down])
    place_K4 = place_K4.clamp(min=0).minimum(place_K4.new_tensor([width, height, width, height]))
    real_K = (box_K6[:, 4] >= 0) & (place_K4[:, 2:] > place_K4[:, :2]).all(1)
    return torch.cat([place_K4, box_K6[:, 4:]], 1)[real_K]


def _short(entries: list[dict[str, Any]]) -> str:
    """The boxes of one picture as JSON, without its name."""
    kept = ("category_name", "bbox", "score")
    return json.dumps([{name: entry[name] for name in kept} for entry in entries])
