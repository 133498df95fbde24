from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data import image_boxes
from pellucid.data.image import Images
from pellucid.data.splitting import choose_split
from pellucid.errors import DataError, Place, SchemaError


def content(**changes: Any) -> dict[str, Any]:
    """A COCO file of two images: a cat and a dog on the first, nothing on the second."""
    return {
        "images": [
            {"id": 1, "file_name": "a.png", "height": 20, "width": 30},
            {"id": 7, "file_name": "b.png", "height": 20, "width": 30},
        ],
        "categories": [{"id": 3, "name": "dog"}, {"id": 1, "name": "cat"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 3, 10, 5]},
            {"id": 2, "image_id": 1, "category_id": 3, "bbox": [0, 0, 30.4, 20], "iscrowd": 0},
            {"id": 3, "image_id": 7, "category_id": 3, "bbox": [1, 1, 5, 5], "iscrowd": 1},
        ],
        **changes,
    }


def file_of(root: Path, what: object) -> Path:
    file = root / "instances.json"
    file.write_text(what if isinstance(what, str) else json.dumps(what))
    return file


def test_a_coco_file(tmp_path: Path):
    found = image_boxes.coco(file_of(tmp_path, content()))
    assert found.classes == ("cat", "dog") and "1 boxes around crowds" in found.notes["crowds"]
    first, second = found.images
    assert (first.name, first.size) == ("a.png", (20, 30)) and second.boxes == ()
    boxes_M5 = image_boxes.coded(first, found.classes)
    assert boxes_M5.tolist() == [[2, 3, 12, 8, 0], [0, 0, 30.4, 20, 1]]
    assert image_boxes.fitted(boxes_M5, 20, 30, "a.png", Place("x"))[1].tolist() == [0, 0, 30, 20, 1]


BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 3, 10, 5]}
BROKEN = {
    "no valid JSON": "{",
    "a mapping is expected": "[]",
    "no list": {"images": []},
    "category 9": content(annotations=[{**BOX, "category_id": 9}]),
    "image 9": content(annotations=[{**BOX, "image_id": 9}]),
    "no four numbers": content(annotations=[{**BOX, "bbox": [1, 2, 3]}]),
    'no "bbox"|no four numbers': content(annotations=[{"image_id": 1, "category_id": 1}]),
    "one id or one name": content(categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]),
    "two images have one id": content(images=[content()["images"][0]] * 2),
    "no file_name": content(images=[{"id": 1}], annotations=[]),
    'no "id"': content(images=[{"file_name": "a.png"}], annotations=[]),
    "recursion|valid JSON": "[" * 200_000,
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_coco_file_is_refused(tmp_path: Path, reason: str):
    with pytest.raises(DataError, match=reason) as caught:
        image_boxes.coco(file_of(tmp_path, BROKEN[reason]))
    assert "instances.json" in str(caught.value) and caught.value.exit_code == 2


VOC = """<annotation><filename>a.png</filename><size><width>30</width><height>20</height></size>
<object><name>cat</name><bndbox><xmin>3</xmin><ymin>4</ymin><xmax>12</xmax><ymax>8</ymax></bndbox></object>
</annotation>"""


def test_a_voc_file_counts_pixels_from_one(tmp_path: Path):
    (tmp_path / "a.xml").write_text(VOC)
    found = image_boxes.voc(tmp_path / "a.xml")
    assert found.boxes == ((2, 3, 12, 8, "cat"),) and found.size == (20, 30)
    assert image_boxes.classes_of([found]) == ("cat",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE a [<!ENTITY b "bb">]>' + VOC, "document type"),
        (VOC[:-5], "no valid XML"),
        (VOC.replace("12", "twelve"), "no four numbers"),
        (VOC.replace("<name>cat</name>", ""), "no name"),
        (VOC.encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_broken_voc_file_is_refused(tmp_path: Path, text: str | bytes, reason: str):
    (tmp_path / "a.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=reason) as caught:
        image_boxes.voc(tmp_path / "a.xml")
    assert "a.xml" in str(caught.value)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ((5, 5, 5, 9), "no area"),
        ((9, 5, 5, 9), "no area"),
        ((5, 5, 32, 9), "is outside the image of 20x30"),
        ((-1.5, 5, 9, 9), "is outside"),
        ((30.2, 5, 30.8, 9), "is outside"),
        ((5, 5, float("nan"), 9), "is outside"),
    ],
)
def test_a_box_that_does_not_fit_is_refused(box: tuple[float, ...], reason: str):
    with pytest.raises(DataError, match=reason) as caught:
        image_boxes.fitted(np.array([[*box, 0.0]]), 20, 30, "a.png", Place("boxes.json"))
    assert '"a.png"' in str(caught.value) and "boxes.json" in str(caught.value)


def rows(count: int = 8, **changes: Any) -> dict[str, Any]:
    boxes = np.zeros((count, 2, 5))
    boxes[:, 0] = (2, 4, 10, 8, 0)
    boxes[:, 1, 4] = -1
    boxes[1, 1] = (0, 0, 20, 10, 1)
    images = np.random.default_rng(0).integers(0, 256, (count, 10, 20), dtype=np.uint8)
    return {"images": images, "boxes": boxes, "classes": ["cat", "dog"], **changes}


def test_boxes_in_memory_are_scaled_and_padded():
    data = Images(size=(5, 5))
    raw = data.read_rows(rows())
    signature = data.inspect(raw)
    target = signature.target
    assert target is not None and (target.kind, target.classes, target.counts) == ("boxes", ("cat", "dog"), (8, 1))
    assert "boxes were scaled" in signature.notes["size"]
    assert raw.boxes_NM5 is not None and raw.boxes_NM5.dtype == np.float32
    assert raw.boxes_NM5[1].tolist() == [[0.5, 2, 2.5, 4, 0], [0, 0, 5, 5, 1]]
    assert raw.boxes_NM5[0, 1].tolist() == [0, 0, 0, 0, -1]
    dataset = data.load(raw, signature, choose_split(signature)[0], 0).dataset
    assert dataset.train.target is not None and dataset.train.target.shape[1:] == (2, 5)
    assert dataset.train.target.dtype == torch.float32
    listed = data.read_rows(rows(boxes=[item[item[:, 4] >= 0] for item in rows()["boxes"]]))
    assert np.array_equal(listed.boxes_NM5, raw.boxes_NM5) and listed.fingerprint == raw.fingerprint


def test_new_boxes_have_the_classes_of_training():
    data = Images()
    signature = data.inspect(data.read_rows(rows()))
    assert data.read_new(rows()["images"], signature).boxes_NM5 is None
    swapped = rows(classes=["dog", "cat"])
    found = data.read_new(swapped, signature, labelled=True).boxes_NM5
    assert found is not None and found[1, :, 4].tolist() == [1, 0]
    with pytest.raises(SchemaError, match='"cow", which is not known'):
        data.read_new(rows(classes=["cow", "cat"]), signature, labelled=True)
    with pytest.raises(SchemaError, match="no labels"):
        data.read_new(rows()["images"], signature, labelled=True)


def test_boxes_that_resizing_makes_tiny_are_told():
    for size, found in (((10, 20), False), ((5, 10), True)):
        data = Images(size=size)
        boxes = [[[2, 4, 6, 8, 0]]] * 8
        checks = {item.check: item.severity for item in data.inspect(data.read_rows(rows(boxes=boxes))).findings}
        assert (checks.get("small-boxes") == "warning") is found


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"boxes": np.zeros((3, 1, 5))}, "8 images and boxes for 3"),
        ({"boxes": np.zeros((8, 1, 4))}, "not rows of left"),
        ({"boxes": np.zeros((8, 5, 4))}, "not rows of left"),
        ({"boxes": np.full((8, 1, 5), 2.0)}, "class 2; there are 2 classes"),
        ({"boxes": np.full((8, 1, 5), -1.0)}, "no image has a box"),
        ({"box": 1}, "no entry 'box'"),
    ],
)
def test_boxes_in_memory_that_do_not_fit(changes: dict[str, Any], reason: str):
    data = Images()
    with pytest.raises(DataError, match=reason):
        data.inspect(data.read_rows(rows(**changes)))
    with pytest.raises(DataError, match="need 'classes'"):
        data.read_rows({name: value for name, value in rows().items() if name != "classes"})
