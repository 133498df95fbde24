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

from pellucid.data.image_raw import ImageRaw
from pellucid.data.signature import Target
from pellucid.ship.boxes import written

TARGET = Target("boxes", ("boxes",), ("cat", "dog"))
BOXES = torch.tensor(
    [[[1.0, 2, 5, 8, 1, 0.9], [0, 0, 4, 4, 0, 0.25]], [[0, 0, 0, 0, -1, 0], [0, 0, 0, 0, -1, 0]]], dtype=torch.float64
)


def raw(names: tuple[str, ...], sizes: tuple[tuple[int, int, int], ...], **more: Any) -> ImageRaw:
    pixels = np.zeros((len(names), 1, 10, 10), np.uint8)
    made = ImageRaw(pixels, None, None, (), (), names, np.zeros(len(names), np.uint64), "", sizes)
    return ImageRaw(**{**vars(made), **more})


def test_boxes_come_back_in_the_pixels_of_the_pictures():
    columns, document, findings = written(TARGET, raw(("a.jpg", "b.jpg"), ((20, 30, 2),)), BOXES, None)
    first, second = json.loads(document)
    assert first == {"image_id": 1, "file_name": "a.jpg", "category_id": 2, "category_name": "dog",
                     "bbox": [3, 4, 12, 12], "score": 0.9}  # fmt: skip
    assert second["category_id"] == 1 and second["bbox"] == [0, 0, 12, 8] and findings == []
    assert columns["file"] == ["a.jpg", "b.jpg"] and columns["count"] == [2, 0]
    shown = [{"category_name": "dog", "bbox": [3, 4, 12, 12], "score": 0.9}]
    assert json.loads(columns["boxes"][0])[:1] == shown and columns["boxes"][1] == "[]"


def test_pictures_of_several_sizes_are_said_to_be():
    _, document, (finding,) = written(TARGET, raw(("a", "b"), ((20, 30, 1), (9, 9, 1))), BOXES, None)
    assert json.loads(document)[0]["bbox"] == [1, 2, 4, 6]
    assert finding.severity == "warning" and "10x10" in finding.message


@pytest.mark.parametrize(("size", "factor"), [(None, 1), ((15, 10), 2)])
def test_tiles_go_back_to_their_place(size: tuple[int, int] | None, factor: int):
    boxes = torch.tensor([[[1.0, 1, 3, 3, 0, 0.5]], [[2.0, 0, 4, 3, 1, 0.75]], [[0.0, 0, 0, 0, -1, 0]]]).double()
    tiled = raw(("a", "a", "b"), ((30, 20, 2),), tiles=(("a", 0, 0), ("a", 10, 0), ("b", 0, 0)))
    columns, document, findings = written(TARGET, tiled, boxes, size)
    found = json.loads(document)
    assert [entry["bbox"] for entry in found] == [[2 * factor, 10 * factor, 2 * factor, 3 * factor],
                                                  [factor, factor, 2 * factor, 2 * factor]]  # fmt: skip
    assert {entry["image_id"] for entry in found} == {1} and columns["file"] == ["a", "b"] and not findings


def test_cocos_own_code_reads_it(tmp_path: Any):
    _, document, _ = written(TARGET, raw(("a", "b"), ((10, 10, 2),)), BOXES, None)
    (tmp_path / "out.json").write_text(document)
    truth: Any = COCO()
    truth.dataset = {"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1}, {"id": 2}], "annotations": []}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        read = truth.loadRes(str(tmp_path / "out.json"))
    assert len(read.anns) == 2 and read.anns[1]["area"] == 24
