"""Predicted boxes as COCO's results: places in the pictures as they were read, names, numbers and order."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO

from pellucid.data.image import Images
from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Target
from pellucid.ship.boxes import written

TARGET = Target("boxes", ("boxes",), ("cat", "dog"))
BOXES = torch.tensor(
    [[[1.0, 2, 5, 8, 1, 0.9], [0, 0, 4, 4, 0, 0.25]], [[0, 0, 0, 0, -1, 0], [0, 0, 0, 0, -1, 0]]], dtype=torch.float64
)


def raw(names: tuple[str, ...], extents: list[tuple[int, int]], **more: Any) -> ImageRaw:
    pixels, row_N = np.zeros((len(names), 1, 10, 10), np.uint8), np.zeros(len(names), np.uint64)
    return ImageRaw(pixels, None, None, (), (), names, row_N, "", (), extents=tuple(extents), **more)


def places(document: str) -> list[list[float]]:
    return [entry["bbox"] for entry in json.loads(document)]


def test_boxes_come_back_in_the_pixels_of_the_pictures():
    columns, document = written(TARGET, raw(("a.jpg", "b.jpg"), [(20, 30)] * 2), BOXES, None)
    first, second = json.loads(document)
    assert first == {"image_id": 1, "file_name": "a.jpg", "category_id": 2, "category_name": "dog",
                     "bbox": [3, 4, 12, 12], "score": 0.9}  # fmt: skip
    assert second["category_id"] == 1 and second["bbox"] == [0, 0, 12, 8]
    assert columns["file"] == ["a.jpg", "b.jpg"] and columns["count"] == [2, 0]
    shown = [{"category_name": "dog", "bbox": [3, 4, 12, 12], "score": 0.9}]
    assert json.loads(columns["boxes"][0])[:1] == shown and columns["boxes"][1] == "[]"


def test_each_picture_has_a_size_of_its_own():
    boxes = BOXES[:1].expand(2, -1, -1)
    _, document = written(TARGET, raw(("a", "b"), [(20, 30), (5, 10)]), boxes, None)
    assert places(document) == [[3, 4, 12, 12], [0, 0, 12, 8], [1, 1, 4, 3], [0, 0, 4, 2]]


@pytest.mark.parametrize(("size", "factor"), [(None, 1), ((15, 10), 2)])
def test_tiles_go_back_to_their_place(size: tuple[int, int] | None, factor: int):
    boxes = torch.tensor([[[1.0, 1, 3, 3, 0, 0.5]], [[2.0, 0, 4, 3, 1, 0.75]], [[0.0, 0, 4, 4, 1, 0.25]]]).double()
    tiled = raw(("a", "a", "b"), [(30, 20)] * 2 + [(60, 40)], tiles=(("a", 0, 0), ("a", 10, 0), ("b", 0, 0)))
    columns, document = written(TARGET, tiled, boxes, size)
    last = 4 * factor * (1 if size is None else 2)
    assert places(document) == [[2 * factor, 10 * factor, 2 * factor, 3 * factor],
                                [factor, factor, 2 * factor, 2 * factor], [0, 0, last, last]]  # fmt: skip
    assert [entry["image_id"] for entry in json.loads(document)] == [1, 1, 2] and columns["file"] == ["a", "b"]


def test_nothing_lies_beyond_the_picture():
    boxes = torch.tensor([[[6.0, 2, 10, 8, 0, 0.5], [8.5, 0, 10, 10, 1, 0.25]]]).double()
    columns, document = written(TARGET, raw(("a",), [(7, 8)], tiles=(("a", 0, 0),)), boxes, None)
    assert places(document) == [[6, 2, 2, 5]] and columns["count"] == [1], "a tile reaches over the edge"


@pytest.mark.parametrize("fields", [{}, {"tile": (16, 16)}, {"tile": (16, 16), "size": (30, 20)}])
def test_boxes_that_were_read_come_back_as_they_were(fields: dict[str, Any]):
    data = Images(**fields)
    pictures = [np.zeros(extent, np.uint8) for extent in ((41, 41), (50, 23), (16, 16))]
    told = [[[2.0, 3, 7, 9, 1]], [[4.0, 1, 10, 8, 0]], [[1.0, 1, 4, 5, 1]]]
    made = data.read_rows({"images": pictures, "boxes": told, "classes": ["cat", "dog"]})
    assert made.boxes_NM5 is not None
    known = torch.from_numpy(made.boxes_NM5).double()
    _, document = written(TARGET, made, torch.cat([known, torch.ones_like(known[:, :, :1])], 2), data.size)
    expected = [[left, top, right - left, bottom - top] for ((left, top, right, bottom, _),) in told]
    assert np.allclose(places(document), expected, atol=2e-3)


def test_cocos_own_code_reads_it(tmp_path: Any):
    _, document = written(TARGET, raw(("a", "b"), [(10, 10)] * 2), BOXES, None)
    (tmp_path / "out.json").write_text(document)
    truth: Any = COCO()
    truth.dataset = {"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1}, {"id": 2}], "annotations": []}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        read = truth.loadRes(str(tmp_path / "out.json"))
    assert len(read.anns) == 2 and read.anns[1]["area"] == 24
